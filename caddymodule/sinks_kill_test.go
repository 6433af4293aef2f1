package caddymodule

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog/sink"
)

// edgeConfig makes the test binary act as an edge with this configuration, until it is killed.
const edgeConfig = "HANDBILL_TEST_EDGE"

// runEdge is what this test binary does as another process.
func runEdge(path string) {
	config, err := os.ReadFile(path)
	if err == nil {
		err = caddy.Load(config, true)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	select {}
}

// arrivals are the events that have arrived somewhere: of each visitor the numbers, in the order of their first arrival.
type arrivals struct {
	mu    sync.Mutex
	known map[string]bool
	first map[string][]int
	again int
}

func (a *arrivals) add(records ...sink.Record) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil {
		a.known, a.first = map[string]bool{}, map[string][]int{}
	}
	for _, record := range records {
		if a.known[record.ID] {
			a.again++
			continue
		}
		a.known[record.ID] = true
		var number int
		_, _ = fmt.Sscanf(record.ID, record.UserID+"-%d", &number)
		a.first[record.UserID] = append(a.first[record.UserID], number)
	}
}

func (a *arrivals) has(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known[id]
}

// check checks that everything which was acknowledged arrived, in the order of each visitor.
func (a *arrivals) check(t *testing.T, where string, acknowledged []string) {
	t.Helper()
	until(t, "everything acknowledged has arrived at "+where, func() bool {
		for _, id := range acknowledged {
			if !a.has(id) {
				return false
			}
		}
		return true
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	for who, numbers := range a.first {
		for i := 1; i < len(numbers); i++ {
			if numbers[i] < numbers[i-1] {
				t.Errorf("%s: event %d of %s arrived for the first time behind %d", where, numbers[i], who, numbers[i-1])
			}
		}
	}
	t.Logf("%s: %d events, and %d of them once more", where, len(a.known), a.again)
}

// troubled is the other side of a webhook that is slow, broken or gone from time to time.
func troubled(t *testing.T, at *arrivals) *httptest.Server {
	t.Helper()
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var sent struct {
			Data struct{ Events []sink.Record }
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Errorf("%v in %s", err, body)
		}
		switch rand.IntN(20) {
		case 0:
			w.WriteHeader(500)
			return
		case 1:
			w.WriteHeader(429)
			return
		case 2:
			panic(http.ErrAbortHandler)
		case 3:
			at.add(sent.Data.Events...)
			panic(http.ErrAbortHandler) // it has them, and nobody hears of it
		case 4:
			time.Sleep(20 * time.Millisecond)
		}
		at.add(sent.Data.Events...)
	}))
	t.Cleanup(there.Close)
	return there
}

// tracking sends events of one visitor, one after the other, until it is told to stop; it returns those acknowledged, and counts
// them while it goes on.
func tracking(e *edge, who string, from *int, stop <-chan struct{}, count *atomic.Int64) (acknowledged []string) {
	for {
		select {
		case <-stop:
			return acknowledged
		default:
		}
		*from++
		id := fmt.Sprintf("%s-%06d", who, *from)
		event := fmt.Sprintf(`{"type":"track","event":"Step","messageId":%q,"userId":%q}`, id, who)
		answer, err := e.try(http.MethodPost, "http://tallowby.test/_handbill/v1/t", event, "Content-Type", "application/json")
		if err == nil && answer.StatusCode == 200 {
			acknowledged = append(acknowledged, id)
			count.Add(1)
		}
	}
}

func TestNothingIsLostOrOutOfOrderWhenAnEdgeIsKilledWhileItHandsOver(t *testing.T) {
	const rounds, least = 6, 50 // events of a round
	var hooked, filed arrivals
	there, e, home := troubled(t, &hooked), newEdge(t), t.TempDir()
	e.client.Jar = nil
	file := filepath.Join(home, "handbill.ndjson")
	config, err := e.adapt("handbill "+messages(t, "monday")+" {\nstore bbolt "+filepath.Join(home, "handbill.db")+
		"\nsink file "+file+" {\nstart oldest\n}\nsink webhook "+there.URL+" {\nstart oldest\nbatch_size 50\nbatch_wait 5ms\n}\n}", tallowby(application(t)))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(home, "caddy.json"), config)
	people, numbers, mutex := []string{"ada", "grace", "ines", "mary"}, make([]int, 4), sync.Mutex{}
	var acknowledged []string
	var count atomic.Int64
	for round := range rounds {
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), edgeConfig+"="+filepath.Join(home, "caddy.json"))
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, "the edge answers", func() bool {
			answer, err := e.try(http.MethodGet, "http://tallowby.test/", "", "Accept", "text/html")
			return err == nil && answer.injected()
		})
		stop, all := make(chan struct{}), sync.WaitGroup{}
		end := sync.OnceFunc(func() { close(stop); all.Wait() })
		t.Cleanup(end)
		for i, who := range people {
			all.Go(func() {
				got := tracking(e, who, &numbers[i], stop, &count)
				mutex.Lock()
				defer mutex.Unlock()
				acknowledged = append(acknowledged, got...)
			})
		}
		until(t, "events are acknowledged", func() bool { return count.Load() >= int64(least*(round+1)) })
		time.Sleep(time.Duration(rand.IntN(400)) * time.Millisecond)
		last := round == rounds-1
		if !last {
			err = process.Process.Kill() // SIGKILL, while it hands over
		}
		end()
		if last {
			hooked.check(t, "the webhook", acknowledged)
			until(t, "the file has everything", func() bool {
				filed = arrivals{}
				filed.add(recordsOf(t, file)...)
				for _, id := range acknowledged {
					if !filed.has(id) {
						return false
					}
				}
				return true
			})
			filed.check(t, "the file", acknowledged)
			err = process.Process.Kill()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = process.Wait()
	}
}

// recordsOf reads a file of a sink that is being written to.
func recordsOf(t *testing.T, path string) (records []sink.Record) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "\n") {
			break
		}
		var record sink.Record
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		records = append(records, record)
	}
	return records
}
