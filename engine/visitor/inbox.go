package visitor

import (
	"cmp"
	"errors"
	"slices"
	"time"
)

// Bounds of a visitor's inbox.
const (
	// MaxInbox is of how many messages in the inbox it is remembered what became of them. One of which nothing but its arrival
	// is known makes room first, then the one that came first.
	MaxInbox = 200
	// MaxInboxSent is how many messages that were sent to a visitor lie in the inbox at most; the oldest makes room.
	MaxInboxSent = 50
)

// InboxItem is what became of one message in a visitor's inbox.
type InboxItem struct {
	// Message is the id of the message.
	Message string
	// Of tells apart how often it came: it stands for the key of a send or for the run of a campaign, see [Occasion]; zero for
	// a broadcast, which comes once.
	Of uint64
	// Arrived is when it came into the inbox.
	Arrived time.Time
	// Opened: the visitor has read it. Deleted: they have thrown it away, which is for good.
	Opened, Deleted bool
}

// Occasion is [InboxItem.Of] for a send, or for a run that started at a time.
func Occasion(sent uint64, run time.Time) uint64 {
	switch {
	case sent != 0:
		return sent
	case !run.IsZero():
		return uint64(run.UnixMilli())
	}
	return 0
}

// InInbox is what became of a message in the inbox; nil where nothing is remembered of it.
func (r *Record) InInbox(message string, of uint64) *InboxItem {
	if r == nil {
		return nil
	}
	if at := r.inboxAt(message, of); at >= 0 {
		return &r.Inbox[at]
	}
	return nil
}

func (r *Record) inboxAt(message string, of uint64) int {
	return slices.IndexFunc(r.Inbox, func(item InboxItem) bool { return item.Of == of && item.Message == message })
}

// inbox notes what becomes of a message in the inbox. What was deleted stays so.
func (r *Record) inbox(c Change) bool {
	of := Occasion(c.Sent, c.Run)
	at := r.inboxAt(c.Message, of)
	if at < 0 {
		if c.Kind == InboxUnopened {
			return false
		}
		arrived := stamp(c.Arrived)
		if arrived.IsZero() {
			arrived = c.At
		}
		r.Inbox = append(r.Inbox, InboxItem{Message: c.Message, Of: of, Arrived: arrived})
		at = len(r.Inbox) - 1
	} else if c.Kind == InboxArrived || r.Inbox[at].Deleted {
		return false
	}
	item := &r.Inbox[at]
	was := *item
	switch c.Kind {
	case InboxOpened:
		item.Opened = true
	case InboxUnopened:
		item.Opened = false
	case InboxDeleted:
		item.Deleted = true
		if sent := r.sentAt(c.Sent); sent >= 0 {
			r.Sent[sent].Closed, r.Sent[sent].Data = true, nil
		}
	}
	changed := *item != was || c.Kind == InboxArrived
	r.forgetInbox()
	return changed
}

// forgetInbox drops what is over the bound, and puts the rest in the order in which it came.
func (r *Record) forgetInbox() {
	slices.SortFunc(r.Inbox, func(a, b InboxItem) int {
		return cmp.Or(a.Arrived.Compare(b.Arrived), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Of, b.Of))
	})
	for len(r.Inbox) > MaxInbox {
		oldest := slices.IndexFunc(r.Inbox, func(item InboxItem) bool { return !item.Opened && !item.Deleted })
		oldest = max(oldest, 0)
		r.Inbox = slices.Delete(r.Inbox, oldest, oldest+1)
	}
}

// forgetInboxSent drops the oldest sent messages of the inbox over the bound.
func (r *Record) forgetInboxSent() {
	inbox := 0
	for i := len(r.Sent) - 1; i >= 0; i-- {
		if !r.Sent[i].Inbox {
			continue
		}
		if inbox++; inbox > MaxInboxSent {
			r.Sent = slices.Delete(r.Sent, i, i+1)
		}
	}
}

// mergeInbox adds what became of the other's inbox: what one of them has opened or deleted is opened or deleted.
func (r *Record) mergeInbox(from *Record) {
	for _, other := range from.Inbox {
		known := r.InInbox(other.Message, other.Of)
		if known == nil {
			r.Inbox = append(r.Inbox, other)
			continue
		}
		known.Arrived = earlier(known.Arrived, other.Arrived)
		known.Opened, known.Deleted = known.Opened || other.Opened, known.Deleted || other.Deleted
	}
	r.forgetInbox()
	r.forgetInboxSent()
}

type storedInbox struct {
	Message string `cbor:"1,keyasint"`
	Of      uint64 `cbor:"2,keyasint,omitempty"`
	// Step is how long after the one before it came, in milliseconds; of the first, since 1970.
	Step  int64 `cbor:"3,keyasint,omitempty"`
	State uint8 `cbor:"4,keyasint,omitempty"` // 1 opened, 2 deleted, 3 both
}

const (
	inboxOpened  = 1
	inboxDeleted = 2
)

func storeInbox(items []InboxItem) []storedInbox {
	var all []storedInbox
	before := int64(0)
	for _, item := range items {
		at := milliseconds(item.Arrived)
		stored := storedInbox{Message: item.Message, Of: item.Of, Step: at - before}
		if item.Opened {
			stored.State |= inboxOpened
		}
		if item.Deleted {
			stored.State |= inboxDeleted
		}
		all, before = append(all, stored), at
	}
	return all
}

func restoreInbox(stored []storedInbox) ([]InboxItem, error) {
	if len(stored) > MaxInbox {
		return nil, errors.New("the inbox has too many messages")
	}
	var all []InboxItem
	at := int64(0)
	for i, s := range stored {
		if s.State > inboxOpened|inboxDeleted || i > 0 && s.Step < 0 {
			return nil, errors.New("the inbox is not as it is written")
		}
		at += s.Step
		all = append(all, InboxItem{Message: s.Message, Of: s.Of, Arrived: moment(at), Opened: s.State&inboxOpened != 0, Deleted: s.State&inboxDeleted != 0})
	}
	return all, nil
}
