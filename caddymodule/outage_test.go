package caddymodule

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store/redistest"
)

// TestPagesAndPollsAreAsFastWhileRedisIsAway keeps Redis away for a minute with HANDBILL_SOAK=1, and for seconds without.
func TestPagesAndPollsAreAsFastWhileRedisIsAway(t *testing.T) {
	length := time.Duration(soaktest.Times(3, 60)) * time.Second
	for _, c := range []struct {
		name       string
		lose, find func(*redistest.Server, *redistest.Proxy)
	}{
		{"paused", func(s *redistest.Server, _ *redistest.Proxy) { s.Pause() }, func(s *redistest.Server, _ *redistest.Proxy) { s.Continue() }},
		{"cut off", func(_ *redistest.Server, p *redistest.Proxy) { p.Cut() }, func(_ *redistest.Server, p *redistest.Proxy) { p.Heal() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server)
			on := "redis " + proxy.URL() + " {\n\tlog " + filepath.Join(t.TempDir(), "handbill.events") + "\n}"
			e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), on, application(t))
			until(t, "the message is shown", func() bool { return strings.Contains(e.tryPoll("http://tallowby.test/", "/_handbill").body, "monday") })
			event := 0
			round := func() (page, poll time.Duration) {
				began := time.Now()
				if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || !home.injected() {
					t.Errorf("the page is not as always: %s", home.Status)
				}
				page = time.Since(began)
				began = time.Now()
				if a := e.tryPoll("http://tallowby.test/", "/_handbill"); a.StatusCode >= 500 && a.Header.Get("Retry-After") == "" {
					t.Errorf("a poll: %s %s", a.Status, a.body)
				}
				poll = time.Since(began)
				event++
				track := fmt.Sprintf(`{"type":"track","event":"Order Completed","messageId":"order-%d","userId":"ines"}`, event)
				if a := e.do("POST", "http://tallowby.test/_handbill/v1/t", track, "Content-Type", "text/plain"); a.StatusCode != 200 {
					t.Errorf("event %d: %s %s", event, a.Status, a.body)
				}
				return page, poll
			}
			measure := func(length time.Duration) (pages, polls []time.Duration) {
				for began := time.Now(); time.Since(began) < length; time.Sleep(5 * time.Millisecond) {
					page, poll := round()
					pages, polls = append(pages, page), append(polls, poll)
				}
				slices.Sort(pages)
				slices.Sort(polls)
				return pages, polls
			}
			before, _ := measure(time.Second)
			c.lose(server, proxy)
			pages, polls := measure(length)
			c.find(server, proxy)
			until(t, "all is well", func() bool {
				_, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", "")
				return !strings.Contains(body, "degraded")
			})
			_, person := ask(t, "GET", "http://"+admin+"/handbill/shop/visitor?id=ines", "")
			if !regexp.MustCompile(fmt.Sprintf(`"count":\s*%d\b`, event)).MatchString(person) {
				t.Errorf("of %d events there arrived %.600s", event, person)
			}
			at := func(sorted []time.Duration, percent int) time.Duration { return sorted[(len(sorted)-1)*percent/100] }
			// Who waits for Redis waits seconds. In full the machine does nothing else.
			patience := time.Duration(soaktest.Times(1000, 10)) * time.Millisecond
			if was, is := at(before, 50), at(pages, 50); is > 3*was+patience {
				t.Errorf("half of the pages take %s, and %s before", is, was)
			}
			if half := at(polls, 50); half > 50*time.Millisecond+patience {
				t.Errorf("half of the polls take %s", half)
			}
			for name, figure := range map[string]any{
				"page_p50_ms": ms(at(pages, 50)), "page_p99_ms": ms(at(pages, 99)), "page_before_p50_ms": ms(at(before, 50)), "page_before_p99_ms": ms(at(before, 99)),
				"poll_p50_ms": ms(at(polls, 50)), "poll_p99_ms": ms(at(polls, 99)), "events_acknowledged": event, "events_lost": 0,
			} {
				soaktest.Figure(t, "away."+name+", "+c.name, figure)
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
