package engine

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"handbill/engine/audience"
	"handbill/engine/visitor"
)

// DebugPrefix begins what names a debug link.
const DebugPrefix = "hbd-"

// A debug link's id is the prefix and, in base64url, version (1) | until in seconds since 1970 (4) | seal (16).
const debugVersion = 1

// The bounds of what is answered to a debug link: messages, and the time to look at them.
const (
	mostExplained = 1000
	debugTime     = 2 * time.Second
)

// DebugLink lets whoever has its id see, for a while, why each message shows to them, or does not; zero means
// DefaultPreviewTime.
func (e *Engine) DebugLink(valid time.Duration) (Preview, error) {
	until, err := e.validUntil(valid)
	if err != nil {
		return Preview{}, err
	}
	raw := binary.BigEndian.AppendUint32([]byte{debugVersion}, uint32(until.Unix()))
	return Preview{ID: DebugPrefix + base64.RawURLEncoding.EncodeToString(append(raw, e.sealer.linkSeal("debug", raw)...)), Until: until}, nil
}

// OpenDebugLink says until when a debug link may be used; false where it was not made here or has ended.
func (e *Engine) OpenDebugLink(id string) (until time.Time, open bool) {
	encoded, named := strings.CutPrefix(id, DebugPrefix)
	if !named || len(id) > deliveryLimit {
		return time.Time{}, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) != previewHead+previewSeal || raw[0] != debugVersion {
		return time.Time{}, false
	}
	body, seal := raw[:previewHead], raw[previewHead:]
	if !hmac.Equal(seal, e.sealer.linkSeal("debug", body)) {
		return time.Time{}, false
	}
	until = time.Unix(int64(binary.BigEndian.Uint32(body[1:])), 0).UTC()
	return until, e.now().Before(until)
}

// ExplainPoll says for a browser what [Engine.Explain] says for an operator: why each message is due to it, or not, with what
// is on its screen. What is known of a person is not told to a browser that only claims to be them.
func (e *Engine) ExplainPoll(ctx context.Context, request PollRequest) (Explanation, error) {
	snapshot := e.Snapshot()
	if snapshot == nil {
		return Explanation{}, notLoaded{e.workspace}
	}
	if request.Page == nil {
		return Explanation{}, errors.New("explain needs the page's URL")
	}
	ctx, cancel := e.patient(ctx)
	defer cancel()
	key, record, err := e.load(ctx, request.Identity)
	if err != nil {
		return Explanation{}, fmt.Errorf("reading the visitor's record: %w", err)
	}
	load, named := hash64(request.View), namedVisit(request.Visit)
	s := &situation{
		now: e.now(), identity: request.Identity, id: key.Visitor, record: record, page: request.Page, view: request.View,
		visit: cmp.Or(named, visitNumber("", load)), inApp: snapshot.InApp, zone: request.Zone, throttles: throttlings(snapshot, nil),
		fired: request.Fired, oneEach: request.Slots, languages: request.Languages, browser: request.Browser, snapshot: snapshot,
		facts: &audience.Facts{}, embeds: request.Embeds,
	}
	if record == nil {
		s.arrival = e.arrivals.of(key.Visitor)
	}
	s.visitNow(visitor.PageView{View: uint32(load), Number: request.Number, Address: request.Page.URL, Referrer: request.Browser.Referrer})
	if len(request.Show) > 0 {
		s.wanted, s.called = e.wantedBy(snapshot, request)
	}
	e.keepSlots(snapshot.Messages, snapshot.Candidates(s.page, nil), s)
	explanation := e.explainAll(s, mostExplained, time.Now().Add(debugTime))
	for i := range explanation.Messages { // where the files lie is the operator's business
		explanation.Messages[i].Position = filepath.Base(explanation.Messages[i].Position)
	}
	if refused := explanation.Refused; refused != nil && refused.Visitor != "a:"+request.Identity.Anonymous {
		explanation.Refused = nil
	}
	if request.Identity.User != "" && !request.Identity.MayReadWhatIsPersonal() {
		explanation.hidePersonal()
	}
	return explanation, nil
}

// personalChecks are those whose words tell what is known of a person.
var personalChecks = map[string]bool{
	"kind": true, "audience": true, "where": true, "exclusive": true, "frequency": true, "throttle": true, "content": true,
}

// hidePersonal takes out what checks saw of the person; whether each passed stays.
func (x *Explanation) hidePersonal() {
	for i := range x.Messages {
		for j := range x.Messages[i].Checks {
			if check := &x.Messages[i].Checks[j]; personalChecks[check.Name] {
				check.Saw, check.Help = "not told: the visitor's user id is not verified", ""
			}
		}
	}
}
