package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

// outage is one way in which Redis is not there.
type outage struct {
	name       string
	lose, find func()
	urls       []string
}

func TestEveryWriteIsAcknowledgedAndArrivesThoughRedisIsAwayFor(t *testing.T) {
	length := time.Duration(soaktest.Times(4, 60)) * time.Second
	stopped, paused, behind := redistest.Start(t), redistest.Start(t), redistest.Start(t)
	proxy := redistest.StartProxy(t, behind)
	for _, o := range []outage{
		{"a stop", stopped.Kill, stopped.Restart, []string{stopped.URL()}},
		{"a pause", paused.Pause, paused.Continue, []string{paused.URL()}},
		{"a partition", proxy.Cut, proxy.Heal, []string{proxy.URL()}},
	} {
		t.Run(o.name, func(t *testing.T) { outlives(t, o, length) })
	}
}

// outlives writes before, in and after an outage, and sees that everything was taken and is there afterwards, once.
func outlives(t *testing.T, o outage, length time.Duration) {
	s := openJournal(t, t.TempDir(), 0, o.urls...)
	const writers = 8
	var counts [writers]int
	var slowest atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w := range writers {
		key := store.Key{Workspace: "shop", Visitor: fmt.Sprint("u:visitor-", w)}
		all.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				began := time.Now()
				_, err := s.Apply(t.Context(), []store.Mutation{opened(key, uint64(n)), {Key: key, Change: visitor.Change{
					Kind: visitor.Identified, At: time.Now(), Traits: map[string]any{"step": float64(n)},
				}}})
				if err != nil {
					t.Errorf("write %d: %v", n, err)
					return
				}
				if took := time.Since(began).Milliseconds(); took > slowest.Load() {
					slowest.Store(took)
				}
				counts[w] = n
			}
		})
	}
	end := sync.OnceFunc(func() { close(stop); all.Wait() })
	t.Cleanup(end)
	time.Sleep(300 * time.Millisecond)
	o.lose()
	time.Sleep(length)
	o.find()
	time.Sleep(500 * time.Millisecond)
	end()
	empty(t, s)
	fresh := openRedis(t, o.urls...)
	sum := 0
	for w, n := range counts {
		sum += n
		if r := mustLoad(t, fresh, store.Key{Workspace: "shop", Visitor: fmt.Sprint("u:visitor-", w)}); r.Messages[sale].Opened != n || r.Traits["step"] != float64(n) {
			t.Errorf("writer %d: %d were acknowledged, %d are there, the last step is %v", w, n, r.Messages[sale].Opened, r.Traits["step"])
		}
	}
	statistics, err := fresh.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != int64(sum) {
		t.Errorf("%d were acknowledged, the statistics are %v, error %v", sum, statistics[sale], err)
	}
	soaktest.Figure(t, "journal.outage_acknowledged, "+o.name, sum)
	soaktest.Figure(t, "journal.outage_lost, "+o.name, 0)
	soaktest.Figure(t, "journal.outage_waited, "+o.name, s.Journal().Taken)
	soaktest.Figure(t, "journal.outage_slowest_ms, "+o.name, slowest.Load())
}

func TestEveryWriteIsAcknowledgedAndArrivesThoughAReplicaTakesOver(t *testing.T) {
	t.Run("with Sentinels", func(t *testing.T) {
		watched := redistest.StartWatched(t)
		outlives(t, outage{"a failover with Sentinels", watched.Lose, func() { watched.AwaitTakeover(t) }, watched.URLs()}, 100*time.Millisecond)
	})
	t.Run("in a Cluster", func(t *testing.T) {
		cluster := redistest.StartCluster(t)
		takeOver := func() { cluster.Lose(cluster.Nodes[0]) }
		outlives(t, outage{"a failover in a Cluster", takeOver, func() {}, cluster.URLs()}, 3*time.Second)
	})
}
