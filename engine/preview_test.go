package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// sketches is a workspace whose author is writing.
const sketches = `
[[messages]]
id = "offer"
status = "draft"
pages = ["https://shop.example.com/pricing"]
audience = "identified"
display = "modal"
title = "Two months free"
start = 2027-01-01T00:00:00Z
text = "Hello {{ traits.name | default: 'you' }}."

[[messages]]
id = "greeting"
pages = ["*"]
text = "{{ traits.name }}"

[[messages]]
id = "letter"
status = "draft"
display = "inbox"
title = "A letter"

[[messages]]
id = "live"
pages = ["*"]
text = "Live."
`

func (e *edge) preview(message string) engine.Preview {
	e.t.Helper()
	p, err := e.Preview(message, 0)
	if err != nil {
		e.t.Fatal(err)
	}
	return p
}

func TestAPreviewShowsADraftAloneAndIsCountedNowhere(t *testing.T) {
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e := newEdgeOn(t, memory, sketches)
	p := e.preview("offer")
	if p.Until != november.Add(30*time.Minute) || p.Warning != "" || len(p.Pages) != 1 {
		t.Errorf("the preview is %+v", p)
	}
	for _, request := range []engine.PollRequest{{}, {Page: page(t, "https://shop.example.com/elsewhere", "")}} {
		answer := e.PollPreview(request, p.ID)
		if len(answer.Deliveries) != 1 || answer.Deliveries[0].Message.ID != "offer" || answer.Next != 5*time.Second {
			t.Fatalf("it answers %+v", answer)
		}
		d := answer.Deliveries[0]
		if text := d.Content.HTML(); !strings.Contains(text, "Hello you.") {
			t.Errorf("it shows %s", text)
		}
		for _, who := range []visitor.Identity{ada, adaSigned} {
			e.report(who, engine.OutcomeOpened, d.ID)
			e.report(who, engine.OutcomeClicked, d.ID)
			e.report(who, engine.OutcomeDismissed, d.ID)
			if record, err := memory.Load(context.Background(), store.Key{Workspace: "shop", Visitor: who.ID()}); err != nil || record != nil {
				t.Errorf("a preview leaves %+v, error %v", record, err)
			}
		}
	}
	if got := statisticsOf(t, e, "offer"); got.Opened+got.Clicked+got.Dismissed+got.Deliveries != 0 {
		t.Errorf("counted %+v", got.Counts)
	}
}

func TestAPreviewOfTheInbox(t *testing.T) {
	e := newEdge(t, sketches)
	answer := e.PollPreview(engine.PollRequest{}, e.preview("letter").ID)
	if len(answer.Deliveries) > 0 || lie(answer.Inbox) != "letter*" {
		t.Fatalf("it answers %+v", answer)
	}
	e.read(adaSigned, answer.Inbox[0].ID, true)
	if got := statisticsOf(t, e, "letter"); got.Opened != 0 {
		t.Errorf("counted %+v", got.Counts)
	}
}

func TestAPreviewEnds(t *testing.T) {
	for name, end := range map[string]func(*edge, engine.Preview){
		"by itself":        func(e *edge, p engine.Preview) { e.now = p.Until },
		"when it is ended": func(e *edge, p engine.Preview) { e.EndPreview(p.ID) },
		"with its message": func(e *edge, _ engine.Preview) {
			e.use("[[messages]]\nid = \"live\"\npages = [\"*\"]\ntext = \"Live.\"\n")
		},
		"when others are ended": func(e *edge, p engine.Preview) { e.now = p.Until.Add(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			e := newEdge(t, sketches)
			p := e.preview("offer")
			if !e.ChangePreview(p.ID, []byte("[]")) {
				t.Fatal("it cannot be changed while it is open")
			}
			end(e, p)
			if answer := e.PollPreview(engine.PollRequest{}, p.ID); len(answer.Deliveries) > 0 {
				t.Errorf("it shows %v", ids(answer))
			}
		})
	}
}

func TestPreviewsCannotBeMadeUp(t *testing.T) {
	e := newEdge(t, sketches)
	p := e.preview("offer")
	other := newEdge(t, sketches)
	for name, id := range map[string]string{
		"another workspace's": other.preview("offer").ID, "cut off": p.ID[:len(p.ID)-1], "nothing": "", "words": "hbp-offer",
		"changed": p.ID[:8] + "A" + p.ID[9:], "a delivery's": e.poll(ada, app, "tab", "view").Deliveries[0].ID,
	} {
		if _, made, open := e.OpenPreview(id); made || open {
			t.Errorf("%s is taken for a preview", name)
		}
		if e.EndPreview(id) || e.ChangePreview(id, []byte("[]")) {
			t.Errorf("%s can be changed", name)
		}
	}
}

func TestWhatIsHeldOfPreviewsIsBounded(t *testing.T) {
	e := newEdge(t, sketches)
	first := e.preview("offer")
	e.EndPreview(first.ID)
	for range 300 {
		e.now = e.now.Add(2 * time.Second)
		if p := e.preview("offer"); !e.ChangePreview(p.ID, []byte(`["last"]`)) || string(e.PreviewChanges(p.ID)) != `["last"]` {
			t.Fatal("the newest is not held")
		}
	}
	if e.PreviewChanges(first.ID) != nil {
		t.Error("the first is held still")
	}
}

func TestAPreviewSaysWhatKeepsItFromBeingSeen(t *testing.T) {
	e := newEdge(t, sketches)
	if p := e.preview("greeting"); !strings.Contains(p.Warning, "give the values a default") {
		t.Errorf("it says %q", p.Warning)
	}
	if _, err := e.Preview("nothing", 0); !errors.Is(err, engine.ErrNoMessage) {
		t.Errorf("a message that is not there: %v", err)
	}
	for _, valid := range []time.Duration{time.Second, 48 * time.Hour} {
		if _, err := e.Preview("offer", valid); !errors.Is(err, engine.ErrRefused) || !strings.Contains(err.Error(), "choose from 1m to 24h") {
			t.Errorf("for %s: %v", valid, err)
		}
	}
}
