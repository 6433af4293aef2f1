package source

import (
	"strings"
	"testing"
	"time"

	"handbill/engine/soaktest"
	"handbill/engine/store/redistest"
	"handbill/engine/workspace"
)

const shopKey = "handbill:workspace:shop"

// push puts a workspace where a source finds it.
func push(t *testing.T, text string, urls ...string) {
	t.Helper()
	if err := PushRedis(t.Context(), urls, shopKey, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestOneWriteToRedisChangesEveryEdgeWithinASecond(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) []string{
		"one server": func(t *testing.T) []string { return []string{redistest.Start(t).URL()} },
		"a Cluster":  func(t *testing.T) []string { return redistest.StartCluster(t).URLs() },
		"Sentinels":  func(t *testing.T) []string { return redistest.StartWatched(t).URLs() },
	} {
		t.Run(name, func(t *testing.T) {
			urls := start(t)
			push(t, sale, urls...)
			edges := []*followed{follow(t, Redis(urls, shopKey)), follow(t, Redis(urls, shopKey)), follow(t, Redis(urls, shopKey))}
			for _, edge := range edges {
				edge.eventuallyShows(t, "spring-sale")
			}
			slowest := time.Duration(0)
			for range 3 {
				for _, version := range [][2]string{{tour, "billing-tour"}, {sale, "spring-sale"}} {
					written := time.Now()
					push(t, version[0], urls...)
					for _, edge := range edges {
						edge.eventuallyShows(t, version[1])
					}
					slowest = max(slowest, time.Since(written))
				}
			}
			if soaktest.Full() && slowest > time.Second { // else the machine does other things, too
				t.Errorf("the edges took %s", slowest)
			}
			soaktest.Figure(t, "source.write_to_every_edge_ms, "+name, slowest.Milliseconds())
			for _, edge := range edges {
				if len(edge.applied) != 7 {
					t.Errorf("an edge applied %d versions", len(edge.applied))
				}
				edge.Stop()
			}
		})
	}
}

func TestOutagesOfRedisKeepTheLastGoodWorkspace(t *testing.T) {
	for _, test := range []struct {
		name    string
		breakIt func(t *testing.T, server *redistest.Server)
		mend    func(t *testing.T, server *redistest.Server)
		want    string
	}{
		{
			name:    "it is gone",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Kill() },
			mend:    func(_ *testing.T, s *redistest.Server) { s.Restart() },
			want:    "see that Redis runs there",
		},
		{
			name:    "it does not answer",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Pause() },
			mend:    func(_ *testing.T, s *redistest.Server) { s.Continue() },
			want:    "Redis ",
		},
		{
			name:    "the key is gone",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Say("DEL " + shopKey) },
			want:    "there is nothing at the key; put the workspace there: handbill messages push --key " + shopKey,
		},
		{
			name:    "the key is empty",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Say("SET " + shopKey + ` ""`) },
			want:    "there is nothing at the key",
		},
		{
			name:    "there are only blanks",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Say("SET " + shopKey + ` "  "`) },
			want:    "there are only blanks at the key",
		},
		{
			name: "the key is of another type",
			breakIt: func(_ *testing.T, s *redistest.Server) {
				s.Say("DEL " + shopKey)
				s.Say("HSET " + shopKey + " messages 3")
			},
			mend: func(_ *testing.T, s *redistest.Server) { s.Say("DEL " + shopKey) },
			want: "",
		},
		{
			name:    "it is huge",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Say("SETRANGE " + shopKey + " 12000000 x") },
			want:    "there are more than the 10 MiB that a file may have",
		},
		{
			name:    "it does not check",
			breakIt: func(_ *testing.T, s *redistest.Server) { s.Say("SET " + shopKey + ` "[[messages]\n"`) },
			want:    ":1:",
		},
		{
			name: "it may not be read",
			breakIt: func(_ *testing.T, s *redistest.Server) {
				s.Say("ACL SETUSER default resetkeys ~visitors:*")
				s.Say("CLIENT KILL TYPE normal SKIPME yes")
			},
			mend: func(_ *testing.T, s *redistest.Server) { s.Say("ACL SETUSER default allkeys") },
			want: "let the user do what a source needs",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			push(t, sale, server.URL())
			f := follow(t, Redis([]string{server.URL()}, shopKey))
			f.eventuallyShows(t, "spring-sale")
			test.breakIt(t, server)
			f.failsWith(t, server.URL()+" key "+shopKey, test.want)
			if test.mend != nil {
				test.mend(t, server)
			}
			push(t, tour, server.URL())
			f.eventuallyShows(t, "billing-tour")
			eventually(t, "the problems are gone", func() bool { return len(f.State().Problems) == 0 })
		})
	}
}

func TestAnEdgeThatStartsWithoutRedisTakesTheWorkspaceWhenItIsThere(t *testing.T) {
	server, k := redistest.Start(t), keeper(t)
	push(t, sale, server.URL())
	followKeeping(t, Redis([]string{server.URL()}, shopKey), k).Stop()
	server.Kill()
	f := followKeeping(t, Redis([]string{server.URL()}, shopKey), k)
	if f.shown() != "spring-sale" || !f.State().Kept {
		t.Errorf("it shows %s in state %+v", f.shown(), f.State())
	}
	server.Restart()
	push(t, tour, server.URL())
	f.eventuallyShows(t, "billing-tour")
}

func TestAWorkspaceInRedisFollowsTheMaster(t *testing.T) {
	redis := redistest.StartWatched(t)
	push(t, sale, redis.URLs()...)
	f := follow(t, Redis(redis.URLs(), shopKey))
	f.eventuallyShows(t, "spring-sale")
	redis.Lose()
	redis.AwaitTakeover(t)
	eventually(t, "the workspace can be written", func() bool { return PushRedis(t.Context(), redis.URLs(), shopKey, []byte(tour)) == nil })
	f.eventuallyShows(t, "billing-tour")
}

func TestTheNameOfAWorkspaceInRedisHoldsNoPassword(t *testing.T) {
	source := Redis([]string{"redis://handbill:quarterly@redis.example.com:6379/2"}, RedisKey("shop"))
	if got := source.String(); got != "redis://handbill:xxxxx@redis.example.com:6379/2 key handbill:workspace:shop" {
		t.Errorf("it is called %s", got)
	}
	err := PushRedis(t.Context(), []string{"redis://:quarterly@127.0.0.1:1"}, shopKey, nil)
	if err == nil || strings.Contains(err.Error(), "quarterly") || !strings.Contains(err.Error(), "see that Redis runs there") {
		t.Errorf("the error is %v", err)
	}
	if got := Revision([]workspace.File{{Data: []byte(sale)}}); len(got) != 16 {
		t.Errorf("the revision is %s", got)
	}
}
