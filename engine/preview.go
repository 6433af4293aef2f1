package engine

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"
	"sync"
	"time"

	"handbill/engine/audience"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// How long a preview is valid: if nothing is said, and at least and at most.
const (
	DefaultPreviewTime  = 30 * time.Minute
	shortestPreviewTime = time.Minute
	longestPreviewTime  = 24 * time.Hour
)

// previewInterval is after how long the client of a preview asks again: soon, for its author may be writing.
const previewInterval = 5 * time.Second

// Preview shows one message, whatever its status, to whoever has its id, and is counted nowhere.
type Preview struct {
	// ID is what the browser names: URL-safe, and not to be guessed.
	ID string `json:"id"`
	// Message is the id of the message.
	Message string `json:"message"`
	// Until is when it ends.
	Until time.Time `json:"until"`
	// Pages are the message's page rules. A preview shows on every page.
	Pages []string `json:"pages,omitempty"`
	// Warning says why there may be nothing to see; empty: nothing speaks against it.
	Warning string `json:"warning,omitempty"`
}

// PreviewPrefix begins the id of every preview.
const PreviewPrefix = "hbp-"

// A preview's id is the prefix and, in base64url, version (1) | until in seconds since 1970 (4) | message id | seal (16).
const (
	previewVersion = 1
	previewHead    = 1 + 4
	previewSeal    = 16
)

// previewView stands for the page views of previews: what is reported of them is neither counted nor refused.
var previewView = hash64("\x00preview")

// Preview lets a message be looked at for a while; zero means DefaultPreviewTime.
func (e *Engine) Preview(message string, valid time.Duration) (Preview, error) {
	snapshot, err := e.enabled()
	if err != nil {
		return Preview{}, err
	}
	m := messageOrHello(snapshot, message)
	if m == nil {
		return Preview{}, fmt.Errorf("message %q: %w in workspace %s; it has: %s", message, ErrNoMessage, e.workspace, messageIDs(snapshot))
	}
	until, err := e.validUntil(valid)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{ID: e.sealer.previewID(m.ID, until), Message: m.ID, Until: until, Pages: m.PageRules}
	s := e.previewing(snapshot, PollRequest{}, p.ID)
	if r := e.render(m, s); r.err != nil {
		p.Warning = fmt.Sprintf("for a visitor of whom nothing is known there is nothing to show: %s; give the values a default", r.err)
	}
	return p, nil
}

// validUntil is the end of a link that is to be valid so long.
func (e *Engine) validUntil(valid time.Duration) (time.Time, error) {
	if valid == 0 {
		valid = DefaultPreviewTime
	}
	if valid < shortestPreviewTime || valid > longestPreviewTime {
		return time.Time{}, fmt.Errorf("%w: a preview cannot be valid for %s; choose from %s to %s", ErrRefused, length(valid), length(shortestPreviewTime), length(longestPreviewTime))
	}
	return e.now().Add(valid).Truncate(time.Second), nil
}

func (s sealer) previewID(message string, until time.Time) string {
	raw := binary.BigEndian.AppendUint32([]byte{previewVersion}, uint32(until.Unix()))
	raw = append(raw, message...)
	return PreviewPrefix + base64.RawURLEncoding.EncodeToString(append(raw, s.linkSeal("preview", raw)...))
}

// linkSeal is what nobody else can make of a link of a kind.
func (s sealer) linkSeal(kind string, raw []byte) []byte {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(kind + "\x00" + s.workspace + "\x00"))
	mac.Write(raw)
	return mac.Sum(nil)[:previewSeal]
}

// OpenPreview says whether an id is that of a preview which was made here, and whether it may still be seen.
func (e *Engine) OpenPreview(id string) (p Preview, made, open bool) {
	encoded, named := strings.CutPrefix(id, PreviewPrefix)
	if !named || len(id) > deliveryLimit {
		return Preview{}, false, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) < previewHead+previewSeal || raw[0] != previewVersion {
		return Preview{}, false, false
	}
	body, seal := raw[:len(raw)-previewSeal], raw[len(raw)-previewSeal:]
	if !hmac.Equal(seal, e.sealer.linkSeal("preview", body)) {
		return Preview{}, false, false
	}
	p = Preview{ID: id, Message: string(body[previewHead:]), Until: time.Unix(int64(binary.BigEndian.Uint32(body[1:])), 0).UTC()}
	return p, true, e.now().Before(p.Until) && !e.previews.ended(id)
}

// PollPreview answers the message of a preview, or nothing where it has ended. Nothing is counted or remembered.
func (e *Engine) PollPreview(request PollRequest, id string) PollAnswer {
	answer := PollAnswer{Next: previewInterval}
	p, _, open := e.OpenPreview(id)
	snapshot := e.Snapshot()
	if !open || snapshot == nil {
		return answer
	}
	m := messageOrHello(snapshot, p.Message)
	if m == nil {
		return answer
	}
	s := e.previewing(snapshot, request, id)
	shown := e.render(m, s)
	if shown.err != nil {
		return answer
	}
	d := e.sealer.seal(0, previewView, m.ID, occasion{variant: s.variant(m).Variant}, true)
	delivery := Delivery{ID: e.sealer.write(d), Message: s.variant(m), Content: shown.content, Text: shown.text, sealed: d, Test: true, Stays: true}
	if m.Inbox != nil {
		answer.Inbox = []InboxMessage{{Delivery: delivery, Arrived: e.now(), Until: p.Until}}
	} else {
		answer.Deliveries = []Delivery{delivery}
	}
	answer.Generation, answer.Unchanged = generation(snapshot, answer.Deliveries, request.Generation)
	return answer
}

// previewing is the situation of a preview: a visitor of whom nothing is known. Each preview has a lot of its own, so that
// another one shows another variant.
func (e *Engine) previewing(snapshot *workspace.Snapshot, request PollRequest, id string) *situation {
	return &situation{
		now: e.now(), identity: visitor.Identity{Anonymous: id}, page: request.Page, snapshot: snapshot, inApp: true, facts: &audience.Facts{},
		languages: request.Languages, browser: request.Browser, zone: request.Zone,
	}
}

// previews are what is held of previews in memory: which have ended, and what was changed in them.
type previews struct {
	mu       sync.Mutex
	sessions map[string]*previewed
}

// previewed is what became of one preview.
type previewed struct {
	until   time.Time
	ended   bool
	changes []byte
}

// mostPreviews is of how many previews something is held; of more, that which ends first makes room.
const mostPreviews = 256

func (p *previews) ended(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.sessions[id]
	return known != nil && known.ended
}

// hold is what is held of a preview, made when there is nothing.
func (p *previews) hold(of Preview) *previewed {
	if known := p.sessions[of.ID]; known != nil {
		return known
	}
	if p.sessions == nil {
		p.sessions = make(map[string]*previewed)
	}
	if len(p.sessions) >= mostPreviews {
		first := ""
		for id, known := range p.sessions {
			if first == "" || known.until.Before(p.sessions[first].until) {
				first = id
			}
		}
		delete(p.sessions, first)
	}
	p.sessions[of.ID] = &previewed{until: of.Until}
	return p.sessions[of.ID]
}

// ChangePreview holds how somebody who looks at a preview wants it to stand, for the next time that it is asked for; false
// where the preview has ended.
func (e *Engine) ChangePreview(id string, changes []byte) bool {
	p, _, open := e.OpenPreview(id)
	if !open {
		return false
	}
	e.previews.mu.Lock()
	defer e.previews.mu.Unlock()
	e.previews.hold(p).changes = changes
	return true
}

// PreviewChanges are what was changed in a preview; nil for nothing.
func (e *Engine) PreviewChanges(id string) []byte {
	e.previews.mu.Lock()
	defer e.previews.mu.Unlock()
	if known := e.previews.sessions[id]; known != nil {
		return known.changes
	}
	return nil
}

// EndPreview ends a preview; false where no such one was made here.
func (e *Engine) EndPreview(id string) bool {
	p, made, _ := e.OpenPreview(id)
	if !made {
		return false
	}
	e.previews.mu.Lock()
	defer e.previews.mu.Unlock()
	known := e.previews.hold(p)
	known.ended, known.changes = true, nil
	return true
}
