package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// remember writes a store's file with many visitors, each with traits, a visit and a message that was dismissed.
func remember(t *testing.T, path string, visitors int) {
	t.Helper()
	s, err := store.OpenBolt(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const together = 20_000 // in one transaction
	for from := 0; from < visitors; from += together {
		var mutations []store.Mutation
		for n := from; n < min(from+together, visitors); n++ {
			key := store.Key{Workspace: "default", Visitor: fmt.Sprintf("u:%08x", uint32(n)*2654435761)}
			at := time.Now().Add(-time.Duration(n%100) * time.Hour)
			mutations = append(mutations,
				store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Identified, At: at, Traits: map[string]any{"plan": "team", "seats": float64(n % 40)}}},
				store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Opened, Message: "monday", Delivery: uint64(n + 1), Visit: uint32(n + 1), At: at}},
				store.Mutation{Key: key, Change: visitor.Change{Kind: visitor.Dismissed, Message: "monday", Delivery: uint64(n + 1), At: at}})
		}
		if _, err := s.Apply(t.Context(), mutations); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestAServerWithManyVisitorsStartsAtOnce has a million of them with HANDBILL_SOAK=1, and some without.
func TestAServerWithManyVisitorsStartsAtOnce(t *testing.T) {
	visitors := soaktest.Times(20_000, 1_000_000)
	folder := t.TempDir()
	database, messages := filepath.Join(folder, "handbill.db"), filepath.Join(folder, "messages.toml")
	writeFile(t, messages, "[[messages]]\nid = \"monday\"\npages = [\"*\"]\ntext = \"Closed on Monday.\"\n\n[[messages]]\nid = \"tuesday\"\npages = [\"*\"]\ntext = \"Closed on Tuesday.\"\n")
	remember(t, database, visitors)

	begun := time.Now()
	s, err := store.OpenBolt(database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	opened := time.Since(begun)
	if r, err := s.Load(t.Context(), store.Key{Workspace: "default", Visitor: "u:00000000"}); err != nil || r == nil {
		t.Errorf("record %+v, error %v", r, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	run := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill {\n\t\tworkspace "+messages+"\n\t\tstore bbolt "+database+"\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tidentity unsigned\n\t}\n\trespond \"<!doctype html><title>Shop</title>\"\n}\n")
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(run.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	run.process = exec.Command(path, "run", "--config", run.config)
	run.process.Env = append(os.Environ(), "XDG_DATA_HOME="+run.data, "XDG_CONFIG_HOME="+run.data)
	run.process.Stdout, run.process.Stderr = log, log
	begun = time.Now()
	if err := run.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.end(syscall.SIGKILL) })
	poll := func(n int) (status int, body string) {
		request, err := http.NewRequest(http.MethodPost, "http://"+run.edge+"/_handbill/api/v4/users?sessionId=1",
			strings.NewReader(fmt.Sprintf(`{"page":{"url":"http://%s/"},"tab":"tab","view":"view-%d","userId":"%08x"}`, run.edge, n, uint32(n)*2654435761)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	var answered time.Duration
	for answered == 0 {
		status, body := poll(0)
		switch {
		case status == http.StatusOK:
			answered = time.Since(begun)
			if strings.Contains(body, "monday") || !strings.Contains(body, "tuesday") {
				t.Errorf("the first answer is %s", body)
			}
		case time.Since(begun) > time.Minute:
			text, _ := os.ReadFile(run.log)
			t.Fatalf("no answer: %d %s\n%s", status, body, text)
		}
		time.Sleep(2 * time.Millisecond)
	}
	for n := 0; n < soaktest.Times(1000, 50_000); n++ {
		switch status, body := poll(n); {
		case status == http.StatusTooManyRequests: // one address asks for all of them
			time.Sleep(100 * time.Millisecond)
			n--
		case status != http.StatusOK, strings.Contains(body, "monday"):
			t.Fatalf("visitor %d: %d %s", n, status, body)
		}
	}
	soaktest.Figure(t, "many.visitors", visitors)
	soaktest.Figure(t, "many.open_ms", opened.Milliseconds())
	soaktest.Figure(t, "many.start_to_first_answer_ms", answered.Milliseconds())
	soaktest.Figure(t, "many.own_memory_mib", ownMemory(t, run.process.Process.Pid))
}

// ownMemory is how much memory a process has for itself, without what it has mapped of files, in MiB.
func ownMemory(t *testing.T, pid int) (mib int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if n, _ := fmt.Sscanf(line, "RssAnon: %d kB", &kib); n == 1 {
			return kib >> 10
		}
	}
	return 0
}
