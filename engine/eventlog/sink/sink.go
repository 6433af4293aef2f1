// Package sink hands over what is in the event log: to a file, a webhook, a customer data platform, a Redis stream.
//
// A [Runner] follows the log for one sink, from a cursor of its own that lies beside the log. It hands events over in the
// order of the log, batch after batch, and moves the cursor when the other side has a batch: each event arrives at least
// once, and those of a visitor in their order. While the other side is down it tries again, ever more slowly, and the log
// keeps what waits. Nobody who appends to the log waits for a sink, and a sink holds no more than a batch in memory.
//
// What the other side does not want, however often it is asked, goes to a file of dead letters, from where it can be
// replayed.
package sink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handbill/engine/eventlog"
)

// Record is a report or an event as sinks hand it over. The names of its JSON stay.
type Record struct {
	// Key is the event's own, on all edges, however often it is handed over.
	Key string `json:"key"`
	// ID is the one that its sender gave it; it may be missing.
	ID string `json:"id,omitempty"`
	// Type is "report", or the kind of the analytics call.
	Type      string `json:"type"`
	Workspace string `json:"workspace"`
	// UserID or AnonymousID say whose event it is.
	UserID      string `json:"userId,omitempty"`
	AnonymousID string `json:"anonymousId,omitempty"`
	// Message and Delivery are what a report is about.
	Message  string `json:"message,omitempty"`
	Delivery string `json:"delivery,omitempty"`
	// Name is what a report says happened, the event's name, the page's, the group's id, or the previous id of an alias.
	Name       string         `json:"name,omitempty"`
	Value      string         `json:"value,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	// At is when it happened.
	At time.Time `json:"at"`
}

// Types are the kinds of events that a log has.
var Types = []string{"report", "track", "identify", "page", "screen", "group", "alias"}

// recordOf is an event of the log with an id.
func recordOf(log string, kept eventlog.Kept) Record {
	e := kept.Event
	r := Record{
		Key: fmt.Sprintf("%s-%d-%d", log, kept.Start.Segment, kept.Start.Offset), ID: e.ID, Type: e.Type, Workspace: e.Workspace,
		Message: e.Message, Delivery: e.Delivery, Name: e.Name, Value: e.Value, Properties: e.Properties, At: e.At,
	}
	if user, isUser := strings.CutPrefix(e.Visitor, "u:"); isUser {
		r.UserID = user
	} else {
		r.AnonymousID = strings.TrimPrefix(e.Visitor, "a:")
	}
	return r
}

// encode writes a value as one line of JSON, without the line's end. Text is kept as people read it.
func encode(value any) ([]byte, error) {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), nil
}

// Item is a record and how a target takes it.
type Item struct {
	Record  Record
	Encoded []byte
}

// Batch is what is handed over at once.
type Batch struct {
	// ID is the same each time that this batch is tried.
	ID string
	// Made is when it was put together.
	Made  time.Time
	Items []Item
}

// Bounds are how large a batch may be, and how long it is gathered.
type Bounds struct {
	Events int
	// Bytes bound the encoded items together; one that is larger is handed over alone. Item bounds one; 0 means no bound.
	Bytes, Item int
	// Wait is how long a batch that is not full is gathered.
	Wait time.Duration
}

// Target is where a sink leads to. One goroutine uses it.
type Target interface {
	// String names the place, without secrets.
	String() string
	Bounds() Bounds
	// Encode writes a record as the target takes it.
	Encode(Record) ([]byte, error)
	// Send hands a batch over. When it returns nil, the other side has all of it and keeps it. An error that wraps a
	// [Refusal] says that the other side does not want it; after any other the batch is tried again until it is taken.
	Send(context.Context, Batch) error
	Close() error
}

// Refusal is the error of a target whose other side has read a batch and does not want it.
type Refusal struct {
	Reason string
	// Content is true where an event of the batch may be to blame, so that the others are tried without it.
	Content bool
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// Later is the error of a target whose other side says how long it wants to be left alone.
type Later struct {
	Err   error
	After time.Duration
}

// Error is that of the error inside.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap is the error inside.
func (l *Later) Unwrap() error { return l.Err }

// CheckTypes says which kind of events does not exist.
func CheckTypes(types []string) error {
	for _, kind := range types {
		if !slices.Contains(Types, kind) {
			return fmt.Errorf("events cannot be %q; allowed: %s", kind, strings.Join(Types, ", "))
		}
	}
	return nil
}

// errTooLarge is why an event is dead without having been sent.
var errTooLarge = errors.New("the event is larger than the other side takes")
