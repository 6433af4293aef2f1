package source

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"handbill/engine/workspace"
)

// large is a workspace that takes a while to compile.
func large(end string) string {
	text := "[workspace]\nsite_id = \"tallowby\"\nwrite_key = \"tallowby-web\"\n" + sale
	for i := range 200 {
		text += strings.ReplaceAll(sale, "spring-sale", fmt.Sprintf("sale-%d", i))
	}
	return text + end
}

// begun is a follower whose source says nothing, with what it tells, in order. It compiles when it is let.
type begun struct {
	*Follower
	told    chan string
	compile chan struct{}
}

func beginWith(t *testing.T, keptText string) *begun {
	t.Helper()
	k := keeper(t)
	if err := k.Keep(Kept{Source: "shop", Revision: "5ca1ab1e", Files: []workspace.File{{Name: "shop.toml", Data: []byte(keptText)}}}); err != nil {
		t.Fatal(err)
	}
	silent := scripted{
		load:  func() ([]workspace.File, error) { <-t.Context().Done(); return nil, t.Context().Err() },
		watch: func(ctx context.Context, _ func()) error { <-ctx.Done(); return nil },
	}
	b := &begun{told: make(chan string, 4), compile: make(chan struct{})}
	b.Follower = newFollower(silent, Options{
		Logger: slog.New(slog.DiscardHandler), Keeper: k,
		Open: func(o *workspace.Opening) {
			if o == nil {
				b.told <- "none after all"
				return
			}
			b.told <- "opens " + o.SiteID + " " + o.WriteKey
		},
		Apply: func(s *workspace.Snapshot) { b.told <- fmt.Sprintf("applies %d", len(s.Messages)) },
	})
	compile := b.compileFrom
	b.compileFrom = func(before *workspace.Snapshot, files []workspace.File) (*workspace.Snapshot, []workspace.Problem, error) {
		select {
		case <-b.compile:
		case <-t.Context().Done():
		}
		return compile(before, files)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.cancel = cancel
	t.Cleanup(b.Stop)
	first := make(chan struct{})
	b.goroutines.Go(func() { b.keepLoading(ctx, first) })
	return b
}

func TestPagesKnowOfALargeLastGoodWorkspaceBeforeItIsCompiled(t *testing.T) {
	b := beginWith(t, large(""))
	if got := <-b.told; got != "opens tallowby tallowby-web" {
		t.Errorf("first it %s", got)
	}
	if b.State().Generation != "" {
		t.Errorf("it is in use already: %+v", b.State())
	}
	close(b.compile)
	if got := <-b.told; got != "applies 201" {
		t.Errorf("then it %s", got)
	}
}

func TestASmallLastGoodWorkspaceIsCompiledAtOnce(t *testing.T) {
	b := beginWith(t, sale)
	close(b.compile)
	if got := <-b.told; got != "applies 1" {
		t.Errorf("first it %s", got)
	}
}

func TestPagesPassAgainWhenTheLastGoodWorkspaceIsNoLongerGood(t *testing.T) {
	b := beginWith(t, large("hologram = true\n"))
	if got := <-b.told; got != "opens tallowby tallowby-web" {
		t.Errorf("first it %s", got)
	}
	close(b.compile)
	if got := <-b.told; got != "none after all" {
		t.Errorf("then it %s", got)
	}
}
