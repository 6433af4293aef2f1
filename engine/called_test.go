package engine_test

import (
	"context"
	"maps"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

// A site's own code may call for each of these: see the reasons below.
const callable = `
[workspace]
name = "Shop"
site_id = "shop"
write_key = "shop-web"
throttle = { per_day = 1 }

[[messages]]
id = "sale"
pages = ["*"]
text = "Everything must go."
buttons = [{ text = "Fine", action = "dismiss" }]

[[messages]]
id = "whats-new"
display = "modal"
pages = ["/app/*"]
frequency = "once"
when = { idle = "1m" }
text = "Dark mode is here."

[[messages]]
id = "for-members"
display = "modal"
audience = "identified"
pages = ["*"]
text = "Members first."

[[messages]]
id = "unfinished"
status = "draft"
pages = ["*"]
text = "Soon."

[[messages]]
id = "spared"
display = "toast"
pages = ["*"]
holdout = 99
text = "Not for the control group."
`

func TestTheSiteCallsForAMessageWhateverItsFrequency(t *testing.T) {
	e := newEdge(t, callable)
	who := visitor.Identity{Anonymous: "browser-of-bob"}
	call := func(tab, address string, calls ...string) engine.PollAnswer {
		t.Helper()
		show := map[string]string{}
		for _, id := range calls {
			show[id] = ""
		}
		answer, err := e.Poll(context.Background(), engine.PollRequest{
			Identity: who, Page: page(t, address, ""), Tab: tab, View: "view of " + tab, Show: show, Slots: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	const app, home = "https://shop.example.com/app/orders", "https://shop.example.com/"
	first := call("tab", home)
	if got := strings.Join(ids(first), " "); got != "sale" {
		t.Fatalf("due is %q", got)
	}
	e.report(who, engine.OutcomeOpened, first.Deliveries[0].ID)
	for _, c := range []struct {
		name, tab, address, id string
		reason                 engine.Reason // empty: it is handed out
	}{
		{"what waits for idleness, though the day's one message was seen", "tab", app, "whats-new", ""},
		{"another tab has it", "other", app, "whats-new", engine.ReasonElsewhere},
		{"another page", "tab", home, "whats-new", engine.ReasonPage},
		{"another audience", "tab", app, "for-members", engine.ReasonAudience},
		{"a draft", "tab", app, "unfinished", engine.ReasonNotLive},
		{"no message at all", "tab", app, "nothing", engine.ReasonNotLive},
		{"the control group", "tab", app, "spared", engine.ReasonHeldOut},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer := call(c.tab, c.address, c.id)
			want := map[string]engine.Reason{c.id: c.reason}
			if c.reason == "" {
				want = nil
			}
			if !maps.Equal(answer.Refused, want) || strings.Contains(strings.Join(ids(answer), " "), c.id) != (c.reason == "") {
				t.Errorf("%q is refused, %q handed out; want %q", answer.Refused, ids(answer), want)
			}
		})
	}
	// Once is enough for a message that comes by itself, and not for one that is called for.
	shown := call("tab", app, "whats-new")
	e.report(who, engine.OutcomeOpened, shown.Deliveries[0].ID)
	e.report(who, engine.OutcomeDismissed, shown.Deliveries[0].ID)
	e.now = e.now.Add(24 * time.Hour)
	if got := strings.Join(ids(call("next", app, "whats-new")), " "); !strings.HasPrefix(got, "whats-new") {
		t.Errorf("a day later %q is handed out", got)
	}
	if got := strings.Join(ids(call("next", app)), " "); strings.Contains(got, "whats-new") {
		t.Errorf("without a call %q is handed out", got)
	}
}
