package store

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Bounds of a flight: one call of the script, which makes several writes.
const (
	// fewAloft is how many writes go at once, each by itself. Where more are under way, the next wait for an answer: a call costs
	// Redis much more than what one write does.
	fewAloft = 4
	// fullFlight is how many writes one has, heavyFlight how many bytes, about: others do not wait long for Redis then.
	fullFlight  = 256
	heavyFlight = 1 << 20
)

// redisWrite is what one change writes, all of it or nothing.
type redisWrite struct {
	lines []redisLine
	// counts are fields and what is added to each; list names such counts.
	counts []string
	list   string
	mark   *markOf // nil: none

	answered chan struct{} // closed when done and err are there; nil: nobody waits for it
	deadline time.Time     // of who waits
	done     bool
	err      error
}

// redisLine is a record of a write.
type redisLine struct {
	key    string // in Redis
	before stamp
	after  cached
	value  string // empty: the record is removed
	seen   string // see lastSeenScore
	begun  uint64
}

func (w *redisWrite) workspace() string { return w.lines[0].after.key.Workspace }

// isPlain says whether it is of the short form: one record that stays, of a visitor who was seen before.
func (w *redisWrite) isPlain() bool {
	return len(w.lines) == 1 && w.lines[0].value != "" && w.lines[0].seen == "" && w.mark == nil
}

// size is how many bytes go to Redis, about.
func (w *redisWrite) size() (bytes int) {
	for i := range w.lines {
		bytes += len(w.lines[i].key) + len(w.lines[i].value)
	}
	return bytes
}

// count has it raise counts.
func (w *redisWrite) count(counts *few[counter, int64]) {
	if counts.len() == 0 {
		return
	}
	w.counts = make([]string, 0, 2*counts.len())
	var room [128]byte
	list := room[:0]
	for name, n := range counts.all() {
		field, by := countField(name), strconv.FormatInt(n, 10)
		w.counts = append(w.counts, field, by)
		list = append(strconv.AppendInt(list, int64(len(field)), 10), ':')
		list = append(append(append(list, field...), by...), ';')
	}
	w.list = string(list)
}

// flights make writes. A few go at once. Whoever comes while those are under way waits for an answer, and goes with all the
// others who wait. Nobody waits for others to come.
type flights struct {
	store  *Redis
	counts string // the key of the hash of counts

	mu      sync.Mutex
	aloft   int // how many writes are under way
	waiting []*redisWrite
}

// flightPlace is where the keys of a flight lie: one script changes keys of one slot.
type flightPlace struct{ workspace, bucket string }

// flightsOf are those with which a write goes.
func (r *Redis) flightsOf(w *redisWrite) *flights {
	at := flightPlace{workspace: w.workspace()}
	if r.cluster {
		at.bucket = bucketOf(w.lines[0].after.key.Visitor)
	}
	if found, ok := r.flights.Load(at); ok {
		return found.(*flights)
	}
	bucket := at.bucket
	if bucket == "" {
		bucket = r.lazy.bucket
	}
	made, _ := r.flights.LoadOrStore(at, &flights{store: r, counts: bucketKey("counts", at.workspace, bucket)})
	return made.(*flights)
}

// make makes a write; done is false, without an error, when somebody else changed one of its records. When ctx ends before
// it is known what became of it, it may be made yet, if it is on its way.
func (f *flights) make(ctx context.Context, w *redisWrite) (done bool, err error) {
	f.mu.Lock()
	if f.aloft < fewAloft {
		f.aloft++
		f.mu.Unlock()
		f.fly(ctx, []*redisWrite{w})
		if next := f.next(1); next != nil {
			go f.flyOn(next)
		}
		return w.done, w.err
	}
	w.answered = make(chan struct{})
	w.deadline, _ = ctx.Deadline()
	f.waiting = append(f.waiting, w)
	f.mu.Unlock()
	select {
	case <-w.answered:
		return w.done, w.err
	case <-ctx.Done():
		f.withdraw(w)
		return false, ctx.Err()
	}
}

// withdraw takes back a write that is not on its way.
func (f *flights) withdraw(w *redisWrite) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if at := slices.Index(f.waiting, w); at >= 0 {
		f.waiting = slices.Delete(f.waiting, at, at+1)
	}
}

// next are the writes that go when others have landed, those that came first; nil: none go.
func (f *flights) next(landed int) []*redisWrite {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aloft -= landed
	if len(f.waiting) == 0 || f.aloft >= fewAloft {
		return nil
	}
	n, bytes := 0, 0
	for n < len(f.waiting) && n < fullFlight && bytes < heavyFlight {
		bytes += f.waiting[n].size()
		n++
	}
	next := f.waiting[:n:n]
	f.waiting = slices.Clone(f.waiting[n:])
	f.aloft += n
	return next
}

// flyOn makes writes as long as any wait.
func (f *flights) flyOn(writes []*redisWrite) {
	for writes != nil {
		latest := time.Time{}
		for _, w := range writes {
			if w.deadline.After(latest) {
				latest = w.deadline
			}
		}
		ctx, cancel := context.WithDeadline(context.Background(), latest)
		f.fly(ctx, writes)
		cancel()
		for _, w := range writes {
			close(w.answered)
		}
		if len(writes) > 1 {
			runtime.Gosched() // where there is much to do, those who have their answer may come again at once
		}
		writes = f.next(len(writes))
	}
}

// fly makes writes by one call of the script.
func (f *flights) fly(ctx context.Context, writes []*redisWrite) {
	keys, arguments := f.pack(writes)
	answer, err := writeScript.Exec(ctx, f.store.client, keys, arguments).AsIntSlice()
	if err != nil && len(writes) > 1 && isAnswer(err) {
		// Redis refuses, perhaps because of one of them: the others are made.
		for _, w := range writes {
			f.fly(ctx, []*redisWrite{w})
		}
		return
	}
	for _, w := range writes {
		w.done, w.err = err == nil, err
	}
	for _, number := range answer {
		writes[number-1].done = false
	}
}

// pack is what the script is given.
func (f *flights) pack(writes []*redisWrite) (keys, arguments []string) {
	records, counts := 0, 0
	for _, w := range writes {
		records, counts = records+len(w.lines), counts+len(w.counts)
	}
	keys = append(make([]string, 0, 1+2*records+len(writes)), f.counts)
	arguments = make([]string, 0, 2+3*len(writes)+4*records+counts)
	arguments = append(arguments, strconv.Itoa(len(writes)), strconv.Itoa(records))
	for _, w := range writes {
		for i := range w.lines {
			keys = append(keys, w.lines[i].key)
		}
	}
	var lists []*redisWrite
	for _, w := range writes {
		form, list := "", ""
		if !w.isPlain() {
			form = strconv.Itoa(len(w.lines))
		}
		if w.list != "" {
			n := slices.IndexFunc(lists, func(other *redisWrite) bool { return other.list == w.list })
			if n < 0 {
				n, lists = len(lists), append(lists, w)
			}
			list = strconv.Itoa(n + 1)
		}
		arguments = append(arguments, form, list)
		for i := range w.lines {
			line := &w.lines[i]
			arguments = append(arguments, line.before.known(), line.value)
			if form != "" {
				key := line.after.key
				keys = append(keys, bucketKey("seen", key.Workspace, bucketOf(key.Visitor)))
				arguments = append(arguments, line.seen, key.Visitor)
			}
		}
		if form == "" {
			continue
		}
		last := ""
		if w.mark != nil {
			keys, last = append(keys, w.mark.key), strconv.FormatUint(w.mark.last, 10)
		}
		arguments = append(arguments, last)
	}
	for _, w := range lists {
		arguments = append(append(arguments, strconv.Itoa(len(w.counts)/2)), w.counts...)
	}
	return keys, arguments
}
