package engine_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

const empty = "[workspace]\nname = \"Empty\"\n"

func (e *edge) send(to, message string) engine.TestReceipt {
	e.t.Helper()
	receipt, err := e.SendTest(context.Background(), to, message, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	return receipt
}

func TestATestSendShowsTheBuiltInHelloEvenInAnEmptyWorkspace(t *testing.T) {
	e := newEdge(t, empty)
	receipt := e.send("ada", "")
	if receipt.Known || receipt.Visitor != "u:ada" || receipt.Message != workspace.Hello().ID {
		t.Errorf("receipt %+v", receipt)
	}
	answer := e.poll(adaKnown, "https://shop.example.com/", "tab", "view")
	hello := find(t, answer, workspace.Hello().ID)
	if !hello.Test {
		t.Error("the delivery is not marked as a test")
	}
}

func TestATestSendIgnoresStatusScheduleAudienceAndFrequency(t *testing.T) {
	const shoes = "https://shop.example.com/shoes"
	for _, message := range []string{"not-yet", "winter-sale", "newcomers-everywhere", "spring-sale"} {
		t.Run(message, func(t *testing.T) {
			e := newEdge(t, shop+`
[[messages]]
id = "newcomers-everywhere"
display = "banner"
pages = ["*"]
audience = "anonymous"
text = "New here?"
`)
			if message == "spring-sale" {
				d := find(t, e.poll(adaKnown, shoes, "tab", "view"), message)
				e.report(adaKnown, engine.OutcomeOpened, d.ID)
				e.report(adaKnown, engine.OutcomeDismissed, d.ID)
			}
			before := statisticsOf(t, e, message)
			e.send("ada", message)
			d := find(t, e.poll(adaKnown, shoes, "tab", "view-2"), message)
			if !d.Test {
				t.Fatal("the delivery is not marked as a test")
			}
			e.report(adaKnown, engine.OutcomeOpened, d.ID)
			if got := find(t, e.poll(adaKnown, shoes, "tab", "view-2"), message).ID; got != d.ID {
				t.Error("while it is shown, the same page view lost the test")
			}
			e.report(adaKnown, engine.OutcomeClicked, d.ID)
			e.report(adaKnown, engine.OutcomeDismissed, d.ID)
			if got := ids(e.poll(adaKnown, shoes, "tab", "view-3")); slices.Contains(got, message) {
				t.Errorf("after it was shown, the test is still due: %v", got)
			}
			if after := statisticsOf(t, e, message); !reflect.DeepEqual(after, before) {
				t.Errorf("the test was counted: %+v, before %+v", after, before)
			}
		})
	}
}

func TestATestSendKeepsToThePageRules(t *testing.T) {
	e := newEdge(t, shop)
	receipt := e.send("ada", "welcome")
	if !slices.Equal(receipt.Pages, []string{"https://shop.example.com/"}) {
		t.Errorf("the receipt names the pages %q", receipt.Pages)
	}
	if got := e.poll(adaKnown, "https://shop.example.com/shoes", "tab", "view"); slices.ContainsFunc(got.Deliveries, func(d engine.Delivery) bool { return d.Test }) {
		t.Error("it came up on a page that its rules leave out")
	}
	if d := find(t, e.poll(adaKnown, "https://shop.example.com/", "tab", "view"), "welcome"); !d.Test {
		t.Error("on its page it is no test")
	}
}

func TestWhoATestSendReaches(t *testing.T) {
	e := newEdge(t, empty)
	if err := e.Identify(context.Background(), adaKnown, map[string]any{"email": "Ada@Example.com"}); err != nil {
		t.Fatal(err)
	}
	if receipt := e.send("ada@example.com", ""); receipt.Visitor != "u:ada" || !receipt.Known {
		t.Errorf("by e-mail: %+v", receipt)
	}
	if receipt := e.send("ada", ""); receipt.Visitor != "u:ada" || !receipt.Known {
		t.Errorf("by user id: %+v", receipt)
	}
	if receipt := e.send("5Vh5sc8TYQwTY64VhOGNTQ", ""); receipt.Visitor != "a:5Vh5sc8TYQwTY64VhOGNTQ" || receipt.Known {
		t.Errorf("by the cookie of a browser of which nothing is known: %+v", receipt)
	}
	_, err := e.SendTest(context.Background(), "nobody@example.com", "", nil)
	if !errors.Is(err, engine.ErrNoRecipient) || !strings.Contains(err.Error(), "identify") || !strings.Contains(err.Error(), "nobody@example.com") {
		t.Errorf("an unknown e-mail: %v", err)
	}
	if _, err := e.SendTest(context.Background(), " ", "", nil); err == nil {
		t.Error("nobody at all was accepted")
	}
	_, err = e.SendTest(context.Background(), "ada", "no-such-message", nil)
	if !errors.Is(err, engine.ErrNoMessage) || !strings.Contains(err.Error(), "no-such-message") {
		t.Errorf("an unknown message: %v", err)
	}
}

func TestAnUnknownIDWaitsForADay(t *testing.T) {
	grace := visitor.Identity{Anonymous: "browser-of-grace", User: "grace", Level: visitor.LevelIdentified}
	e := newEdge(t, empty)
	if receipt := e.send("grace", ""); receipt.Known || !receipt.Until.Equal(november.Add(engine.TestTime)) {
		t.Errorf("receipt %+v", receipt)
	}
	if receipt := e.send("grace", ""); receipt.Known {
		t.Errorf("a second send takes the first for knowledge: %+v", receipt)
	}
	e.now = november.Add(engine.TestTime - time.Minute)
	if got := e.poll(grace, "https://shop.example.com/", "tab", "view"); len(got.Deliveries) != 1 {
		t.Errorf("within the day: %v", ids(got))
	}
	e.now = november.Add(engine.TestTime + time.Minute)
	if got := e.poll(grace, "https://shop.example.com/", "tab", "view"); len(got.Deliveries) != 0 {
		t.Errorf("after the day: %v", ids(got))
	}
}

func TestATestSendReachesAnAnonymousVisitorByAnAlias(t *testing.T) {
	e := newEdge(t, shop)
	anonymous := visitor.Identity{Anonymous: e.DeriveAnonymous("8c6d1e0a-analytics-id")}
	d := find(t, e.poll(anonymous, "https://shop.example.com/shoes", "tab", "view"), "spring-sale")
	e.report(anonymous, engine.OutcomeOpened, d.ID)
	if receipt := e.send("8c6d1e0a-analytics-id", ""); receipt.Visitor != anonymous.ID() || !receipt.Known {
		t.Fatalf("receipt %+v", receipt)
	}
	find(t, e.poll(anonymous, "https://shop.example.com/shoes", "tab", "view"), workspace.Hello().ID)
}

func TestATestSendShowsTheVariantThatIsAskedFor(t *testing.T) {
	const text = `
[[messages]]
id = "sale"
pages = ["*"]
text = "Sale."
display = "banner"

  [[messages.variants]]
  id = "calm"
  text = "There is a sale."

  [[messages.variants]]
  id = "loud"
  text = "SALE!"
  display = "modal"
`
	e := newEdge(t, text)
	for _, variant := range []string{"calm", "loud", "calm"} {
		receipt, err := e.SendTestOf(t.Context(), "ada", "sale", variant, nil)
		if err != nil || receipt.Variant != variant {
			t.Fatalf("%+v, %v", receipt, err)
		}
		answer := e.poll(adaKnown, "https://shop.example.com/", "tab", "view-of-"+variant)
		at := slices.IndexFunc(answer.Deliveries, func(d engine.Delivery) bool { return d.Test })
		if at < 0 || answer.Deliveries[at].Message.Variant != variant {
			t.Fatalf("of the variant %s: %+v", variant, answer.Deliveries)
		}
		e.report(adaKnown, engine.OutcomeOpened, answer.Deliveries[at].ID)
		again := e.poll(adaKnown, "https://shop.example.com/", "tab", "view-of-"+variant)
		if !slices.ContainsFunc(again.Deliveries, func(d engine.Delivery) bool { return d.ID == answer.Deliveries[at].ID }) {
			t.Errorf("the variant %s did not stay on screen", variant)
		}
		e.report(adaKnown, engine.OutcomeDismissed, answer.Deliveries[at].ID)
	}
	_, err := e.SendTestOf(t.Context(), "ada", "sale", "shrill", nil)
	if want := `message sale has no variant "shrill"; it has: control, calm, loud`; !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	if _, err := e.SendTestOf(t.Context(), "ada", "", "calm", nil); !errors.Is(err, engine.ErrRefused) {
		t.Errorf("a variant of the built-in hello: %v", err)
	}
}
