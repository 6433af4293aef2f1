package caddymodule

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
)

func TestASiteIsUnharmedWhileRedisIsNotThere(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore redis "+server.URL()+" {\n\t\tlog "+filepath.Join(t.TempDir(), "events")+"\n\t}\n}", tallowby(application(t)))
	if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || home.injected() {
		t.Errorf("the page does not pass as it is: %s\n%s", home.Status, home.body)
	}
	poll := e.tryPoll("http://tallowby.test/", "/_handbill")
	if poll.StatusCode != 503 || poll.Header.Get("Retry-After") == "" || !strings.Contains(poll.body, "the store is not open yet") {
		t.Errorf("the endpoint does not say why it cannot answer: %s %s", poll.Status, poll.body)
	}
	if log := e.logs(); !strings.Contains(log, server.URL()) || !strings.Contains(log, "see that Redis runs there") {
		t.Errorf("the log does not say what to do:\n%s", log)
	}
	server.Restart()
	until(t, "messages are served once Redis is there", func() bool { return e.get("http://tallowby.test/").injected() })
	until(t, "the message is shown", func() bool { return strings.Contains(e.tryPoll("http://tallowby.test/", "/_handbill").body, "monday") })
}

func TestAPasswordForRedisMayHoldAnyCharacter(t *testing.T) {
	const password = `per cent %, at @, slash / and "quotes"`
	t.Setenv("HANDBILL_TEST_PASSWORD", password)
	server := redistest.Start(t)
	server.Say(`CONFIG SET requirepass "per cent %, at @, slash / and \"quotes\""`)
	in := RedisStore{URLs: []string{"redis://default:{env.HANDBILL_TEST_PASSWORD}@" + server.Address}}
	in.URLs[0] = fillURL(in.URLs[0])
	if strings.Contains(in.Place(), "quotes") {
		t.Errorf("the place is called %s", in.Place())
	}
	opened, err := store.OpenRedis(t.Context(), in.URLs, store.RedisOptions{CacheSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := opened.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhenRedisIsGonePagesGoOnAndHealthSaysSo(t *testing.T) {
	server := redistest.Start(t)
	e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), "redis "+server.URL(), application(t))
	until(t, "the message is shown", func() bool { return strings.Contains(e.tryPoll("http://tallowby.test/", "/_handbill").body, "monday") })
	if status, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", ""); status != 200 || strings.Contains(body, "degraded") {
		t.Errorf("while Redis is there: %d %s", status, body)
	}
	server.Kill()
	for range 3 {
		if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || !home.injected() {
			t.Errorf("the page is not as always: %s\n%s", home.Status, home.body)
		}
		if poll := e.tryPoll("http://tallowby.test/", "/_handbill"); poll.StatusCode >= 500 && poll.Header.Get("Retry-After") == "" {
			t.Errorf("a poll: %s %s", poll.Status, poll.body)
		}
	}
	if status, body := ask(t, "POST", "http://"+admin+"/handbill/shop/send", `{"test":true,"to":"ines"}`); status != 503 || !strings.Contains(body, "cannot be reached now") {
		t.Errorf("sending: %d %s", status, body)
	}
	for _, path := range []string{"health/ready", ""} {
		if status, body := ask(t, "GET", "http://"+admin+"/handbill/"+path, ""); status != 200 || !strings.Contains(body, "cannot be reached since") || !strings.Contains(body, server.Address) {
			t.Errorf("/handbill/%s does not say so: %d %s", path, status, body)
		}
	}
	server.Restart()
	until(t, "all is well again", func() bool {
		_, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", "")
		return !strings.Contains(body, "degraded")
	})
	if log := e.logs(); strings.Count(log, "Redis cannot be reached") != 1 || !strings.Contains(log, "Redis answers again") {
		t.Errorf("the log does not tell of it once:\n%s", log)
	}
}

func TestWhatVisitorsDoWhileRedisIsGoneIsAcknowledgedAndArrives(t *testing.T) {
	server := redistest.Start(t)
	folder := t.TempDir()
	store := "redis " + server.URL() + " {\n\tlog " + filepath.Join(folder, "handbill.events") + "\n}"
	e, admin, globals := startWithAdmin(t, "workspace shop "+messages(t, "monday"), store, application(t))
	var delivery string
	until(t, "the message is shown", func() bool {
		delivery = ""
		if strings.Contains(e.tryPoll("http://tallowby.test/", "/_handbill").body, "monday") {
			delivery = e.delivered("http://tallowby.test/")
		}
		return delivery != ""
	})
	server.Kill()
	e.close(delivery)
	if a := e.tryPoll("http://tallowby.test/", "/_handbill"); strings.Contains(a.body, "monday") {
		t.Errorf("what was dismissed is shown: %s", a.body)
	}
	if _, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", ""); !strings.Contains(body, "wait in the journal of this edge") {
		t.Errorf("health does not say what waits: %s", body)
	}
	metrics := func() string {
		answer, err := http.Get("http://" + admin + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := metrics(); !regexp.MustCompile(`caddy_handbill_store_journal_waiting\{store="[^"]+"\} [1-9]`).MatchString(text) {
		t.Errorf("the metrics do not say what waits:\n%s", text)
	}
	// The edge ends, and begins again when Redis is back.
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "handbill.journal")); err != nil {
		t.Errorf("the journal is not beside the log: %v", err)
	}
	server.Restart()
	e.load(globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+application(t)+"\n}\n")
	until(t, "all is well", func() bool {
		status, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", "")
		return status == 200 && !strings.Contains(body, "degraded")
	})
	until(t, "nothing is shown of what was dismissed", func() bool { return e.tryPoll("http://tallowby.test/", "/_handbill").StatusCode == 204 })
	status, body := ask(t, "GET", "http://"+admin+"/handbill/shop/statistics", "")
	if status != 200 || !strings.Contains(body, `"opened":1`) || !strings.Contains(body, `"dismissed":1`) {
		t.Errorf("the statistics are %d %s", status, body)
	}
	if text := metrics(); !regexp.MustCompile(`caddy_handbill_store_journal_waiting\{store="[^"]+"\} 0`).MatchString(text) {
		t.Errorf("the metrics say that something waits:\n%s", text)
	}
}

func TestWithoutAJournalReportsAreAskedForAgain(t *testing.T) {
	server := redistest.Start(t)
	store := "redis " + server.URL() + " {\n\tlog " + filepath.Join(t.TempDir(), "events") + "\n\tjournal off\n}"
	e, _, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), store, application(t))
	server.Kill()
	event := `{"type":"track","event":"Order Completed","messageId":"1","userId":"ines"}`
	if a := e.do("POST", "http://tallowby.test/_handbill/v1/t", event, "Content-Type", "text/plain"); a.StatusCode != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("an event: %s %s", a.Status, a.body)
	}
}

func TestAJournalThatCannotBeIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ line, want string }{
		"without room":         {"journal_size 1KiB", "a journal of 1024 bytes holds hardly anything; give it at least 64KiB, or write: journal off"},
		"of a size that is no": {"journal_size large", `"large" is not a size; write it as 32MiB`},
		"without a folder":     {"journal", "/var/lib/caddy/handbill.journal"},
	} {
		if _, err := adapt(global("handbill ./shop {\n\tstore redis redis://localhost {\n\t\t" + c.line + "\n\t}\n}")); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "Caddyfile:4") {
			t.Errorf("%s: %v", name, err)
		}
	}
	same := RedisStore{URLs: []string{"redis://localhost"}, Log: "/var/lib/caddy/handbill", Journal: "/var/lib/caddy/handbill"}
	if err := same.Provision(caddy.Context{}); err == nil || !strings.Contains(err.Error(), "give each a folder of its own") {
		t.Errorf("in the log's folder: %v", err)
	}
}

func TestWhatIsInAFileMovesToRedis(t *testing.T) {
	database, server, workspace := filepath.Join(t.TempDir(), "handbill.db"), redistest.Start(t), messages(t, "monday")
	globals := "handbill " + workspace + " {\n\tstore bbolt " + database + "\n}"
	e := start(t, globals, tallowby(application(t)))
	e.dismiss("http://tallowby.test/")
	if out, err := run(storeCommand(), "copy", database, server.URL()); err == nil || !strings.Contains(err.Error(), "another process has the store open") {
		t.Errorf("while Caddy runs: %v\n%s", err, out)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if out, err := run(storeCommand(), "copy", database+".gone", server.URL()); err == nil || !strings.Contains(err.Error(), "there is no store to copy") {
		t.Errorf("of a file that is not there: %v\n%s", err, out)
	}
	out, err := run(storeCommand(), "copy", database, server.URL())
	if err != nil || !strings.Contains(out, "Copied 1 visitor, 4 numbers of the statistics and 1 secret.") {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := run(storeCommand(), "copy", server.URL(), "redis://127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "copy into a file first") {
		t.Errorf("from Redis into Redis: %v", err)
	}
	out, err = run(storeCommand(), "copy", server.URL(), database+".back")
	if err != nil || !strings.Contains(out, "Copied 1 visitor, 4 numbers of the statistics and 1 secret.") {
		t.Errorf("back into a file: %v\n%s", err, out)
	}
	e.load("handbill "+workspace+" {\n\tstore redis "+server.URL()+"\n}", tallowby(application(t)))
	until(t, "nothing is shown of what was dismissed before the move", func() bool { return e.tryPoll("http://tallowby.test/", "/_handbill").StatusCode == 204 })
}
