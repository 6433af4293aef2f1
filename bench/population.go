package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"handbill/engine/store"
	people "handbill/engine/visitor"
)

// knownVisitors is how many visitors the store remembers while polls are measured; BENCH_VISITORS sets another number.
const knownVisitors = 1_000_000

// visitorsWanted reads how many visitors the store remembers.
func visitorsWanted(setting string) (int, error) {
	if setting == "" {
		return knownVisitors, nil
	}
	number, err := strconv.Atoi(setting)
	if err != nil || number < pollVisitors || number > 100_000_000 {
		return 0, fmt.Errorf("BENCH_VISITORS must be a number from %d to 100000000", pollVisitors)
	}
	return number, nil
}

// population is a store's file with visitors in it.
type population struct {
	path     string
	visitors int
}

// populate writes a store's file with visitors as a site has them: each has traits, a visit with a landing page and a
// referrer, and two messages that it has seen, of which it has closed one. The first pollVisitors, which poll, have closed
// all messages of quietPath, too.
func populate(ctx context.Context, folder string, visitors int) (population, error) {
	p := population{path: filepath.Join(folder, "visitors.db"), visitors: visitors}
	s, err := store.OpenBolt(p.path, store.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return p, err
	}
	const together = 25_000 // in one transaction
	for from := 0; from < visitors && err == nil; from += together {
		var mutations []store.Mutation
		for n := from; n < min(from+together, visitors); n++ {
			for _, change := range past(n) {
				mutations = append(mutations, store.Mutation{Key: store.Key{Workspace: "default", Visitor: "a:" + anonymousID(n)}, Change: change})
			}
		}
		_, err = s.Apply(ctx, mutations)
	}
	if closing := s.Close(); err == nil {
		err = closing
	}
	return p, err
}

// past is what a visitor has done.
func past(n int) []people.Change {
	at := time.Now().Add(-time.Duration(1+n%100) * time.Hour)
	delivery := uint64(n)*1000 + 1
	changes := []people.Change{
		{Kind: people.Visited, At: at, Visit: uint32(n + 1), Page: &people.PageView{
			View: uint32(n + 7), Number: 1, Address: fmt.Sprintf("https://shop.example.com/shoes/red-%d?utm_source=newsletter", n%5000), Referrer: "https://www.example.org/search",
		}},
		{Kind: people.Told, At: at, Traits: map[string]any{"first_name": "Ada", "plan": "trial", "seats": float64(n % 40)}},
	}
	see := func(message string, closed bool) {
		delivery++
		changes = append(changes, people.Change{Kind: people.Opened, At: at, Message: message, Delivery: delivery, Visit: uint32(n + 1)})
		if closed {
			changes = append(changes, people.Change{Kind: people.Dismissed, At: at, Message: message, Delivery: delivery})
		}
	}
	see(fmt.Sprintf("message-%d", n%manyMessages), true)
	see(fmt.Sprintf("message-%d", (n+manyMessages/2)%manyMessages), false)
	if n < pollVisitors {
		for i := range busyMessages {
			see(fmt.Sprintf("quiet-%d", i), true)
		}
	}
	return changes
}

// anonymousID is the id of a visitor, in the form in which the edge issues them.
func anonymousID(n int) string {
	var raw [16]byte
	for i := range 2 {
		x := uint64(2*n+i+1) * 0x9e3779b97f4a7c15 // splitmix64, so that they are as spread as random ones
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(raw[8*i:], x^x>>31)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// memory is what a process takes, in bytes.
type memory struct{ resident, own, file, most int64 }

// memory reads proc_pid_status(5).
func (s *server) memory() (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		return memory{}, err
	}
	var m memory
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*int64{"VmRSS": &m.resident, "RssAnon": &m.own, "RssFile": &m.file, "VmHWM": &m.most}[name]
		if into == nil {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return memory{}, err
		}
		*into = kilobytes << 10
	}
	return m, nil
}

// memoryResult is what an edge takes that knows many visitors.
type memoryResult struct {
	population
	before, after memory
	asked         int
	size          int64 // of the file
}

// mostAsked is how many different visitors poll until the memory is read: enough that the cache is full several times over.
const mostAsked = 300_000

// measureMemory lets many different visitors of a population poll, and reads what the edge takes then.
func measureMemory(ctx context.Context, edge *server, p population) (memoryResult, error) {
	result := memoryResult{population: p, asked: min(p.visitors, mostAsked)}
	var err error
	if result.before, err = edge.memory(); err != nil {
		return result, err
	}
	errs := make(chan error, pollVisitors)
	for lane := range pollVisitors {
		go func() { errs <- pollDifferent(ctx, edge, lane, result.asked) }()
	}
	for range pollVisitors {
		if lane := <-errs; lane != nil {
			err = lane
		}
	}
	if err != nil {
		return result, err
	}
	if result.after, err = edge.memory(); err != nil {
		return result, err
	}
	info, err := os.Stat(p.path)
	if err == nil {
		result.size = info.Size()
	}
	return result, err
}

// pollDifferent polls once for each visitor of a lane, over one connection.
func pollDifferent(ctx context.Context, edge *server, lane, visitors int) error {
	c, err := dial(ctx, edge.address, fmt.Sprintf("127.0.%d.%d", 1+lane/250, 1+lane%250), nil)
	if err != nil {
		return err
	}
	defer c.Close()
	for n := lane; n < visitors && ctx.Err() == nil; n += pollVisitors {
		who := polling{path: quietPath, tab: fmt.Sprintf("tab%d", n), cookie: "handbill_id=" + anonymousID(n)}
		c.request = who.request(edge.address)
		status, err := c.exchange()
		if err == nil && status >= 400 {
			err = fmt.Errorf("a poll was answered with %d", status)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func memoryTable(w io.Writer, r memoryResult) {
	mebibytes := func(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }
	fmt.Fprintf(w, "\n| known visitors | the store's file | polled once | resident before | after | at most | of that the process's own | of the file |\n|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	fmt.Fprintf(w, "| %d | %s | %d | %s | **%s** | %s | %s | %s |\n", r.visitors, mebibytes(r.size), r.asked,
		mebibytes(r.before.resident), mebibytes(r.after.resident), mebibytes(r.after.most), mebibytes(r.after.own), mebibytes(r.after.file))
}
