package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// browser is a browser in which somebody looks at pages.
type browser struct {
	*edge
	who     visitor.Identity
	voucher string
	visit   string
	loads   int
}

func (e *edge) newBrowser(id string) *browser {
	return &browser{edge: e, who: visitor.Identity{Anonymous: id}, visit: "visit of " + id}
}

// open loads a page and polls; the answer sets the cookie, so that the next poll has its voucher.
func (b *browser) open(address string) {
	b.t.Helper()
	b.loads++
	b.again(address, 1)
}

// again polls once more in the same load of a page.
func (b *browser) again(address string, number int) {
	b.t.Helper()
	_, err := b.Poll(context.Background(), engine.PollRequest{
		Identity: b.who, Page: page(b.t, address, ""), Tab: "tab", View: fmt.Sprintf("%s-%d", b.who.Anonymous, b.loads), Number: number,
		Visit: b.visit, Voucher: b.voucher, Browser: engine.Browser{Referrer: "https://news.example.org/"},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if b.voucher == "" {
		b.voucher = b.Voucher(b.who.Anonymous)
	}
}

func (b *browser) record() *visitor.Record {
	b.t.Helper()
	r, err := b.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: b.who.ID()})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *browser) expect(visits, pages int, landing string) {
	b.t.Helper()
	r := b.record()
	if r == nil {
		b.t.Fatalf("nothing is remembered")
	}
	last := r.Visits.Recent[len(r.Visits.Recent)-1]
	if r.Visits.Count != visits || last.PageViews != pages || last.LandingPage != landing {
		b.t.Errorf("%d visits, %d pages from %s on; want %d, %d, %s", r.Visits.Count, last.PageViews, last.LandingPage, visits, pages, landing)
	}
}

const home = "https://shop.example.com/"

func TestARecordBeginsWithTheSecondPage(t *testing.T) {
	b := newEdge(t, shop).newBrowser("ada")
	b.open(home + "landing?utm_source=mail#top")
	for range 3 {
		b.now = b.now.Add(time.Minute)
		b.again(home+"landing?utm_source=mail#top", 1)
	}
	if r := b.record(); r != nil {
		t.Fatalf("after one page the record is %+v", r)
	}
	b.open(home + "second")
	b.expect(1, 2, home+"landing?utm_source=mail")
	if r := b.record(); !r.FirstSeen.Equal(november) || r.Visits.Recent[0].UTM.Source != "mail" || r.Visits.Recent[0].Referrer != "https://news.example.org/" {
		t.Errorf("the record is %+v", r)
	}
	b.again(home+"second", 2)
	b.again(home+"second", 2)
	b.expect(1, 3, home+"landing?utm_source=mail")
}

func TestWhoComesBackWithTheCookieIsInTheSecondVisit(t *testing.T) {
	e := newEdge(t, shop)
	for _, c := range []struct {
		name    string
		between func(b *browser)
	}{
		{"a day later", func(*browser) {}},
		{"a day later, after a restart", func(b *browser) { b.edge = newEdgeOn(t, e.store, shop) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := e.newBrowser(c.name)
			b.now = november
			b.open(home)
			c.between(b)
			b.now, b.visit = november.Add(day), "second visit"
			b.open(home + "back")
			b.expect(2, 1, home+"back")
			if r := b.record(); !r.FirstSeen.Equal(november) || !r.Visits.Recent[len(r.Visits.Recent)-1].Before.Equal(november) {
				t.Errorf("first seen %s, visits %+v", r.FirstSeen, r.Visits)
			}
			b.now, b.visit = november.Add(2*day), "third visit"
			b.open(home)
			b.expect(3, 1, home)
		})
	}
}

func TestIdentifyingTakesTheVisitAlong(t *testing.T) {
	e := newEdge(t, shop)
	b := e.newBrowser("laptop")
	b.open(home + "landing")
	b.who = visitor.Identity{Anonymous: "laptop", User: "ada", Level: visitor.LevelIdentified}
	if err := e.Identify(t.Context(), b.who, nil); err != nil {
		t.Fatal(err)
	}
	b.again(home+"landing", 1)
	b.expect(1, 1, home+"landing")
	b.open(home + "second")
	b.expect(1, 2, home+"landing")

	phone := e.newBrowser("phone")
	e.now = e.now.Add(day)
	phone.open(home + "from-phone")
	phone.who = visitor.Identity{Anonymous: "phone", User: "ada", Level: visitor.LevelIdentified}
	if err := e.Identify(t.Context(), phone.who, nil); err != nil {
		t.Fatal(err)
	}
	phone.again(home+"from-phone", 1)
	phone.expect(2, 1, home+"from-phone")
}

func TestPageEventsAndPollsOfAPageCountOnce(t *testing.T) {
	e := newEdge(t, shop)
	b := e.newBrowser("ada")
	view := func(visit, load, address string) {
		t.Helper()
		if err := e.View(t.Context(), b.who, engine.PageView{Visit: visit, View: load, Address: address, Voucher: b.voucher}); err != nil {
			t.Fatal(err)
		}
	}
	poll := func(visit string) { // as the reference client does, without a page
		t.Helper()
		if _, err := e.Poll(t.Context(), engine.PollRequest{Identity: b.who, Tab: visit, View: visit, Visit: visit, Voucher: b.voucher}); err != nil {
			t.Fatal(err)
		}
	}
	view("", "event-1", home+"landing")
	poll("session")
	view("", "event-1", home+"landing") // sent again
	if r := b.record(); r != nil {
		t.Fatalf("after one page the record is %+v", r)
	}
	b.voucher = e.Voucher("ada")
	e.now = e.now.Add(time.Minute)
	poll("session")
	view("", "event-2", home+"second")
	poll("session")
	b.expect(1, 2, home+"landing")
	for range 10 { // the page stays open for more than half an hour
		e.now = e.now.Add(4 * time.Minute)
		poll("session")
	}
	view("", "event-3", home+"third")
	b.expect(1, 3, home+"landing")
	e.now = e.now.Add(day)
	view("", "event-4", home+"next-day")
	poll("session-2")
	b.expect(2, 1, home+"next-day")
}

// countingStore counts what is written.
type countingStore struct {
	store.Store
	notes, applied int
}

func (s *countingStore) Note(mutations ...store.Mutation) {
	s.notes += len(mutations)
	s.Store.Note(mutations...)
}

func (s *countingStore) Apply(ctx context.Context, mutations []store.Mutation) ([]store.Outcome, error) {
	s.applied += len(mutations)
	return s.Store.Apply(ctx, mutations)
}

func TestAPollWithNothingNewWritesNothing(t *testing.T) {
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }()
	counting := &countingStore{Store: memory}
	b := newEdgeOn(t, counting, shop).newBrowser("ada")
	b.open(home)
	b.open(home)
	for range 60 { // an hour on one page
		b.now = b.now.Add(time.Minute)
		b.again(home, 1)
	}
	if counting.notes > 1+60/5 || counting.applied > 0 {
		t.Errorf("%d notes and %d changes were written", counting.notes, counting.applied)
	}
	if last := b.record().LastSeen; b.now.Sub(last) > visitor.VisitInterval {
		t.Errorf("last seen at %s, and it is %s", last, b.now)
	}
}

// TestAFloodOfInventedVisitorsLeavesMemoryAndDiskFlat is ten million random polls with HANDBILL_SOAK=1, and scaled down
// without.
func TestAFloodOfInventedVisitorsLeavesMemoryAndDiskFlat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	bolt, err := store.OpenBolt(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cached, err := store.Cached(bolt, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cached.Close() }()
	e := newEdgeOn(t, cached, `
[[messages]]
id = "members"
pages = ["/members"]
text = "For members."
`)
	flood := func(from, to int) (memory uint64, disk int64) {
		for n := from; n < to; n++ {
			b := e.newBrowser(fmt.Sprintf("invented-%d", n))
			b.who.User = []string{"", "", fmt.Sprintf("invented-user-%d", n)}[n%3]
			b.voucher = "invented-too"
			b.open(fmt.Sprintf("https://shop.example.com/%d?utm_source=%d", n, n))
		}
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		file, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return stats.HeapAlloc, file.Size()
	}
	polls := soaktest.Times(50_000, 2_500_000)
	memory, disk := flood(0, 3*polls) // until all tables of constant size are full
	later, larger := flood(3*polls, 4*polls)
	if larger > disk {
		t.Errorf("the file grew from %d to %d bytes", disk, larger)
	}
	if later > memory+memory/10+1<<20 {
		t.Errorf("memory grew from %d to %d bytes", memory, later)
	}
	if removed, err := bolt.Sweep(t.Context(), e.now.AddDate(1, 0, 0)); err != nil || removed > 0 {
		t.Errorf("%d records were made, error %v", removed, err)
	}
	soaktest.Figure(t, "invented.polls", 4*polls)
	soaktest.Figure(t, "invented.memory_growth_kib", (int64(later)-int64(memory))>>10)
	soaktest.Figure(t, "invented.file_growth_bytes", larger-disk)
}
