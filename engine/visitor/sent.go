package visitor

import (
	"errors"
	"slices"
	"time"
)

// Bounds of the messages that are sent to one person.
const (
	// MaxWaiting is how many messages that were sent to a visitor wait to be shown at most; no more are taken then.
	MaxWaiting = 20
	// MaxSent is how many sent messages are remembered, with those that have been shown. The oldest of these makes room.
	MaxSent = 100
	// SentTime is how long the key of a message that does not wait any more is remembered, since it was sent.
	SentTime = 7 * 24 * time.Hour
	// MaxSentData is how large the data of a sent message may be, measured as [MaxTraitsSize] is.
	MaxSentData = 4 << 10
)

// ErrData is wrapped by the errors of data that a sent message cannot have.
var ErrData = errors.New("data refused")

// Sent is a message that was sent to this visitor alone.
type Sent struct {
	// ID stands for Key, which the sender chose. Sending with the same key again changes nothing.
	ID  uint64
	Key string
	// Message is the id of the message.
	Message string
	// At is when it was sent, Until when it stops waiting.
	At, Until time.Time
	// Data is what the message's templates read; nil once it is over.
	Data map[string]any
	// View stands for the page view in which it came on screen; zero while it waits. It stays there until it is closed.
	View uint64
	// Inbox: it lies in the inbox until then, whether it was seen or not.
	Inbox bool
	// Closed: the visitor has closed it. Cancelled: the sender has called it back.
	Closed, Cancelled bool
}

// Waits says whether it may still come on screen.
func (s *Sent) Waits(now time.Time) bool { return s.View == 0 && !s.Over() && now.Before(s.Until) }

// Over says whether it was closed or called back.
func (s *Sent) Over() bool { return s.Closed || s.Cancelled }

// CheckData says whether a sent message can have data: values as JSON has them, within bounds. The error says what to
// do; it wraps [ErrData].
func CheckData(data map[string]any) error {
	return dataBounds.check(data)
}

var dataBounds = bounds{ErrData, "a message", "values", MaxProperties, MaxTraitName, MaxTraitDepth, MaxSentData}

// SentByID is a sent message that is remembered, or nil.
func (r *Record) SentByID(id uint64) *Sent {
	if r == nil {
		return nil
	}
	if at := r.sentAt(id); at >= 0 {
		return &r.Sent[at]
	}
	return nil
}

func (r *Record) sentAt(id uint64) int {
	return slices.IndexFunc(r.Sent, func(s Sent) bool { return s.ID == id })
}

// send lets a message wait. Nothing changes when its key is known, or when too many wait.
func (r *Record) send(c Change) bool {
	if r.sentAt(c.Sent) >= 0 {
		return false
	}
	waiting := 0
	for i := range r.Sent {
		if r.Sent[i].Waits(c.At) && !r.Sent[i].Inbox {
			waiting++
		}
	}
	if waiting >= MaxWaiting && !c.Inbox {
		return false
	}
	var data map[string]any
	if value, ok := plain(c.Values); ok && len(c.Values) > 0 {
		data = value.(map[string]any)
	}
	r.Sent = append(r.Sent, Sent{ID: c.Sent, Key: c.SentKey, Message: c.Message, At: c.At, Until: stamp(c.Until), Data: data, Inbox: c.Inbox})
	r.forgetSent(c.At)
	return true
}

// cancel calls a message back that was not closed yet.
func (r *Record) cancel(c Change) bool {
	at := r.sentAt(c.Sent)
	if at < 0 || r.Sent[at].Over() {
		return false
	}
	r.Sent[at].Cancelled, r.Sent[at].Data = true, nil
	return true
}

// showSent notes what became of a sent message.
func (r *Record) showSent(c Change) {
	at := r.sentAt(c.Sent)
	if at < 0 {
		return
	}
	sent := &r.Sent[at]
	switch {
	case sent.Inbox:
	case c.Kind == Opened && sent.View == 0:
		sent.View = max(c.View, 1)
	case c.Kind == Withheld && sent.View == 0, c.Kind == Dismissed:
		sent.View, sent.Closed, sent.Data = max(c.View, 1), true, nil
	}
}

// forgetSent drops what is over and was sent long ago, then the oldest over the bound that does not wait.
func (r *Record) forgetSent(now time.Time) {
	r.forgetInboxSent()
	r.Sent = slices.DeleteFunc(r.Sent, func(s Sent) bool { return !s.Waits(now) && now.Sub(s.At) >= SentTime })
	for len(r.Sent) > MaxSent {
		r.Sent = slices.Delete(r.Sent, r.oldestSent(now), r.oldestSent(now)+1)
	}
	shown := 0
	for i := len(r.Sent) - 1; i >= 0; i-- {
		if s := &r.Sent[i]; s.View != 0 || !s.Waits(now) {
			// What is on screen needs its data; what was long ago does not.
			if shown++; shown > MaxWaiting || s.View == 0 {
				s.Data = nil
			}
		}
	}
}

func (r *Record) oldestSent(now time.Time) int {
	return max(slices.IndexFunc(r.Sent, func(s Sent) bool { return !s.Waits(now) }), 0)
}

// mergeSent adds what was sent to the other.
func (r *Record) mergeSent(from *Record) {
	for _, other := range from.Sent {
		at := r.sentAt(other.ID)
		if at < 0 {
			r.Sent = append(r.Sent, other)
			continue
		}
		known := &r.Sent[at]
		known.Closed, known.Cancelled = known.Closed || other.Closed, known.Cancelled || other.Cancelled
		if known.View == 0 {
			known.View = other.View
		}
		if known.Over() {
			known.Data = nil
		}
	}
	slices.SortStableFunc(r.Sent, func(a, b Sent) int { return a.At.Compare(b.At) })
	if over := len(r.Sent) - MaxSent; over > 0 {
		r.Sent = slices.Delete(r.Sent, 0, over)
	}
}
