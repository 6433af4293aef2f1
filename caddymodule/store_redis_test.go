package caddymodule

import (
	"path/filepath"
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
	e.load("handbill "+workspace+" {\n\tstore redis "+server.URL()+"\n}", tallowby(application(t)))
	until(t, "nothing is shown of what was dismissed before the move", func() bool { return e.tryPoll("http://tallowby.test/", "/_handbill").StatusCode == 204 })
}
