package visitor

import (
	"fmt"
	"reflect"

	"github.com/fxamacker/cbor/v2"
)

// changeVersion is the version of how changes are written down. They are short-lived: what a newer program wrote is
// written into the store by that one.
const changeVersion = 1

// storedChange is a change that waits on disk until it can be made. Times are in milliseconds since 1970; zero is none.
type storedChange struct {
	Kind            ChangeKind     `cbor:"1,keyasint"`
	At              int64          `cbor:"2,keyasint,omitempty"`
	Message         string         `cbor:"3,keyasint,omitempty"`
	Delivery        uint64         `cbor:"4,keyasint,omitempty"`
	Visit           uint32         `cbor:"5,keyasint,omitempty"`
	IgnoresThrottle bool           `cbor:"6,keyasint,omitempty"`
	Throttles       []string       `cbor:"7,keyasint,omitempty"`
	Test            bool           `cbor:"8,keyasint,omitempty"`
	Until           int64          `cbor:"9,keyasint,omitempty"`
	Again           int64          `cbor:"10,keyasint,omitempty"`
	Run             int64          `cbor:"11,keyasint,omitempty"`
	Sent            uint64         `cbor:"12,keyasint,omitempty"`
	SentKey         string         `cbor:"13,keyasint,omitempty"`
	View            uint64         `cbor:"14,keyasint,omitempty"`
	Segment         string         `cbor:"15,keyasint,omitempty"`
	Enters          bool           `cbor:"16,keyasint,omitempty"`
	Values          map[string]any `cbor:"17,keyasint,omitempty"`
	Level           Level          `cbor:"18,keyasint,omitempty"`
	Traits          map[string]any `cbor:"19,keyasint,omitempty"`
	Page            *storedPage    `cbor:"20,keyasint,omitempty"`
	Event           string         `cbor:"21,keyasint,omitempty"`
	Key             uint32         `cbor:"22,keyasint,omitempty"`
	Group           string         `cbor:"23,keyasint,omitempty"`
	Variant         string         `cbor:"24,keyasint,omitempty"`
	HeldOut         bool           `cbor:"25,keyasint,omitempty"`
	Inbox           bool           `cbor:"26,keyasint,omitempty"`
	Arrived         int64          `cbor:"27,keyasint,omitempty"`
}

// storedPage is the page of a change.
type storedPage struct {
	View     uint32        `cbor:"1,keyasint,omitempty"`
	Number   int           `cbor:"2,keyasint,omitempty"`
	Address  string        `cbor:"3,keyasint,omitempty"`
	Referrer string        `cbor:"4,keyasint,omitempty"`
	Campaign *UTM          `cbor:"5,keyasint,omitempty"`
	Since    int64         `cbor:"6,keyasint,omitempty"`
	Earlier  *storedVisits `cbor:"7,keyasint,omitempty"`
}

// changeDecoding reads changes: the properties of an event may lie deeper than anything in a record.
var changeDecoding = must(cbor.DecOptions{
	DefaultMapType: reflect.TypeFor[map[string]any](),
	UTF8:           cbor.UTF8DecodeInvalid,
	IndefLength:    cbor.IndefLengthForbidden,
	TagsMd:         cbor.TagsForbidden,
}.DecMode())

// EncodeChange writes a change down.
func EncodeChange(c Change) ([]byte, error) {
	stored := storedChange{
		Kind: c.Kind, At: milliseconds(c.At), Message: c.Message, Delivery: c.Delivery, Visit: c.Visit, IgnoresThrottle: c.IgnoresThrottle,
		Throttles: c.Throttles, Test: c.Test, Until: milliseconds(c.Until), Again: milliseconds(c.Again), Run: milliseconds(c.Run),
		Sent: c.Sent, SentKey: c.SentKey, View: c.View, Segment: c.Segment, Enters: c.Enters, Values: c.Values, Level: c.Level,
		Traits: c.Traits, Event: c.Event, Key: c.Key, Group: c.Group, Variant: c.Variant, HeldOut: c.HeldOut, Inbox: c.Inbox,
		Arrived: milliseconds(c.Arrived),
	}
	if p := c.Page; p != nil {
		stored.Page = &storedPage{View: p.View, Number: p.Number, Address: p.Address, Referrer: p.Referrer, Since: milliseconds(p.Since)}
		if p.Campaign != (UTM{}) {
			stored.Page.Campaign = &p.Campaign
		}
		if p.Earlier != nil {
			stored.Page.Earlier = storeVisits(*p.Earlier)
		}
	}
	body, err := encoding.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("encoding a change: %w", err)
	}
	return append([]byte{changeVersion}, body...), nil
}

// DecodeChange reads a change that [EncodeChange] wrote. It fails with [ErrVersion] or [ErrDamaged].
func DecodeChange(data []byte) (Change, error) {
	if len(data) == 0 {
		return Change{}, fmt.Errorf("%w: a change is empty", ErrDamaged)
	}
	if data[0] != changeVersion {
		return Change{}, fmt.Errorf("%w: a change has version %d, and this program knows %d", ErrVersion, data[0], changeVersion)
	}
	var s storedChange
	if err := changeDecoding.Unmarshal(data[1:], &s); err != nil {
		return Change{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	c := Change{
		Kind: s.Kind, At: moment(s.At), Message: s.Message, Delivery: s.Delivery, Visit: s.Visit, IgnoresThrottle: s.IgnoresThrottle,
		Throttles: s.Throttles, Test: s.Test, Until: moment(s.Until), Again: moment(s.Again), Run: moment(s.Run), Sent: s.Sent,
		SentKey: s.SentKey, View: s.View, Segment: s.Segment, Enters: s.Enters, Level: s.Level, Event: s.Event, Key: s.Key,
		Group: s.Group, Variant: s.Variant, HeldOut: s.HeldOut, Inbox: s.Inbox, Arrived: moment(s.Arrived),
	}
	var whole bool
	if c.Values, whole = plainTable(s.Values); whole {
		c.Traits, whole = plainTable(s.Traits)
	}
	if !whole {
		return Change{}, fmt.Errorf("%w: a value of a change is not as JSON has it", ErrDamaged)
	}
	if p := s.Page; p != nil {
		c.Page = &PageView{View: p.View, Number: p.Number, Address: p.Address, Referrer: p.Referrer, Since: moment(p.Since)}
		if p.Campaign != nil {
			c.Page.Campaign = *p.Campaign
		}
		if p.Earlier != nil {
			earlier := p.Earlier.restore()
			c.Page.Earlier = &earlier
		}
	}
	return c, nil
}
