package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

func (e *edge) sendTo(to, key string, data map[string]any) engine.Receipt {
	e.t.Helper()
	receipt, err := e.Send(context.Background(), engine.Send{Message: "order-shipped", To: to, Key: key, Data: data})
	if err != nil {
		e.t.Fatal(err)
	}
	return receipt
}

func TestATransactionalMessageIsShownOnceToItsPerson(t *testing.T) {
	e := newEdge(t, planner)
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "it has not been sent to this visitor")
	receipt := e.sendTo("ada", "order-1001", map[string]any{"order": "**1001**", "city": "<Ulm>"})
	want := engine.Receipt{Message: "order-shipped", Visitor: "u:ada", Key: "order-1001", Sent: november, Until: november.Add(7 * 24 * time.Hour)}
	if receipt != want {
		t.Errorf("receipt %+v", receipt)
	}
	e.shows(ada, app, "view-1")
	e.shows(visitor.Identity{User: "grace", Level: visitor.LevelVerified}, app, "view-1")
	e.shows(adaKnown, app, "view-1")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNeedsVerified, "the visitor's user id is not verified")
	d := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]
	if html := d.Content.HTML(); !strings.Contains(html, "Order **1001** is on its way to &lt;Ulm&gt;") {
		t.Errorf("it shows %s", html)
	}
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	if again := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]; again.ID != d.ID {
		t.Error("while it is on screen, the page view gets another delivery")
	}
	e.shows(adaSigned, app, "view-3")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, `sent at 2026-11-23T12:00:00Z with the key "order-1001", and shown`)
	if got := statisticsOf(t, e, "order-shipped"); got.Started != 1 || got.Opened != 1 || got.Deliveries != 1 {
		t.Errorf("counted %+v", got)
	}
}

func TestWithoutProofATransactionalMessageIsShownWhereThatWasSaid(t *testing.T) {
	e := newEdge(t, planner)
	e.sendTo("ada", "", map[string]any{"order": "1001"})
	explanation, err := e.Explain(context.Background(), engine.ExplainRequest{Page: page(t, app, ""), Visitor: "ada", Believed: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range explanation.Messages {
		if m.Message == "order-shipped" && !m.Due {
			t.Errorf("explain asks for more: %+v", m)
		}
	}
	believed := adaKnown
	believed.Believed = true
	e.shows(believed, app, "view", "order-shipped")
}

func TestTheSameKeyHasTheSameReceiptAndIsSentOnce(t *testing.T) {
	e := newEdge(t, planner)
	first := e.sendTo("ada", "order-1001", map[string]any{"order": "1001"})
	e.now = e.now.Add(time.Minute)
	if second := e.sendTo("ada", "order-1001", map[string]any{"order": "1002"}); second != first {
		t.Errorf("the second receipt is %+v, the first %+v", second, first)
	}
	d := e.shows(adaSigned, app, "view-1", "order-shipped").Deliveries[0]
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	if third := e.sendTo("ada", "order-1001", nil); third != first {
		t.Errorf("the receipt after it was shown is %+v", third)
	}
	e.shows(adaSigned, app, "view-1")
	if keyless := e.sendTo("ada", "", nil); keyless.Key == "" || keyless.Key == e.sendTo("ada", "", nil).Key {
		t.Errorf("without a key the receipt has %q", keyless.Key)
	}
}

func TestSeveralSendsOfAMessageAreShownOneAfterTheOther(t *testing.T) {
	e := newEdge(t, planner)
	for _, order := range []string{"1001", "1002"} {
		e.sendTo("ada", order, map[string]any{"order": order})
	}
	occasions := map[string]bool{"": true}
	for _, order := range []string{"1001", "1002"} {
		d := e.shows(adaSigned, app, "view", "order-shipped").Deliveries[0]
		if occasions[d.Occasion()] {
			t.Errorf("the send of %s cannot be told from the one before: its occasion is %q", order, d.Occasion())
		}
		occasions[d.Occasion()] = true
		if html := d.Content.HTML(); !strings.Contains(html, order) {
			t.Errorf("instead of %s it shows %s", order, html)
		}
		e.report(adaSigned, engine.OutcomeOpened, d.ID)
		e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	}
	e.shows(adaSigned, app, "view")
}

func TestWhatWasSentCanBeCalledBackUntilItIsShown(t *testing.T) {
	e := newEdge(t, planner)
	sent := e.sendTo("ada", "order-1001", nil)
	e.shows(adaSigned, app, "view-1", "order-shipped")
	for range 2 {
		if receipt, err := e.Cancel(context.Background(), "ada", "order-1001"); err != nil || receipt != sent {
			t.Errorf("receipt %+v, error %v", receipt, err)
		}
	}
	e.shows(adaSigned, app, "view-1")
	e.expectReason("ada", app, "order-shipped", engine.ReasonNotTriggered, "and cancelled")
	if _, err := e.Cancel(context.Background(), "ada", "order-1003"); !errors.Is(err, engine.ErrNotSent) {
		t.Errorf("an unknown key: %v", err)
	}
	e.sendTo("ada", "order-1002", nil)
	d := e.shows(adaSigned, app, "view-2", "order-shipped").Deliveries[0]
	e.report(adaSigned, engine.OutcomeOpened, d.ID)
	e.report(adaSigned, engine.OutcomeDismissed, d.ID)
	if _, err := e.Cancel(context.Background(), "ada", "order-1002"); !errors.Is(err, engine.ErrShown) {
		t.Errorf("one that was shown: %v", err)
	}
}

func TestASentMessageThatIsNotSeenExpires(t *testing.T) {
	e := newEdge(t, planner)
	e.sendTo("ada", "order-1001", nil)
	e.now = e.now.Add(7 * 24 * time.Hour)
	e.shows(adaSigned, app, "view")
	e.expectReason("ada", app, "order-shipped", engine.ReasonExpired, "it was not seen until 2026-11-30T12:00:00Z")
}

func TestWhatCannotBeSentSaysWhy(t *testing.T) {
	e := newEdge(t, planner+"\n[[messages]]\nid = \"draft\"\nkind = \"transactional\"\nstatus = \"draft\"\npages = [\"*\"]\ntext = \"Soon.\"\n")
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"email": "ada@example.com"}); err != nil {
		t.Fatal(err)
	}
	if receipt := e.sendTo(" Ada@Example.com", "by-mail", nil); receipt.Visitor != "u:ada" {
		t.Errorf("by e-mail address: %+v", receipt)
	}
	for name, c := range map[string]struct {
		send engine.Send
		is   error
		says string
	}{
		"no such message":        {engine.Send{Message: "order-sent", To: "ada"}, engine.ErrNoMessage, "order-shipped"},
		"a campaign":             {engine.Send{Message: "welcome", To: "ada"}, engine.ErrRefused, `set kind = "transactional"`},
		"a draft":                {engine.Send{Message: "draft", To: "ada"}, engine.ErrRefused, `set status = "live"`},
		"nobody":                 {engine.Send{Message: "order-shipped", To: " "}, engine.ErrRefused, "name a person"},
		"somebody anonymous":     {engine.Send{Message: "order-shipped", To: "a:browser"}, engine.ErrRefused, "is anonymous"},
		"an unknown address":     {engine.Send{Message: "order-shipped", To: "grace@example.com"}, engine.ErrNoRecipient, "identify"},
		"a very long user id":    {engine.Send{Message: "order-shipped", To: strings.Repeat("x", 300)}, engine.ErrRefused, "at most 256"},
		"a very long key":        {engine.Send{Message: "order-shipped", To: "ada", Key: strings.Repeat("x", 200)}, engine.ErrRefused, "at most 128"},
		"too much data":          {engine.Send{Message: "order-shipped", To: "ada", Data: map[string]any{"a": strings.Repeat("x", 5000)}}, engine.ErrRefused, "the values take"},
		"data that is no object": {engine.Send{Message: "order-shipped", To: "ada", Data: map[string]any{"": 1}}, engine.ErrRefused, "empty name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.Send(context.Background(), c.send)
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
		})
	}
	for i := range visitor.MaxWaiting {
		e.sendTo("grace", fmt.Sprint(i), nil)
	}
	if _, err := e.Send(context.Background(), engine.Send{Message: "order-shipped", To: "grace"}); !errors.Is(err, engine.ErrQueueFull) {
		t.Errorf("one too many: %v", err)
	}
}

func TestATestSendShowsKindsWithSampleData(t *testing.T) {
	e := newEdge(t, planner)
	for message, want := range map[string]string{"welcome": "to the team plan", "order-shipped": "Order 1001"} {
		if _, err := e.SendTest(context.Background(), "ada", message, map[string]any{"plan": "team", "order": "1001"}); err != nil {
			t.Fatal(err)
		}
		d := find(t, e.poll(adaKnown, app, "tab", "view"), message)
		if html := d.Content.HTML(); !d.Test || !strings.Contains(html, want) {
			t.Errorf("%s shows %s", message, html)
		}
	}
	if _, err := e.SendTest(context.Background(), "ada", "welcome", map[string]any{"": 1}); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("data that cannot be: %v", err)
	}
}
