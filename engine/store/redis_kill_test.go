package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/visitor"
)

func TestNothingAcknowledgedIsLostWhenRedisIsKilled(t *testing.T) {
	server, kills := redistest.Start(t), soaktest.Times(5, 100)
	edges := []*store.Redis{openFleeting(t, server.URL()), openFleeting(t, server.URL())}
	var acknowledged [killWriters]atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for w := range killWriters {
		all.Go(func() {
			for n := 1; ; {
				select {
				case <-stop:
					return
				default:
				}
				now := time.Now()
				_, err := edges[n%2].Apply(t.Context(), []store.Mutation{
					{Key: writer(w), Metric: store.MetricOpened, Change: visitor.Change{Kind: visitor.Opened, Message: sale, Delivery: uint64(n), At: now}},
					{Key: writer(w), Change: visitor.Change{Kind: visitor.Identified, At: now, Traits: map[string]any{"email": mail(w, n)}}},
					{Key: reader(w, n), Change: visitor.Change{Kind: visitor.Tracked, Event: "Article Read", Key: uint32(n), At: now}},
				})
				switch {
				case err == nil:
					acknowledged[w].Store(int64(n))
					n++
				case errors.Is(err, store.ErrUnavailable):
					time.Sleep(5 * time.Millisecond) // it is sent again
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	end := sync.OnceFunc(func() { close(stop); all.Wait() })
	t.Cleanup(end)
	var writing time.Duration
	window := time.Duration(soaktest.Times(200, 500)) * time.Millisecond
	for range kills {
		begun := time.Now()
		time.Sleep(window)
		writing += time.Since(begun)
		server.Kill()
		server.Restart()
	}
	time.Sleep(200 * time.Millisecond)
	end()

	sum := keptAfterKills(t, openRedis(t, server.URL()), &acknowledged)
	changes := sum * changesOfAWrite
	soaktest.Figure(t, "redis.kills", kills)
	soaktest.Figure(t, "redis.kill_acknowledged", changes)
	soaktest.Figure(t, "redis.kill_rate", int(float64(changes)/(writing+200*time.Millisecond).Seconds()))
	soaktest.Figure(t, "redis.kill_lost", 0)
	soaktest.Figure(t, "redis.kill_failed_starts", 0)
}

// keptAfterKills compares what was kept with what was acknowledged, and counts it.
func keptAfterKills(t *testing.T, fresh *store.Redis, acknowledged *[killWriters]atomic.Int64) (sum int) {
	t.Helper()
	for w := range killWriters {
		kept, r := 0, mustLoad(t, fresh, writer(w))
		if r != nil {
			kept = r.Messages[sale].Opened
		}
		// One more than was acknowledged may have been written before anybody could be told.
		if n := int(acknowledged[w].Load()); kept < n || kept > n+1 {
			t.Errorf("writer %d: %d changes were acknowledged, %d were kept", w, n, kept)
		}
		if id, err := fresh.Find(t.Context(), "shop", "email", mail(w, kept)); err != nil || kept > 0 && id != writer(w).Visitor {
			t.Errorf("writer %d: its address finds %q, error %v", w, id, err)
		}
		sum += kept
	}
	if sum == 0 {
		t.Error("nothing was written")
	}
	statistics, err := fresh.Statistics(t.Context(), "shop")
	if err != nil || statistics[sale][store.MetricOpened] != int64(sum) {
		t.Errorf("the records have %d openings, the statistics %v, error %v", sum, statistics[sale], err)
	}
	return sum
}
