package engine_test

import (
	"context"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/visitor"
)

const shadows = `
[[messages]]
id = "sale"
status = "shadow"
pages = ["/offers"]
frequency = { lifetime = 2 }
text = "Sale"
`

func TestAMessageInTheShadowIsCountedAndNeverShown(t *testing.T) {
	e := newEdge(t, shadows)
	const offers = "https://shop.example.com/offers"
	shadow := func() int64 { return statisticsOf(t, e, "sale").Shadow }
	for _, step := range []struct {
		page, view string
		want       int64
		why        string
	}{
		{app, "view-1", 0, "on another page"},
		{offers, "view-2", 1, "on its page"},
		{offers, "view-2", 1, "the same page view once more"},
		{offers, "view-3", 2, "another page view"},
		{offers, "view-4", 2, "after its lifetime"},
	} {
		e.shows(ada, step.page, step.view)
		if got := shadow(); got != step.want {
			t.Errorf("%s: %d, want %d", step.why, got, step.want)
		}
	}
	if _, err := e.Poll(context.Background(), engine.PollRequest{Identity: visitor.Identity{Anonymous: "other"}, Tab: "tab", View: "view"}); err != nil {
		t.Fatal(err)
	}
	if got := statisticsOf(t, e, "sale"); got.Shadow != 2 || got.Opened != 0 || got.Deliveries != 0 {
		t.Errorf("counted %+v", got)
	}
	if m := e.because("", offers, "sale"); m.Due || m.Reason != engine.ReasonShadow {
		t.Errorf("explained is %+v", m)
	}
	if m := e.because("a:browser-of-ada", offers, "sale"); m.Reason != engine.ReasonLifetime {
		t.Errorf("after its lifetime explained is %+v", m)
	}
	e.use(strings.Replace(shadows, `"shadow"`, `"live"`, 1))
	e.shows(ada, offers, "view-5", "sale")
}

func TestASentMessageInTheShadowIsUsedUp(t *testing.T) {
	e := newEdge(t, strings.Replace(planner, `kind = "transactional"`, "kind = \"transactional\"\nstatus = \"shadow\"", 1))
	e.sendTo("ada", "order-1001", nil)
	e.shows(adaSigned, app, "view-1")
	e.shows(adaSigned, app, "view-2")
	if got := statisticsOf(t, e, "order-shipped").Shadow; got != 1 {
		t.Errorf("it counts %d times", got)
	}
}
