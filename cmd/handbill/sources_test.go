package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store/redistest"
)

// workspaceOf is a workspace of so many messages of which one is for every page.
func workspaceOf(count int, first string) string {
	text := "[[messages]]\nid = \"" + first + "\"\npages = [\"*\"]\ndisplay = \"banner\"\npriority = 1\nfrequency = \"always\"\ntext = \"We close at six today.\"\n"
	for i := 1; i < count; i++ {
		text += fmt.Sprintf("\n[[messages]]\nid = \"sale-%d\"\npages = [\"/shop/%d/*\"]\nwhere = \"traits.plan == 'team'\"\ndisplay = \"modal\"\ntext = \"Hello {{ traits.name | default: 'you' }}, aisle **%d** is reduced.\"\n", i, i, i)
	}
	return text
}

// withSource is a Caddyfile whose workspace is of a source.
func withSource(source string) string {
	return "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill {\n\t\tworkspace default {\n\t\t\tsource " + source +
		"\n\t\t}\n\t}\n}\nhttp://EDGE {\n\thandbill\n\theader Content-Type text/html\n\trespond \"<!doctype html><h1>Tallowby</h1>\"\n}\n"
}

// injected says whether the server's page loads the client.
func (s *server) injected() bool {
	request, err := http.NewRequest(http.MethodGet, "http://"+s.edge+"/", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return err == nil && strings.Contains(string(body), "_handbill")
}

func TestAStartWithoutItsSourceServesTheLastGoodWorkspaceAtOnce(t *testing.T) {
	counts := []int{10, 100, 500}
	if soaktest.Full() {
		counts = append(counts, 10_000)
	}
	for _, count := range counts {
		t.Run(fmt.Sprintf("%d messages", count), func(t *testing.T) {
			var gone atomic.Bool
			text := workspaceOf(count, "closing")
			configuration := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if gone.Load() { // it takes the connection, and says nothing
					<-r.Context().Done()
					return
				}
				_, _ = io.WriteString(w, text)
			}))
			t.Cleanup(configuration.Close)
			s := newServer(t, withSource("http "+configuration.URL+"/messages.toml"))
			s.start()
			until(t, "the workspace is served", s.injected)
			s.end(syscall.SIGTERM)
			gone.Store(true)
			configuration.CloseClientConnections()

			began := time.Now()
			served := time.Duration(0)
			s.launch()
			until(t, "the last good workspace is served", func() bool {
				if !s.injected() {
					return false
				}
				served = time.Since(began)
				return true
			})
			soaktest.Figure(t, fmt.Sprintf("start.first_injected_page_ms, %d messages", count), served.Milliseconds())
			tab := newTabOverHTTP(t, s.edge)
			until(t, "a poll is decided", func() bool {
				got, _ := tab.poll()
				return got != ""
			})
			soaktest.Figure(t, fmt.Sprintf("start.first_decided_poll_ms, %d messages", count), time.Since(began).Milliseconds())
		})
	}
}

func TestOneWriteToRedisReachesEveryEdgeWithinASecond(t *testing.T) {
	redis := redistest.Start(t)
	folder := t.TempDir()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	push := func(first string) time.Time {
		t.Helper()
		file := filepath.Join(folder, "messages.toml")
		writeFile(t, file, workspaceOf(3, first))
		if out, err := exec.Command(path, "messages", "push", file, redis.URL()).CombinedOutput(); err != nil || !strings.Contains(string(out), "Wrote 3 messages") {
			t.Fatalf("messages push: %v\n%s", err, out)
		}
		return time.Now()
	}
	push("closing")
	edges := make([]*server, 3)
	for i := range edges {
		edges[i] = newServer(t, withSource("redis "+redis.URL()))
		edges[i].start()
	}
	generation := func(s *server) string {
		response, err := http.Get("http://" + s.admin + "/handbill/health/ready")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(body), `"revision":"`)
		revision, _, _ := strings.Cut(rest, `"`)
		return revision
	}
	before := generation(edges[0])
	written := push("opening")
	until(t, "every edge has what was written", func() bool {
		now := generation(edges[0])
		return now != before && generation(edges[1]) == now && generation(edges[2]) == now
	})
	took := time.Since(written)
	if soaktest.Full() && took > time.Second { // else the machine does other things, too
		t.Errorf("it took %s", took)
	}
	soaktest.Figure(t, "source.push_to_three_processes_ms", took.Milliseconds())
}
