package engine

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"handbill/engine/store"
	"handbill/engine/workspace"
)

// DefaultStreams is how many streams may be open at once.
const DefaultStreams = 5000

const (
	// addressShare is the part of all streams that one address may hold.
	addressShare = 10
	// wakeBatch streams are woken at once when the messages have changed, then wakePause passes: each of them asks what is
	// due now, and thousands at once would be in each other's way.
	wakeBatch = 20
	wakePause = 20 * time.Millisecond
	// pushMemory is of how many pushes it is remembered whom they were for, so that who opens a stream can be told what
	// happened since they last asked.
	pushMemory = 512
)

// Errors of [Engine.Listen].
var (
	ErrNoStreams      = errors.New("streams are not allowed")
	ErrTooManyStreams = errors.New("as many streams are open as may be")
	ErrAddressStreams = errors.New("this address holds as many streams as it may")
)

// Streams says whether and how many streams may be open.
type Streams struct {
	On bool
	// Most is how many may be open at once; zero means DefaultStreams. One address may hold a tenth of them.
	Most int
	// Sites are the sites whose streams may stay open; those of others end. Nil: those of every site may.
	Sites []string
}

// StreamEvent is something that happens to streams, for metrics.
type StreamEvent string

// The events.
const (
	StreamOpened  StreamEvent = "opened"
	StreamClosed  StreamEvent = "closed"
	StreamPushed  StreamEvent = "pushed"  // a browser was told that something is new
	StreamMerged  StreamEvent = "merged"  // the same, while it had not yet been told of the last: one telling is for both
	StreamDropped StreamEvent = "dropped" // a browser did not take what was sent to it in time
	StreamRefused StreamEvent = "refused" // as many streams were open as may be
)

// Stream is a browser that waits to be told that something is new for its visitor. It carries no messages: who is woken
// asks what is due, as in every poll. So nothing is lost when a browser is slow, because one telling stands for all
// that came before it.
type Stream struct {
	hub           *hub
	visitor       uint64
	site, address string
	woken, ended  chan struct{}
}

// Woken receives when something may be new.
func (s *Stream) Woken() <-chan struct{} { return s.woken }

// Ended is closed when the stream must end: it is not allowed any more, or the server ends.
func (s *Stream) Ended() <-chan struct{} { return s.ended }

// Dropped says that the browser did not take what was sent to it.
func (s *Stream) Dropped() { s.hub.recorder.Streamed(StreamDropped) }

// Close ends the stream.
func (s *Stream) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.remove(s)
}

// hub knows the open streams of an engine.
type hub struct {
	recorder Recorder

	mu      sync.Mutex
	rules   Streams
	streams map[uint64][]*Stream // by visitor
	open    int
	holding map[string]int // streams by address
	// waiting are the streams that are still to be woken because the messages have changed.
	waiting []*Stream
	// changed is when the messages last changed, pushes the last pushes to visitors, next the place of the next one.
	changed time.Time
	pushes  [pushMemory]push
	next    int
}

// push is that something became new for a visitor.
type push struct {
	visitor uint64
	at      time.Time
}

func newHub(recorder Recorder) *hub {
	return &hub{recorder: recorder, streams: map[uint64][]*Stream{}, holding: map[string]int{}}
}

// SetStreams changes who may hold a stream open. Those that may not any more end at once.
func (e *Engine) SetStreams(rules Streams) { e.hub.set(rules) }

func (h *hub) set(rules Streams) {
	if rules.Most <= 0 {
		rules.Most = DefaultStreams
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rules = rules
	for _, streams := range h.streams {
		for _, s := range append([]*Stream(nil), streams...) {
			if !rules.allow(s.site) {
				h.remove(s)
				close(s.ended)
			}
		}
	}
}

func (r Streams) allow(site string) bool {
	if !r.On || r.Sites == nil {
		return r.On
	}
	for _, known := range r.Sites {
		if known == site {
			return true
		}
	}
	return false
}

// MayStream says whether another stream of a site may be opened now.
func (e *Engine) MayStream(site string) bool {
	e.hub.mu.Lock()
	defer e.hub.mu.Unlock()
	return e.hub.rules.allow(site) && e.hub.open < e.hub.rules.Most
}

// Listen opens the stream of a visitor on a site; an address is what many streams may come from. It must be closed.
func (e *Engine) Listen(who Listener, site, address string) (*Stream, error) {
	h := e.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case !h.rules.allow(site):
		return nil, ErrNoStreams
	case h.open >= h.rules.Most:
		h.recorder.Streamed(StreamRefused)
		return nil, ErrTooManyStreams
	case h.holding[address] >= max(1, h.rules.Most/addressShare):
		h.recorder.Streamed(StreamRefused)
		return nil, ErrAddressStreams
	}
	s := &Stream{hub: h, visitor: who.visitor, site: site, address: address, woken: make(chan struct{}, 1), ended: make(chan struct{})}
	h.streams[s.visitor] = append(h.streams[s.visitor], s)
	h.holding[address]++
	h.open++
	h.recorder.Streamed(StreamOpened)
	if h.missed(who) {
		h.wake(s)
	}
	return s, nil
}

// missed says whether something may have become new since the listener last asked.
func (h *hub) missed(who Listener) bool {
	if who.asked.IsZero() || !h.changed.Before(who.asked) || !h.pushes[h.next].at.Before(who.asked) {
		return true
	}
	for _, p := range h.pushes {
		if p.visitor == who.visitor && !p.at.Before(who.asked) {
			return true
		}
	}
	return false
}

// remove forgets a stream; it may be forgotten already. h.mu is held.
func (h *hub) remove(s *Stream) {
	streams := h.streams[s.visitor]
	for i, other := range streams {
		if other != s {
			continue
		}
		if len(streams) == 1 {
			delete(h.streams, s.visitor)
		} else {
			streams[i] = streams[len(streams)-1]
			streams[len(streams)-1] = nil
			h.streams[s.visitor] = streams[:len(streams)-1]
		}
		if h.holding[s.address]--; h.holding[s.address] == 0 {
			delete(h.holding, s.address)
		}
		h.open--
		h.recorder.Streamed(StreamClosed)
		return
	}
}

// wake tells a stream. h.mu is held.
func (h *hub) wake(s *Stream) {
	select {
	case s.woken <- struct{}{}:
		h.recorder.Streamed(StreamPushed)
	default:
		h.recorder.Streamed(StreamMerged)
	}
}

// push tells the streams of one visitor at once, on every edge.
func (e *Engine) push(visitorID string) {
	e.pushHere(visitorID)
	if e.announcer != nil {
		e.announcer.Announce(store.Key{Workspace: e.workspace, Visitor: visitorID})
	}
}

// heard is told that another edge has something new for a visitor or has forgotten them, or, with "", that this may have been
// missed.
func (e *Engine) heard(visitorID string, forgotten bool) {
	if visitorID != "" {
		if forgotten {
			e.forgetElsewhere(visitorID)
		}
		e.pushHere(visitorID)
		return
	}
	e.forgetting.look()
	e.hub.mu.Lock()
	defer e.hub.mu.Unlock()
	e.hub.wakeAll(e.now())
}

// pushHere tells the streams of one visitor on this edge.
func (e *Engine) pushHere(visitorID string) {
	h, visitor := e.hub, hash64(visitorID)
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.rules.On {
		return
	}
	h.pushes[h.next] = push{visitor: visitor, at: e.now()}
	h.next = (h.next + 1) % pushMemory
	for _, s := range h.streams[visitor] {
		h.wake(s)
	}
}

// announce tells all streams, a few at a time and in random order, that the messages have changed.
func (e *Engine) announce(before, after *workspace.Snapshot) {
	if before != nil && after != nil && before.Generation == after.Generation {
		return
	}
	e.hub.mu.Lock()
	defer e.hub.mu.Unlock()
	e.hub.wakeAll(e.now())
}

// wakeAll wakes all streams, some after the other. h.mu is held.
func (h *hub) wakeAll(now time.Time) {
	h.changed = now
	underWay := len(h.waiting) > 0
	h.waiting = h.waiting[:0]
	for _, streams := range h.streams {
		h.waiting = append(h.waiting, streams...)
	}
	rand.Shuffle(len(h.waiting), func(i, j int) { h.waiting[i], h.waiting[j] = h.waiting[j], h.waiting[i] })
	if !underWay {
		h.wakeSome()
	}
}

// wakeSome wakes the next streams that wait for it, and later those that wait then. h.mu is held.
func (h *hub) wakeSome() {
	now := h.waiting[:min(wakeBatch, len(h.waiting))]
	for _, s := range now {
		h.wake(s) // one that has ended meanwhile does not mind
	}
	if h.waiting = h.waiting[len(now):]; len(h.waiting) == 0 {
		h.waiting = nil
		return
	}
	time.AfterFunc(wakePause, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.wakeSome()
	})
}
