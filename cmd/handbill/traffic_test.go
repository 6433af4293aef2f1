package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// traffic is what a tab asks of servers, and what they answer.
type traffic struct {
	mu       sync.Mutex
	requests []sent
	failed   []string
	said     []string // on the console
}

// sent is one request of a tab.
type sent struct{ method, address, body string }

// record writes down what a tab asks from now on.
func record(b *tab) *traffic {
	b.t.Helper()
	all := new(traffic)
	err := chromedp.Listen(b.ctx, func(event any) {
		all.mu.Lock()
		defer all.mu.Unlock()
		switch event := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(event.Request.URL, "data:") && !strings.HasPrefix(event.Request.URL, "blob:") {
				all.requests = append(all.requests, sent{event.Request.Method, event.Request.URL, bodyOf(event.Request)})
			}
		case *runtime.EventConsoleAPICalled:
			for _, argument := range event.Args {
				all.said = append(all.said, string(argument.Value)+argument.Description)
			}
		case *network.EventResponseReceived:
			if event.Response.Status >= 400 && !strings.HasSuffix(event.Response.URL, "/favicon.ico") {
				all.failed = append(all.failed, fmt.Sprint(event.Response.Status, " ", event.Response.URL))
			}
		}
	})
	if err == nil {
		_, err = chromedp.Call(b.ctx, network.Enable, network.EnableParams{})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("asked: %q\nfailed: %q\nsaid: %q", all.paths(), all.failed, all.said)
		}
	})
	return all
}

func bodyOf(request *network.Request) string {
	var body strings.Builder
	for _, entry := range request.PostDataEntries {
		body.WriteString(string(entry.Bytes))
	}
	return body.String()
}

// paths are what was asked of an origin, each path once, in order.
func (a *traffic) paths() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var paths []string
	for _, one := range a.requests {
		if address, err := url.Parse(one.address); err == nil && !slices.Contains(paths, address.Path) {
			paths = append(paths, address.Path)
		}
	}
	return paths
}

// count is how many requests went to a path.
func (a *traffic) count(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	count := 0
	for _, one := range a.requests {
		if address, err := url.Parse(one.address); err == nil && address.Path == path {
			count++
		}
	}
	return count
}

// expectOwnOrigin makes sure that nothing was asked of another origin, and that no path was unknown.
func (a *traffic) expectOwnOrigin(t *testing.T, origin string) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.requests {
		if !strings.HasPrefix(one.address, origin+"/") {
			t.Errorf("the page asked another origin: %s %s", one.method, one.address)
		}
	}
	for _, failure := range a.failed {
		t.Errorf("the endpoint answered %s", failure)
	}
}
