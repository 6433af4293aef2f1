package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// TestTime is how long a test send waits for its recipient.
const TestTime = 24 * time.Hour

// Errors of [Engine.SendTest], wrapped with what was asked for.
var (
	// ErrNoRecipient: nobody has identified with the e-mail address.
	ErrNoRecipient = errors.New("nobody is known by this e-mail address")
	// ErrNoMessage: the workspace has no message of this id.
	ErrNoMessage = errors.New("there is no such message")
	// ErrNotEnabled: the workspace is not loaded, or has in_app = false.
	ErrNotEnabled = errors.New("in-app messaging is not enabled")
)

// notLoaded is an [ErrNotEnabled] of a workspace that never was good.
type notLoaded struct{ workspace string }

func (e notLoaded) Error() string {
	return fmt.Sprintf("workspace %s has not been loaded yet; GET /handbill/ of the admin API and the log say what to fix", e.workspace)
}

func (notLoaded) Is(target error) bool { return target == ErrNotEnabled }

// TestReceipt says what a test send will do.
type TestReceipt struct {
	// Message is the id of the message that waits.
	Message string `json:"message"`
	// Variant is that which was asked for.
	Variant string `json:"variant,omitempty"`
	// Visitor is the id of the visitor it waits for: "u:" and a user id, or "a:" and an anonymous id.
	Visitor string `json:"visitor"`
	// Known is false when nothing is remembered about the visitor: the message then waits until somebody by that id comes.
	Known bool `json:"known"`
	// Until is when the message stops waiting.
	Until time.Time `json:"until"`
	// Pages are the message's page rules: it shows on a page that fits one of them.
	Pages []string `json:"pages"`
}

// SendTest makes one message wait for one person, whatever its status, audience, schedule and frequency; its page rules
// hold. The showing is not counted. The recipient is an e-mail address (of a visitor who identified with a trait
// "email"), a user id or an anonymous id; an unknown id waits for [TestTime]. An empty message means the built-in hello,
// which every workspace has. The message's templates read data as {{ data.… }} and {{ event.… }}.
func (e *Engine) SendTest(ctx context.Context, recipient, message string, data map[string]any) (TestReceipt, error) {
	return e.SendTestOf(ctx, recipient, message, "", data)
}

// SendTestOf is SendTest of one variant of the message's experiment, whichever the recipient is in; "" is the message as it
// stands.
func (e *Engine) SendTestOf(ctx context.Context, recipient, message, variant string, data map[string]any) (TestReceipt, error) {
	snapshot, err := e.enabled()
	if err != nil {
		return TestReceipt{}, err
	}
	if message == "" {
		message = workspace.Hello().ID
	}
	m := messageOrHello(snapshot, message)
	if m == nil {
		return TestReceipt{}, fmt.Errorf("message %q: %w in workspace %s; it has: %s", message, ErrNoMessage, e.workspace, messageIDs(snapshot))
	}
	if variant != "" && m.InVariant(variant).Variant != variant {
		return TestReceipt{}, fmt.Errorf("%w: message %s has no variant %q; %s", ErrRefused, m.ID, variant, variantIDs(m))
	}
	id, err := e.recipient(ctx, strings.TrimSpace(recipient))
	if err != nil {
		return TestReceipt{}, err
	}
	key := store.Key{Workspace: e.workspace, Visitor: id}
	known, err := e.store.Load(ctx, key)
	if err != nil {
		return TestReceipt{}, fmt.Errorf("reading the record of %s: %w", id, err)
	}
	now := e.now()
	change := visitor.Change{Kind: visitor.TestQueued, Message: m.ID, Variant: variant, At: now, Until: now.Add(TestTime), Values: data}
	switch _, err := e.store.Apply(ctx, []store.Mutation{{Key: key, Change: change}}); {
	case errors.Is(err, visitor.ErrData):
		return TestReceipt{}, fmt.Errorf("%w: %w", ErrRefused, err)
	case err != nil:
		return TestReceipt{}, fmt.Errorf("keeping the test send for %s: %w", id, err)
	}
	e.push(id)
	return TestReceipt{Message: m.ID, Variant: variant, Visitor: id, Known: remembered(known), Until: change.Until, Pages: m.PageRules}, nil
}

// remembered says whether a record holds more than a test send that waits.
func remembered(record *visitor.Record) bool { return record != nil && !record.FirstSeen.IsZero() }

// recipient finds the visitor that an operator named.
func (e *Engine) recipient(ctx context.Context, name string) (string, error) {
	switch {
	case name == "":
		return "", errors.New("a test send needs somebody to send to: an e-mail address, a user id or an anonymous id")
	case strings.HasPrefix(name, "u:"), strings.HasPrefix(name, "a:"):
		return name, nil
	}
	if id, _, found := strings.Cut(name, "."); found && looksIssued(id) {
		name = id // the whole value of the cookie, with what proves when it was issued
	}
	known, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: "u:" + name})
	if err != nil {
		return "", fmt.Errorf("looking for user %s: %w", name, err)
	}
	if known != nil {
		return known.ID, nil
	}
	if strings.Contains(name, "@") {
		id, err := e.store.Find(ctx, e.workspace, "email", name)
		if err != nil {
			return "", fmt.Errorf("looking for the e-mail address %s: %w", name, err)
		}
		if id == "" {
			return "", fmt.Errorf("%s: %w; that person must identify first: the page calls identify(\"their user id\", {email: %q})", name, ErrNoRecipient, name)
		}
		return id, nil
	}
	for _, anonymous := range []string{name, e.sealer.derive(name)} {
		known, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: "a:" + anonymous})
		if err != nil {
			return "", fmt.Errorf("looking for anonymous visitor %s: %w", name, err)
		}
		if known != nil {
			return known.ID, nil
		}
	}
	if looksIssued(name) {
		return "a:" + name, nil
	}
	return "u:" + name, nil
}

// looksIssued says whether a name has the form of the anonymous ids that an edge issues: 128 bits in base64url.
func looksIssued(name string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(name)
	return err == nil && len(raw) == 16
}

// tests are the test sends that wait for the visitor on this page, or are being shown in this page view.
func (e *Engine) tests(snapshot *workspace.Snapshot, s *situation) []Delivery {
	if s.record == nil {
		return nil
	}
	var due []Delivery
	for _, test := range s.record.Tests {
		m := messageOrHello(snapshot, test.Message)
		if m == nil || m.Inbox != nil || !s.now.Before(test.Until) || askPage(e, m, s) != ReasonNone {
			continue
		}
		m = m.InVariant(test.Variant)
		of := occasion{variant: m.Variant}
		if s.form(m) == shownUntilClosed {
			of.form = shownUntilClosed
		}
		d := e.sealer.seal(s.marks().visitor(), s.marks().view, m.ID, of, true)
		if test.Shown == 0 || test.Shown == d.key {
			due = append(due, Delivery{sealed: d, Message: m, Test: true, onScreen: test.Shown != 0})
		}
	}
	return due
}

func messageOrHello(snapshot *workspace.Snapshot, id string) *workspace.Message {
	if m := snapshot.Message(id); m != nil {
		return m
	}
	if hello := workspace.Hello(); hello.ID == id {
		return hello
	}
	return nil
}

// variantIDs says which variants a message has.
func variantIDs(m *workspace.Message) string {
	if len(m.Variants) == 0 {
		return "it has none; leave the variant out"
	}
	var ids []string
	for _, v := range m.Variants {
		ids = append(ids, v.Message.Variant)
	}
	return "it has: " + strings.Join(ids, ", ")
}

func messageIDs(snapshot *workspace.Snapshot) string {
	if len(snapshot.Messages) == 0 {
		return "no messages; leave MESSAGE out to send the built-in hello"
	}
	const most = 20
	var ids []string
	for i, m := range snapshot.Messages {
		if i == most {
			ids = append(ids, fmt.Sprintf("and %d more", len(snapshot.Messages)-most))
			break
		}
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, ", ")
}
