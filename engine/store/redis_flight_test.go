package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

func openFlights(t *testing.T, server *redistest.Server) *Redis {
	t.Helper()
	r, err := OpenRedis(t.Context(), []string{server.URL()}, RedisOptions{CacheSize: 1 << 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	r.WaitLong()
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// lineOf puts a record with one tracked event in the place of what has a stamp; removed: it removes it.
func lineOf(t *testing.T, key Key, before stamp, event string) redisLine {
	t.Helper()
	line := redisLine{key: redisRecordKey(key), before: before, after: cached{key: key}}
	if event == "" {
		return line
	}
	record := visitor.New(key.Visitor)
	record.Apply(visitor.Change{Kind: visitor.Tracked, Event: event, Key: 1, At: time.Now()})
	copy(line.after.stamp[:], fmt.Sprintf("%-8s", event))
	data, err := visitor.AppendEncoded(line.after.stamp[:], record)
	if err != nil {
		t.Fatal(err)
	}
	line.value, line.after.record = string(data), record
	return line
}

func writeOf(n int64, lines ...redisLine) *redisWrite {
	w := &redisWrite{lines: lines}
	var counts few[counter, int64]
	if n != 0 {
		counts.set(counter{"shop", "spring-sale", MetricOpened}, n)
	}
	w.count(&counts)
	return w
}

// stampIn is the stamp that a visitor's record has in Redis.
func stampIn(t *testing.T, r *Redis, key Key) string {
	t.Helper()
	records, err := r.read(t.Context(), []Key{key}, false)
	if err != nil {
		t.Fatal(err)
	}
	found, _ := records.records.get(key)
	return found.stamp.known()
}

func opensIn(t *testing.T, r *Redis) int64 {
	t.Helper()
	statistics, err := r.Statistics(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return statistics["spring-sale"][MetricOpened]
}

func shopper(name string) Key { return Key{"shop", "u:" + name} }

func TestWritesOfOneFlightAreMadeEachByItself(t *testing.T) {
	r := openFlights(t, redistest.Start(t))
	var none, stale stamp
	copy(stale[:], "nobody's")
	ada, grace, hedy, joan := shopper("ada"), shopper("grace"), shopper("hedy"), shopper("joan")

	first := writeOf(0, lineOf(t, ada, none, "came"), lineOf(t, grace, none, "came"), lineOf(t, hedy, none, "came"))
	flights := r.flightsOf(first)
	if done, err := flights.make(t.Context(), first); !done || err != nil {
		t.Fatalf("done %t, error %v", done, err)
	}
	came := first.lines[0].after.stamp
	seen := func(line redisLine) redisLine { line.seen = "1700000000000"; return line }
	marked := writeOf(8, lineOf(t, shopper("mary"), none, "came"))
	marked.mark = &markOf{key: markKey(shopper("mary"), 7), last: 42}
	plain := writeOf(1, lineOf(t, ada, came, "left"))
	if !plain.isPlain() || marked.isPlain() {
		t.Error("the forms of the writes are not what this test is about")
	}
	writes := []*redisWrite{
		plain,
		writeOf(1, lineOf(t, joan, stale, "left")),
		writeOf(2, seen(lineOf(t, shopper("rosa"), none, "came")), seen(lineOf(t, shopper("lise"), none, "came"))),
		writeOf(4, lineOf(t, grace, came, "left"), lineOf(t, shopper("emmy"), stale, "came")),
		marked,
		writeOf(0, lineOf(t, hedy, came, "")),
		writeOf(1, lineOf(t, shopper("katherine"), none, "came")),
	}
	flights.fly(t.Context(), writes)
	for i, want := range []bool{true, false, true, false, true, true, true} {
		if writes[i].done != want || writes[i].err != nil {
			t.Errorf("write %d is done: %t, error %v; want %t", i, writes[i].done, writes[i].err, want)
		}
	}
	for name, want := range map[string]string{
		"ada": "left    ", "joan": "", "rosa": "came    ", "lise": "came    ", "grace": "came    ", "emmy": "", "mary": "came    ", "hedy": "", "katherine": "came    ",
	} {
		if is := stampIn(t, r, shopper(name)); is != want {
			t.Errorf("the record of %s has the stamp %q, want %q", name, is, want)
		}
	}
	if n := opensIn(t, r); n != 1+2+8+1 {
		t.Errorf("%d openings are counted; want those of the writes that were made, 12", n)
	}
	if err := r.readMark(t.Context(), marked.mark, shopper("mary")); err != nil || marked.mark.seen != 42 {
		t.Errorf("the journal is written up to %d, error %v", marked.mark.seen, err)
	}
}

func TestAWriteThatRedisRefusesFailsNoOther(t *testing.T) {
	server := redistest.Start(t)
	r := openFlights(t, server)
	ada, grace := shopper("ada"), shopper("grace")
	server.Say("SET " + bucketKey("seen", "shop", bucketOf(grace.Visitor)) + " a-stray-value")
	refused := lineOf(t, grace, stamp{}, "came")
	refused.seen = "1700000000000"
	writes := []*redisWrite{writeOf(1, lineOf(t, ada, stamp{}, "came")), writeOf(1, refused), writeOf(1, lineOf(t, shopper("hedy"), stamp{}, "came"))}
	r.flightsOf(writes[0]).fly(t.Context(), writes)
	for i, want := range []bool{true, false, true} {
		if writes[i].done != want || (writes[i].err == nil) != want {
			t.Errorf("write %d is done: %t, error %v", i, writes[i].done, writes[i].err)
		}
	}
	if is := stampIn(t, r, grace); is != "" || opensIn(t, r) != 2 {
		t.Errorf("of what was refused the record is there with the stamp %q, and %d openings are counted", is, opensIn(t, r))
	}
}

func TestAChangeOfManyVisitorsIsOneWrite(t *testing.T) {
	r := openFlights(t, redistest.Start(t))
	var mutations []Mutation
	for n := range 2500 { // more than a script hands to one command
		mutations = append(mutations, Mutation{
			Key: shopper(fmt.Sprint("visitor-", n)), Metric: MetricOpened,
			Change: visitor.Change{Kind: visitor.Opened, Message: "spring-sale", Delivery: uint64(n + 1), At: time.Now()},
		})
	}
	outcomes, err := r.Apply(t.Context(), mutations)
	if err != nil || len(outcomes) != len(mutations) {
		t.Fatalf("%d outcomes, error %v", len(outcomes), err)
	}
	if n := opensIn(t, r); n != 2500 {
		t.Errorf("%d openings are counted", n)
	}
	for _, n := range []int{0, 999, 1000, 2499} {
		if stampIn(t, r, mutations[n].Key) == "" {
			t.Errorf("visitor %d has no record", n)
		}
	}
}

func TestChangesThatWaitAtTheSameTimeGoTogether(t *testing.T) {
	server := redistest.Start(t)
	r := openFlights(t, server)
	open := func(name string, delivery uint64) error {
		_, err := r.Apply(t.Context(), []Mutation{{Key: shopper(name), Metric: MetricOpened, Change: visitor.Change{
			Kind: visitor.Opened, Message: "spring-sale", Delivery: delivery, At: time.Now(),
		}}})
		return err
	}
	const visitors = 40
	var names []string
	places := map[int]bool{}
	for n := 0; len(names) < visitors; n++ { // none of whom waits for another by chance
		name := fmt.Sprint("visitor-", n)
		if place := r.changing.place(shopper(name)); !places[place] {
			places[place], names = true, append(names, name)
		}
	}
	for _, name := range names { // then they are known here
		if err := open(name, 1); err != nil {
			t.Fatal(err)
		}
	}
	before := server.Commands("evalsha")
	flights := r.flightsOf(writeOf(0, lineOf(t, shopper("ada"), stamp{}, "came")))
	flights.mu.Lock() // all of them come while others are under way
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() {
			if err := open(name, 2); err != nil {
				t.Error(err)
			}
		})
	}
	flights.aloft = fewAloft
	flights.mu.Unlock()
	awaitWaiting(t, flights, visitors)
	next := flights.next(fewAloft) // and those land now
	if len(next) != visitors {
		t.Errorf("%d writes go, not all %d", len(next), visitors)
	}
	go flights.flyOn(next)
	all.Wait()
	if calls := server.Commands("evalsha") - before; calls != 1 {
		t.Errorf("%d changes took %d calls of the script", visitors, calls)
	}
	if n := opensIn(t, r); n != 2*visitors {
		t.Errorf("%d openings are counted", n)
	}
	flights.mu.Lock()
	defer flights.mu.Unlock()
	if len(flights.waiting) != 0 {
		t.Errorf("%d writes wait yet", len(flights.waiting))
	}
}

// awaitWaiting waits until so many writes wait.
func awaitWaiting(t *testing.T, f *flights, n int) {
	t.Helper()
	for deadline := time.Now().Add(50 * time.Second); ; time.Sleep(time.Millisecond) {
		f.mu.Lock()
		waiting := len(f.waiting)
		f.mu.Unlock()
		if waiting == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d writes wait, not %d", waiting, n)
		}
	}
}

func TestAWriteThatIsGivenUpWhileItWaitsIsNotMade(t *testing.T) {
	r := openFlights(t, redistest.Start(t))
	ada := shopper("ada")
	w := writeOf(1, lineOf(t, ada, stamp{}, "came"))
	flights := r.flightsOf(w)
	flights.aloft = fewAloft
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if done, err := flights.make(ctx, w); done || !errors.Is(err, context.Canceled) {
		t.Errorf("done %t, error %v", done, err)
	}
	if next := flights.next(fewAloft); next != nil {
		t.Errorf("%d writes go", len(next))
	}
	if is := stampIn(t, r, ada); is != "" {
		t.Errorf("the record has the stamp %q", is)
	}
}

func TestAFullFlightLeavesOthersForTheNext(t *testing.T) {
	r := openFlights(t, redistest.Start(t))
	heavy := lineOf(t, shopper("ada"), stamp{}, "came")
	heavy.value = strings.Repeat("x", heavyFlight)
	light := lineOf(t, shopper("grace"), stamp{}, "came")
	for name, c := range map[string]struct {
		waiting []*redisWrite
		want    []int
	}{
		"many light ones": {slicesOf(fullFlight+10, writeOf(0, light)), []int{fullFlight, 10, 0}},
		"heavy ones":      {slicesOf(3, writeOf(0, heavy)), []int{1, 1, 1, 0}},
		"none":            {nil, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			flights, landed := &flights{store: r, waiting: c.waiting, aloft: 1}, 1
			for i, want := range c.want {
				next := flights.next(landed)
				if landed = len(next); landed != want {
					t.Errorf("flight %d has %d writes, want %d", i, landed, want)
				}
			}
			if flights.aloft != 0 {
				t.Errorf("%d writes are under way", flights.aloft)
			}
		})
	}
}

func slicesOf(n int, w *redisWrite) (all []*redisWrite) {
	for range n {
		all = append(all, w)
	}
	return all
}
