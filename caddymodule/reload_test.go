package caddymodule

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/soaktest"
)

// visitors ask for pages and poll, without a pause, until they are stopped.
type visitors struct {
	edge              *edge
	stopped           atomic.Bool
	answered          atomic.Int64
	lost, connections atomic.Int64 // requests that were never answered, and connections that were tried again
	running           sync.WaitGroup
}

// visit starts visitors who have dismissed monday and are due tuesday.
func (e *edge) visit(number int) *visitors {
	v := &visitors{edge: e}
	e.t.Cleanup(v.stop)
	for range number {
		v.running.Go(func() {
			for !v.stopped.Load() && !e.t.Failed() {
				v.ask("a page", http.MethodGet, "http://tallowby.test/pricing", "", func(a answer) bool { return a.injected() }, "Accept", "text/html")
				v.ask("a poll", http.MethodPost, "http://tallowby.test/_handbill/api/v4/users?sessionId=1", pollBody("http://tallowby.test/pricing"), func(a answer) bool {
					return !strings.Contains(a.body, `"monday"`) && strings.Contains(a.body, `"tuesday"`)
				})
			}
		})
	}
	return v
}

// ask sends a request whose answer must be right. Caddy itself closes connections before it has read a request of them when
// it gives up a listener, with Handbill and without, and a client then tries again, a moment later: else reloads without a
// pause would meet each try.
func (v *visitors) ask(what, method, url, body string, right func(answer) bool, headers ...string) {
	for tries := 1; ; tries++ {
		a, err := v.edge.try(method, url, body, headers...)
		switch {
		case err != nil && tries == 20:
			v.lost.Add(1)
			return
		case err != nil:
			v.connections.Add(1)
			time.Sleep(rand.N(time.Duration(tries) * 5 * time.Millisecond))
			continue
		case a.StatusCode != 200 || !right(a):
			v.edge.t.Errorf("%s during a reload: %s\n%s", what, a.Status, a.body)
		}
		v.answered.Add(1)
		return
	}
}

// stop lets the visitors finish.
func (v *visitors) stop() {
	v.stopped.Store(true)
	v.running.Wait()
}

// held is how much is held after a collection, once nothing happens any more: as soon as it is enough, or when waiting does not
// help.
func held(enough func(goroutines int, bytes uint64) bool) (goroutines int, bytes uint64) {
	var memory runtime.MemStats
	for range 100 {
		time.Sleep(100 * time.Millisecond)
		runtime.GC()
		runtime.ReadMemStats(&memory)
		if goroutines, bytes = runtime.NumGoroutine(), memory.HeapAlloc; enough(goroutines, bytes) {
			break
		}
	}
	return goroutines, bytes
}

// 1,000 reloads with HANDBILL_SOAK=1, and 30 without, every one of another configuration, while visitors ask: every request is
// answered rightly, and nothing that a reload makes stays.
func TestReloadsUnderRequestsLoseNothing(t *testing.T) {
	reloads := soaktest.Times(30, 1000)
	// Caddy's reverse_proxy keeps the connections of each configuration for two minutes, so this site is Caddy's own.
	site := "http://tallowby.test:PORT {\n\thandbill\n\theader Content-Type \"text/html; charset=utf-8\"\n\trespond \"<!doctype html><title>Pricing</title><h1>Pricing</h1>\"\n}\n"
	database := filepath.Join(t.TempDir(), "handbill.db")
	globals := "handbill " + messages(t, "monday", "tuesday") + " {\n\tstore bbolt " + database + "\n}"
	e := start(t, globals, site)
	e.dismiss("http://tallowby.test/")
	reload := func(v *visitors, i int) {
		before := v.answered.Load()
		e.load(globals, site+fmt.Sprintf("http://other-%d.test:PORT {\n\thandbill\n}\n", i%2))
		until(t, "visitors are answered after a reload", func() bool { return v.answered.Load() > before || t.Failed() })
	}
	warm := e.visit(4)
	for i := range 6 {
		reload(warm, i)
	}
	warm.stop()
	looks := 0
	goroutines, bytes := held(func(int, uint64) bool { looks++; return looks == 5 })

	v := e.visit(4)
	began := time.Now()
	for i := range reloads {
		reload(v, i)
	}
	took := time.Since(began)
	v.stop()
	// What is held must not grow with the reloads: of a thousand, each might keep 4 KiB unseen.
	const mayGrow = 4 << 20
	goroutinesAfter, bytesAfter := held(func(g int, b uint64) bool { return g <= goroutines+5 && b <= bytes+mayGrow })
	if v.lost.Load() > 0 {
		t.Errorf("%d requests were never answered", v.lost.Load())
	}
	if goroutinesAfter > goroutines+5 {
		t.Errorf("%d goroutines before, %d after", goroutines, goroutinesAfter)
	}
	if bytesAfter > bytes+mayGrow {
		t.Errorf("%d KiB before, %d KiB after", bytes>>10, bytesAfter>>10)
	}
	for name, figure := range map[string]any{
		"count": reloads, "seconds": int(took.Seconds()), "requests_answered": v.answered.Load(), "requests_lost": v.lost.Load(),
		"connections_tried_again": v.connections.Load(), "goroutines_grown": max(goroutinesAfter-goroutines, 0),
		"heap_before_kib": bytes >> 10, "heap_after_kib": bytesAfter >> 10,
	} {
		soaktest.Figure(t, "reload."+name, figure)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	until(t, "no goroutine of Handbill's runs any more", func() bool { return ourGoroutines() == "" })
}
