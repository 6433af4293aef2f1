package redis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine/redis"
	"handbill/engine/store/redistest"
)

func use(t *testing.T, urls ...string) *redis.Client {
	t.Helper()
	c, err := redis.Use("a test", urls)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhoeverNamesTheSameRedisSharesOneConnection(t *testing.T) {
	server := redistest.Start(t)
	one, two := use(t, server.URL()), use(t, server.URL())
	if one != two {
		t.Error("two users have two clients")
	}
	first, err := one.Connected()
	if err != nil {
		t.Fatal(err)
	}
	one.Release()
	if second, err := two.Connected(); err != nil || second != first {
		t.Errorf("after the first user left: %v", err)
	}
	if err := first.Do(t.Context(), first.B().Ping().Build()).Error(); err != nil {
		t.Errorf("after the first user left: %v", err)
	}
	two.Release()
	if _, err := two.Connected(); err == nil {
		t.Error("a client that nobody uses connects")
	}
	again := use(t, server.URL())
	defer again.Release()
	if again == one {
		t.Error("a closed client is given out")
	}
}

func TestAServerThatIsNotThereIsReachedWhenItIs(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	c := use(t, server.URL())
	defer c.Release()
	if _, err := c.Connected(); err == nil || !strings.Contains(err.Error(), server.Address) {
		t.Errorf("the error is %v", err)
	}
	server.Restart()
	if _, err := c.Connected(); err != nil {
		t.Errorf("once it is there: %v", err)
	}
}

func TestListenersAreToldOfWhatOthersChange(t *testing.T) {
	server := redistest.Start(t)
	c := use(t, server.URL())
	defer c.Release()
	heard := make(chan []string, 10)
	stop := c.Listen(func(keys []string) { heard <- keys })
	connection, err := c.Connected()
	if err != nil {
		t.Fatal(err)
	}
	read := func() {
		get := connection.B().Get().Key("handbill:workspace:shop").Cache()
		if text, err := connection.DoCache(t.Context(), get, time.Minute).ToString(); err != nil || text == "" {
			t.Fatalf("reading: %q %v", text, err)
		}
	}
	server.Say("SET handbill:workspace:shop monday")
	read()
	server.Say("SET handbill:workspace:shop tuesday")
	if keys := <-heard; !slices.Equal(keys, []string{"handbill:workspace:shop"}) {
		t.Errorf("heard %q", keys)
	}
	server.Kill()
	if keys := <-heard; keys != nil {
		t.Errorf("when the connection is lost, heard %q", keys)
	}
	stop()
}

func TestWhatIsWrongWithURLsIsSaid(t *testing.T) {
	for _, test := range []struct {
		name string
		urls []string
		want string
	}{
		{"no URL", nil, "a source in Redis needs a URL; write redis://localhost:6379"},
		{"no scheme", []string{"localhost:6379"}, `"localhost:6379" is not a URL of Redis`},
		{"another scheme", []string{"https://redis.example.com"}, `"https://redis.example.com" is not a URL of Redis`},
		{"a password with a slash", []string{"redis://:a/b@localhost"}, "a %, / or @ in a password is written as %25, %2F, %40"},
		{"a password that is not shown", []string{"redis://:quarterly@localhost/shop"}, `"redis://:xxxxx@localhost/shop"`},
		{"an old protocol", []string{"redis://localhost?protocol=2"}, "leave out protocol and client_cache"},
		{"two that are not one", []string{"redis://a", "rediss://b"}, `"rediss://b" differs from "redis://a" in more than the host`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := redis.CheckURLs("a source in Redis", test.urls); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			if _, err := redis.Use("a source in Redis", test.urls); err == nil {
				t.Error("it can be used")
			}
		})
	}
}
