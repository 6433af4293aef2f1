package engine_test

import (
	"context"
	"maps"
	"sync"
	"testing"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// deciding counts decisions.
type deciding struct {
	engine.Recorder
	mu     sync.Mutex
	counts map[engine.Reason]int
}

func (d *deciding) Polled(engine.PollResult) {}
func (d *deciding) Delivered()               {}

func (d *deciding) Decided(reason engine.Reason, messages int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[reason] += messages
}

const counted = `
[[messages]]
id = "sale"
pages = ["*"]
text = "Two for one."

[[messages]]
id = "members"
pages = ["*"]
audience = "identified"
text = "For you."

[[messages]]
id = "elsewhere"
pages = ["/elsewhere"]
text = "Here."
`

func TestPollsCountWhyMessagesAreNotShown(t *testing.T) {
	memory := store.NewMemory()
	defer memory.Close()
	recorder := &deciding{counts: map[engine.Reason]int{}}
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Recorder: recorder})
	if err != nil {
		t.Fatal(err)
	}
	if e.Decisions() != nil {
		t.Errorf("without messages: %v", e.Decisions())
	}
	e.Use(compiled(t, counted))
	polls := func(n int) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				_, err := e.Poll(context.Background(), engine.PollRequest{
					Identity: visitor.Identity{Anonymous: "ada"}, Page: page(t, shopHome, ""), Tab: "tab", View: "view", Slots: true,
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	expect := func(when string, want map[string]map[string]int64) {
		t.Helper()
		got := map[string]map[string]int64{}
		for _, m := range e.Decisions() {
			got[m.Message] = m.Decisions
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v", when, got)
		}
		for id := range want {
			if !maps.Equal(got[id], want[id]) {
				t.Errorf("%s, %s: %v, want %v", when, id, got[id], want[id])
			}
		}
	}
	polls(20)
	expect("after polls", map[string]map[string]int64{"sale": {"due": 20}, "members": {"audience": 20}, "elsewhere": {}})
	e.Use(compiled(t, counted[len("\n[[messages]]\nid = \"sale\"\npages = [\"*\"]\ntext = \"Two for one.\"\n"):]+"\n[[messages]]\nid = \"new\"\npages = [\"*\"]\nstatus = \"paused\"\ntext = \"New.\"\n"))
	polls(1)
	expect("after an edit", map[string]map[string]int64{"members": {"audience": 21}, "elsewhere": {}, "new": {"not_live": 1}})
	if want := map[engine.Reason]int{engine.ReasonNone: 20, engine.ReasonAudience: 21, engine.ReasonNotLive: 1}; !maps.Equal(recorder.counts, want) {
		t.Errorf("the recorder was told %v, want %v", recorder.counts, want)
	}
}
