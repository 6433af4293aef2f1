package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

func TestLeasesDoNotPileUp(t *testing.T) {
	held := func(l *leases) (leases, allocated int) {
		for i := range l.shards {
			leases += len(l.shards[i].held)
			allocated += cap(l.shards[i].queue)
		}
		return leases, allocated
	}
	claim := func(t *testing.T, l *leases, n int, at time.Time) {
		t.Helper()
		granted, fresh, err := l.claim(Claim{Key: Key{"shop", fmt.Sprintf("a:invented-%d", n)}, Message: sale, Tab: "tab", TTL: 30 * time.Second, At: at})
		if err != nil || !granted || !fresh {
			t.Fatalf("claim %d: granted %t, fresh %t, error %v", n, granted, fresh, err)
		}
	}
	t.Run("those that lapsed are removed", func(t *testing.T) {
		l := newLeases()
		const perSecond, seconds = 2000, 120
		for s := range seconds {
			for n := range perSecond {
				claim(t, l, s*perSecond+n, november.Add(time.Duration(s)*time.Second))
			}
		}
		if n, _ := held(l); n > 31*perSecond {
			t.Errorf("%d leases are held, and %d live", n, 30*perSecond)
		}
		later := november.Add(time.Hour)
		for n := range 5000 { // reaches every shard
			claim(t, l, n, later)
		}
		for i := range l.shards {
			l.shards[i].lapse(later.Add(time.Minute))
		}
		if n, allocated := held(l); n > 0 || allocated > 0 {
			t.Errorf("%d leases are held, room for %d is", n, allocated)
		}
	})
	t.Run("a flood makes room for itself", func(t *testing.T) {
		l := newLeases()
		const flood = leaseShards*leasesPerShard + 50_000
		for n := range flood {
			claim(t, l, n, november)
		}
		if n, _ := held(l); n > leaseShards*leasesPerShard {
			t.Errorf("%d leases are held", n)
		}
	})
}

func TestLeasesAreTheirTabs(t *testing.T) {
	// Random claims and releases, checked against the simplest model there is.
	synctest.Test(t, func(t *testing.T) {
		type holder struct {
			tab   string
			until time.Time
		}
		l := newLeases()
		model := map[string]holder{}
		random := rand.New(rand.NewPCG(3, 3))
		for n := range 50_000 {
			time.Sleep(time.Duration(random.IntN(500)) * time.Millisecond)
			now := time.Now()
			message, tab := fmt.Sprintf("message-%d", random.IntN(20)), fmt.Sprintf("tab-%d", random.IntN(3))
			if random.IntN(10) == 0 {
				l.release(person(1), message)
				delete(model, message)
				continue
			}
			ttl := time.Duration(random.IntN(60)) * time.Second
			granted, fresh, err := l.claim(Claim{Key: person(1), Message: message, Tab: tab, TTL: ttl, At: now})
			if err != nil {
				t.Fatal(err)
			}
			was, held := model[message]
			held = held && now.Before(was.until)
			if wantGranted, wantFresh := !held || was.tab == tab, !held; granted != wantGranted || fresh != wantFresh {
				t.Fatalf("claim %d: granted %t, fresh %t; want %t, %t", n, granted, fresh, wantGranted, wantFresh)
			}
			if granted {
				model[message] = holder{tab, now.Add(ttl)}
			}
		}
	})
}
