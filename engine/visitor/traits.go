package visitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
)

// Bounds of a visitor's traits.
const (
	// MaxTraits is how many traits a visitor may have.
	MaxTraits = 100
	// MaxTraitName is how long a trait's name, or a name inside its value, may be, in bytes.
	MaxTraitName = 128
	// MaxTraitDepth is how deep lists and objects may lie inside each other; a plain value has depth 1.
	MaxTraitDepth = 5
	// MaxTraitsSize is how large all traits together may be, in bytes: names and texts by their length, every value 8
	// bytes more.
	MaxTraitsSize = 16 << 10
)

// Bounds of the properties of an event, and of the traits of a group.
const (
	// MaxProperties is how many properties an event may have.
	MaxProperties = 200
	// MaxPropertyDepth is how deep lists and objects may lie inside each other; a plain value has depth 1.
	MaxPropertyDepth = 8
	// MaxPropertiesSize is how large all properties together may be, in bytes, counted as those of traits.
	MaxPropertiesSize = 32 << 10
)

// ErrTraits is wrapped by the errors of traits that a record cannot hold. Sending the same traits again does not help.
var ErrTraits = errors.New("traits refused")

// CheckTraits says whether traits can be remembered: values as JSON has them, within the bounds above. The error names
// the trait and what to do; it wraps [ErrTraits].
func CheckTraits(traits map[string]any) error { return traitBounds.check(traits) }

// CheckProperties says whether the properties of an event can be kept, as [CheckTraits] does of traits; it wraps [ErrEvent].
func CheckProperties(properties map[string]any) error { return propertyBounds.check(properties) }

// bounds are those of values that a visitor sends.
type bounds struct {
	refused                   error
	who, items                string // who may have them, and what they are
	count, name, depth, bytes int
}

var (
	traitBounds    = bounds{ErrTraits, "a visitor", "traits", MaxTraits, MaxTraitName, MaxTraitDepth, MaxTraitsSize}
	propertyBounds = bounds{ErrEvent, "an event", "properties", MaxProperties, MaxTraitName, MaxPropertyDepth, MaxPropertiesSize}
)

func (b *bounds) check(values map[string]any) error {
	if len(values) > b.count {
		return fmt.Errorf("%w: there are %d %s; %s may have %d: leave out what no message asks for", b.refused, len(values), b.items, b.who, b.count)
	}
	size := 0
	for name, value := range values {
		if name == "" {
			return fmt.Errorf("%w: one of its %s has an empty name; give it one", b.refused, b.items)
		}
		if err := b.checkValue(name, value, b.depth, &size); err != nil {
			return fmt.Errorf("%w: %.40q %w", b.refused, name, err)
		}
	}
	if size > b.bytes {
		return fmt.Errorf("%w: the %s take %d bytes; %s may have %d: shorten texts and lists", b.refused, b.items, size, b.who, b.bytes)
	}
	return nil
}

func (b *bounds) checkValue(name string, value any, depth int, size *int) error {
	if depth == 0 {
		return fmt.Errorf("lies deeper than %d; make the value flatter", b.depth)
	}
	if len(name) > b.name {
		return fmt.Errorf("has a name of %d bytes; use at most %d", len(name), b.name)
	}
	*size += len(name) + 8
	switch value := value.(type) {
	case nil, bool:
	case string:
		*size += len(value)
	case []any:
		for _, item := range value {
			if err := b.checkValue("", item, depth-1, size); err != nil {
				return err
			}
		}
	case map[string]any:
		for inner, item := range value {
			if err := b.checkValue(inner, item, depth-1, size); err != nil {
				return err
			}
		}
	default:
		number, ok := toNumber(value)
		switch {
		case !ok:
			return fmt.Errorf("is a %T; use text, a number, true, false, null, a list or an object", value)
		case math.IsNaN(number) || math.IsInf(number, 0):
			return errors.New("is not a finite number; use one")
		}
	}
	return nil
}

// withTraits is known with traits set over it: those that are null are gone. Neither map is changed, and what is
// returned shares nothing with traits. A value that [CheckTraits] refuses for its type is left out.
func withTraits(known, traits map[string]any) map[string]any {
	all := make(map[string]any, len(known)+len(traits))
	maps.Copy(all, known)
	for name, value := range traits {
		if value == nil {
			delete(all, name)
		} else if value, ok := plain(value); ok {
			all[name] = value
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// plain copies a value into the types that a record holds: every number is a float64, as JSON reads it. It is false for
// a value that JSON cannot have.
func plain(value any) (any, bool) {
	switch value := value.(type) {
	case nil, bool, string:
		return value, true
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			var ok bool
			if list[i], ok = plain(item); !ok {
				return nil, false
			}
		}
		return list, true
	case map[string]any:
		object := make(map[string]any, len(value))
		for name, item := range value {
			var ok bool
			if object[name], ok = plain(item); !ok {
				return nil, false
			}
		}
		return object, true
	}
	return toNumber(value)
}

// toNumber reads any number that a JSON decoder, a CBOR decoder or a test may give.
func toNumber(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case float32:
		return float64(value), true
	case int:
		return float64(value), true
	case int64:
		return float64(value), true
	case uint64:
		return float64(value), true
	case json.Number:
		number, err := value.Float64()
		return number, err == nil
	}
	return 0, false
}
