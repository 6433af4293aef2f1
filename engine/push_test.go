package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// streamed counts what happens to streams.
type streamed struct {
	engine.Recorder
	mu     sync.Mutex
	counts map[engine.StreamEvent]int
}

func (s *streamed) Polled(engine.PollResult)   {}
func (s *streamed) Decided(engine.Reason, int) {}
func (s *streamed) Delivered()                 {}

func (s *streamed) Streamed(event engine.StreamEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[event]++
}

// newStreamingEdge is an edge with streams, on the clock of a bubble.
func newStreamingEdge(t *testing.T, rules engine.Streams) (*engine.Engine, *streamed) {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	counted := &streamed{counts: map[engine.StreamEvent]int{}}
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Recorder: counted})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(compiled(t, shop))
	e.SetStreams(rules)
	return e, counted
}

func compiled(t *testing.T, text string) *workspace.Snapshot {
	t.Helper()
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

func person(id string) visitor.Identity {
	return visitor.Identity{Anonymous: "browser-of-" + id, User: id, Level: visitor.LevelIdentified}
}

// listen opens the stream of somebody who has just asked.
func listen(t *testing.T, e *engine.Engine, id, address string) *engine.Stream {
	t.Helper()
	s, err := e.Listen(e.Listener(person(id)), "", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func woken(s *engine.Stream) bool {
	select {
	case <-s.Woken():
		return true
	default:
		return false
	}
}

func ended(s *engine.Stream) bool {
	select {
	case <-s.Ended():
		return true
	default:
		return false
	}
}

func TestATestSendWakesTheStreamsOfItsRecipientAndNobodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, counted := newStreamingEdge(t, engine.Streams{On: true})
		time.Sleep(time.Second)
		desk, phone, other := listen(t, e, "ada", "192.0.2.1"), listen(t, e, "ada", "192.0.2.2"), listen(t, e, "ines", "192.0.2.3")
		if woken(desk) || woken(phone) || woken(other) {
			t.Fatal("a stream is woken although nothing has happened since its visitor asked")
		}
		for range 20 {
			if _, err := e.SendTest(context.Background(), "u:ada", "winter-sale", nil); err != nil {
				t.Fatal(err)
			}
		}
		if !woken(desk) || !woken(phone) || woken(other) {
			t.Error("the wrong streams are woken")
		}
		if woken(desk) {
			t.Error("who asks once has asked for all that came before, and need not be woken again")
		}
		desk.Close()
		desk.Close()
		if _, err := e.SendTest(context.Background(), "u:ada", "winter-sale", nil); err != nil || !woken(phone) || woken(desk) {
			t.Errorf("after one of two streams was closed, error %v", err)
		}
		if counted.counts[engine.StreamPushed] != 3 || counted.counts[engine.StreamMerged] != 38 || counted.counts[engine.StreamClosed] != 1 {
			t.Errorf("counted %v", counted.counts)
		}
	})
}

func TestAStreamIsToldWhatHappenedSinceItsVisitorAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := newStreamingEdge(t, engine.Streams{On: true})
		time.Sleep(time.Second)
		open := func(ticket string) *engine.Stream {
			t.Helper()
			who, ok := e.OpenTicket(ticket)
			if !ok {
				t.Fatal("the ticket opens nothing")
			}
			s, err := e.Listen(who, "", "192.0.2.1")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		}
		ada, ines := e.Ticket(person("ada")), e.Ticket(person("ines"))
		time.Sleep(time.Second)
		if woken(open(ada)) {
			t.Error("nothing has happened")
		}
		if _, err := e.SendTest(context.Background(), "u:ada", "", nil); err != nil {
			t.Fatal(err)
		}
		if !woken(open(ada)) || woken(open(ines)) {
			t.Error("a message was sent to ada before her stream was open")
		}
		time.Sleep(time.Second)
		later := e.Ticket(person("ada"))
		if woken(open(later)) {
			t.Error("ada has asked since")
		}
		e.Use(compiled(t, shop+"\n# edited\n[[messages]]\nid = \"new\"\npages = [\"*\"]\ntext = \"New.\"\n"))
		if !woken(open(later)) {
			t.Error("the messages have changed since")
		}
		for i := range 600 { // more than is remembered
			time.Sleep(10 * time.Millisecond)
			if _, err := e.SendTest(context.Background(), fmt.Sprintf("u:somebody-%d", i), "", nil); err != nil {
				t.Fatal(err)
			}
		}
		if !woken(open(later)) {
			t.Error("where it is not known any more what happened, a stream is told to ask")
		}
	})
}

func TestNewMessagesWakeThousandsOfStreamsOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const streams = 3000
		e, counted := newStreamingEdge(t, engine.Streams{On: true})
		time.Sleep(time.Second)
		var all []*engine.Stream
		for i := range streams {
			all = append(all, listen(t, e, fmt.Sprint(i), fmt.Sprint(i/400)))
		}
		pushed := func() int {
			counted.mu.Lock()
			defer counted.mu.Unlock()
			return counted.counts[engine.StreamPushed]
		}
		e.Use(e.Snapshot())
		if pushed() != 0 {
			t.Error("the same messages once more are nothing new")
		}
		e.Use(compiled(t, "[workspace]\nname = \"Shop\"\n"))
		before := 0
		for range 60 {
			if now := pushed(); now-before > 60 {
				t.Fatalf("%d streams at once", now-before)
			}
			before = pushed()
			time.Sleep(20 * time.Millisecond)
			synctest.Wait()
		}
		if before < 1000 {
			t.Errorf("%d streams in the first second", before)
		}
		// Another change on the way wakes all of them, those that were woken too.
		for _, s := range all {
			woken(s)
		}
		e.Use(compiled(t, shop))
		time.Sleep(4 * time.Second)
		synctest.Wait()
		for i, s := range all {
			if !woken(s) {
				t.Fatalf("stream %d was not woken", i)
			}
		}
	})
}

func TestStreamsHaveTheirLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, counted := newStreamingEdge(t, engine.Streams{On: true, Most: 20})
		for i := range 2 {
			listen(t, e, fmt.Sprint(i), "192.0.2.1")
		}
		if _, err := e.Listen(e.Listener(ada), "", "192.0.2.1"); !errors.Is(err, engine.ErrAddressStreams) {
			t.Errorf("a third stream of an address that may hold two: %v", err)
		}
		for i := range 18 {
			listen(t, e, fmt.Sprint(i), fmt.Sprint(i))
		}
		if _, err := e.Listen(e.Listener(ada), "", "192.0.2.9"); !errors.Is(err, engine.ErrTooManyStreams) || e.MayStream("") {
			t.Errorf("one more than may be: %v", err)
		}
		if counted.counts[engine.StreamRefused] != 2 {
			t.Errorf("counted %v", counted.counts)
		}
		e.SetStreams(engine.Streams{On: true, Most: 21})
		listen(t, e, "one more", "192.0.2.9").Close()
		if !e.MayStream("") {
			t.Error("one was closed")
		}
	})
}

func TestStreamsEndWhenTheyAreNotAllowedAnyMore(t *testing.T) {
	e, counted := newStreamingEdge(t, engine.Streams{On: true, Sites: []string{"shop", "blog"}})
	on := func(site string) *engine.Stream {
		t.Helper()
		s, err := e.Listen(e.Listener(ada), site, site)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	shop, blog := on("shop"), on("blog")
	if _, err := e.Listen(e.Listener(ada), "old", "old"); !errors.Is(err, engine.ErrNoStreams) || e.MayStream("old") {
		t.Errorf("a site that is not served any more: %v", err)
	}
	e.SetStreams(engine.Streams{On: true, Sites: []string{"blog"}})
	if !ended(shop) || ended(blog) {
		t.Error("only the streams of the site that is gone end")
	}
	shop.Close()
	e.SetStreams(engine.Streams{})
	if !ended(blog) || e.MayStream("blog") {
		t.Error("without streams, all of them end")
	}
	if _, err := e.Listen(e.Listener(ada), "blog", ""); !errors.Is(err, engine.ErrNoStreams) {
		t.Errorf("without streams: %v", err)
	}
	if counted.counts[engine.StreamOpened] != 2 || counted.counts[engine.StreamClosed] != 2 {
		t.Errorf("counted %v", counted.counts)
	}
}

func TestATicketIsItsVisitorsAndDoesNotLastForLong(t *testing.T) {
	e := newEdge(t, shop)
	ticket := e.Ticket(adaKnown)
	if _, ok := e.OpenTicket(ticket); !ok || !e.Hears(adaKnown, ticket) || e.Hears(ada, ticket) {
		t.Error("a ticket is that of the visitor it was made for")
	}
	for _, forged := range []string{"", ".", ticket[1:], ticket[:len(ticket)-1] + "!", "AAAAAAAAAAA" + ticket[11:], ticket + "A"} {
		if _, ok := e.OpenTicket(forged); ok || e.Hears(adaKnown, forged) {
			t.Errorf("%q was not made here", forged)
		}
	}
	e.now = e.now.Add(6 * time.Minute)
	if _, ok := e.OpenTicket(ticket); ok || !e.Hears(adaKnown, ticket) {
		t.Error("a ticket opens a stream for five minutes, and names it for as long as it is open")
	}
}

func TestWhatIsSentStartedOrCalledBackIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, _ := newStreamingEdge(t, engine.Streams{On: true})
		e.Use(compiled(t, `
[[messages]]
id = "receipt"
kind = "transactional"
pages = ["*"]
text = "Thank you."

[[messages]]
id = "tour"
kind = "campaign"
trigger = { event = "Signed up" }
pages = ["*"]
text = "Let us show you around."
`))
		time.Sleep(time.Second)
		s := listen(t, e, "ada", "192.0.2.1")
		ctx := context.Background()
		for _, step := range []struct {
			name string
			do   func() error
			told bool
		}{
			{"a transactional message", func() error {
				_, err := e.Send(ctx, engine.Send{Message: "receipt", To: "ada", Key: "order-7"})
				return err
			}, true},
			{"its withdrawal", func() error {
				_, err := e.Cancel(ctx, "ada", "order-7")
				return err
			}, true},
			{"an event that starts nothing", func() error {
				return e.Track(ctx, person("ada"), []eventlog.Event{{Type: "track", Name: "Cart viewed"}})
			}, false},
			{"an event that starts a campaign", func() error {
				return e.Track(ctx, person("ada"), []eventlog.Event{{Type: "track", Name: "Signed up"}})
			}, true},
			{"somebody else's", func() error {
				return e.Track(ctx, person("ines"), []eventlog.Event{{Type: "track", Name: "Signed up"}})
			}, false},
		} {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if woken(s) != step.told {
				t.Errorf("%s: told %v, want %v", step.name, !step.told, step.told)
			}
		}
	})
}
