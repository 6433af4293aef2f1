package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// Errors of [Engine.Send] and [Engine.Cancel], wrapped with what was asked for.
var (
	// ErrQueueFull: as many messages wait for the person as may.
	ErrQueueFull = fmt.Errorf("%d messages wait for this person already", visitor.MaxWaiting)
	// ErrNotSent: nothing is known to have been sent with the key.
	ErrNotSent = errors.New("nothing was sent to this person with this key")
	// ErrShown: what was sent has been shown.
	ErrShown = errors.New("it has been shown")
)

// maxKey bounds the key of a send, and maxRecipient a user id, in bytes.
const (
	maxKey       = 128
	maxRecipient = 256
)

// Send is a transactional message for one person.
type Send struct {
	// Message is the id of the message; its kind must be transactional.
	Message string
	// To is the person: the user id with which the site calls identify, or the trait "email".
	To string
	// Data is what the message's templates read as {{ data.… }}.
	Data map[string]any
	// Key makes a repeat harmless: what is sent to the same person with the same key is sent once. Empty: one is made.
	Key string
}

// Receipt says what became of a send. The same send always has the same receipt.
type Receipt struct {
	// Message is the id of the message, Visitor that of who it waits for: "u:" and a user id.
	Message string `json:"message"`
	Visitor string `json:"visitor"`
	// Key is the key that it was sent with; with it the send can be cancelled.
	Key string `json:"key"`
	// Sent is when it was sent, Until when it stops waiting.
	Sent  time.Time `json:"sent"`
	Until time.Time `json:"until"`
}

// Send lets a transactional message wait for one person. It is durable when Send returns. What is wrong with the send
// itself is an error that wraps [ErrRefused].
func (e *Engine) Send(ctx context.Context, send Send) (Receipt, error) {
	m, err := e.sendable(send.Message)
	if err != nil {
		return Receipt{}, err
	}
	id, err := e.person(ctx, send.To)
	if err != nil {
		return Receipt{}, err
	}
	if send.Key == "" {
		var random [16]byte
		_, _ = rand.Read(random[:]) // it never fails: crypto/rand ends the program rather than return weak bytes
		send.Key = base64.RawURLEncoding.EncodeToString(random[:])
	}
	if len(send.Key) > maxKey {
		return Receipt{}, fmt.Errorf("%w: key has %d bytes; use at most %d", ErrRefused, len(send.Key), maxKey)
	}
	now := e.now()
	change := visitor.Change{
		Kind: visitor.Queued, Message: m.ID, At: now, Until: now.Add(m.Expires), Sent: hash64(send.Key), SentKey: send.Key, Values: send.Data,
		Inbox: m.Inbox != nil,
	}
	outcomes, err := e.store.Apply(ctx, []store.Mutation{{Key: store.Key{Workspace: e.workspace, Visitor: id}, Change: change, Metric: store.MetricStarted}})
	switch {
	case errors.Is(err, visitor.ErrData):
		return Receipt{}, fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return Receipt{}, fmt.Errorf("keeping the message for %s: %w", id, err)
	}
	sent := outcomes[0].Record.SentByID(change.Sent)
	if sent == nil {
		return Receipt{}, fmt.Errorf("%s: %w; it takes more when some have been shown or cancelled", id, ErrQueueFull)
	}
	e.push(id)
	return receiptOf(id, sent), nil
}

func receiptOf(id string, sent *visitor.Sent) Receipt {
	return Receipt{Message: sent.Message, Visitor: id, Key: sent.Key, Sent: sent.At, Until: sent.Until}
}

// Cancel calls a message back that was sent to a person with a key and has not been shown. Where it was called back
// already, it says so once more.
func (e *Engine) Cancel(ctx context.Context, to, key string) (Receipt, error) {
	if key == "" {
		return Receipt{}, fmt.Errorf("%w: key is missing; it is in the receipt of the send", ErrRefused)
	}
	id, err := e.person(ctx, to)
	if err != nil {
		return Receipt{}, err
	}
	change := visitor.Change{Kind: visitor.Cancelled, At: e.now(), Sent: hash64(key)}
	outcomes, err := e.store.Apply(ctx, []store.Mutation{{Key: store.Key{Workspace: e.workspace, Visitor: id}, Change: change}})
	if err != nil {
		return Receipt{}, fmt.Errorf("calling back what was sent to %s: %w", id, err)
	}
	sent := outcomes[0].Record.SentByID(change.Sent)
	switch {
	case sent == nil:
		return Receipt{}, fmt.Errorf("%s, key %q: %w", id, key, ErrNotSent)
	case !sent.Cancelled:
		return Receipt{}, fmt.Errorf("%s, key %q: %w, and cannot be called back", id, key, ErrShown)
	}
	e.push(id)
	return receiptOf(id, sent), nil
}

// sendable is a message that can be sent.
func (e *Engine) sendable(message string) (*workspace.Message, error) {
	snapshot, err := e.enabled()
	if err != nil {
		return nil, err
	}
	m := snapshot.Message(message)
	switch {
	case m == nil:
		return nil, fmt.Errorf("message %q: %w in workspace %s; it has: %s", message, ErrNoMessage, e.workspace, messageIDs(snapshot))
	case m.Kind != workspace.KindTransactional:
		return nil, fmt.Errorf(`%w: message %q is a %s message; set kind = "transactional", or try it with "test"`, ErrRefused, message, m.Kind)
	case slices.Contains([]workspace.Status{workspace.StatusDraft, workspace.StatusArchived}, m.Status):
		return nil, fmt.Errorf(`%w: message %q has status %q; set status = "live", or try it with "test"`, ErrRefused, message, m.Status)
	}
	return m, nil
}

// enabled is the snapshot, where messages are shown at all.
func (e *Engine) enabled() (*workspace.Snapshot, error) {
	snapshot := e.Snapshot()
	switch {
	case snapshot == nil:
		return nil, notLoaded{e.workspace}
	case !snapshot.InApp:
		return nil, fmt.Errorf("workspace %s has in_app = false: %w; set in_app = true in [workspace]", e.workspace, ErrNotEnabled)
	}
	return snapshot, nil
}

// person finds somebody who has identified, or will.
func (e *Engine) person(ctx context.Context, name string) (string, error) {
	name = strings.TrimSpace(name)
	user, named := strings.CutPrefix(name, "u:")
	switch {
	case user == "":
		return "", fmt.Errorf("%w: to is missing; name a person by user id or e-mail address", ErrRefused)
	case strings.HasPrefix(name, "a:"):
		return "", fmt.Errorf("%w: %s is anonymous; a transactional message goes to somebody who identifies", ErrRefused, name)
	case len(user) > maxRecipient:
		return "", fmt.Errorf("%w: to has %d bytes; use at most %d", ErrRefused, len(user), maxRecipient)
	case named || !strings.Contains(name, "@"):
		return "u:" + user, nil
	}
	id := "u:" + name
	known, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: id})
	if err == nil && known == nil {
		id, err = e.store.Find(ctx, e.workspace, "email", name)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("looking for %s: %w", name, err)
	case !strings.HasPrefix(id, "u:"):
		return "", fmt.Errorf("%s: %w; that person must identify first: the page calls identify(\"their user id\", {email: %q})", name, ErrNoRecipient, name)
	}
	return id, nil
}
