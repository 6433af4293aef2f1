package caddymodule

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

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
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
		t.Errorf("then: %v", ids)
	}
	e.dismiss("http://tallowby.test/")
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
