package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// scenario is something that a visitor, an operator and a client go through together.
type scenario struct {
	// id names it in hosts, title in the table of docs/compatibility.md.
	id, title string
	// core: it is run with every version, not with the newest and the oldest alone.
	core bool
	// messages is the workspace's TOML, below [workspace].
	messages string
	// settings are more lines of [workspace].
	settings string
	// directive are more words of the site's directive.
	directive string
	// streams: the edge has streams.
	streams bool
	// pages are the site's pages by path: what stands in <body>, after a heading that all have. Any other path has the heading alone.
	pages map[string]string
	// head is what stands in <head> of every page, NONCE in it the nonce of each answer, ORIGIN the site's origin.
	head string
	// policy is the pages' Content-Security-Policy, NONCE in it the nonce of each answer.
	policy func(client) string
	// lacks says why a client cannot do it; "" where it can.
	lacks func(client) string
	// fails are patterns of "STATUS PATH" and of console messages that the scenario is about.
	fails []string
	run   func(*guest)
}

// run is a scenario with one client.
type conformanceRun struct {
	scenario scenario
	client   client
	suite    *suite
	host     string // and "also."+host, where the same workspace is served with our own client
	name     string // the workspace
	file     string // its TOML
	wire     *wireRecord
}

// suite is the edge in front of the site of every run.
type suite struct {
	server *server
	road   *road
	runs   map[string]*conformanceRun // by host
}

// TestConformance runs the scenarios with our own client and with published ones, byte for byte as npm has them: real pages in
// a real browser, in front of a real edge.
func TestConformance(t *testing.T) {
	clients := clientsUnderTest(t)
	table := newTable(clients)
	polling, streaming := newSuite(t, clients, false), newSuite(t, clients, true)
	places := make(chan struct{}, 2)
	t.Run("scenarios", func(t *testing.T) {
		for _, s := range scenarios() {
			suite := polling
			if s.streams {
				suite = streaming
			}
			for _, c := range clients {
				if why := s.leftOut(c); why != "" {
					table.note(s, c, why)
					continue
				}
				t.Run(s.id+"/"+c.id, func(t *testing.T) {
					t.Parallel()
					places <- struct{}{}
					defer func() { <-places }()
					defer func() { table.note(s, c, outcome(t)) }()
					suite.visit(t, s, c)
				})
			}
		}
	})
	table.check(t)
}

// leftOut is why a scenario is not run with a client; "" where it is.
func (s scenario) leftOut(c client) string {
	if s.lacks != nil {
		if why := s.lacks(c); why != "" {
			return why
		}
	}
	if !s.core && !c.whole {
		return notRun
	}
	return ""
}

// newSuite starts a site and an edge that has a host and a workspace for each run.
func newSuite(t *testing.T, clients []client, streams bool) *suite {
	t.Helper()
	su := &suite{runs: map[string]*conformanceRun{}}
	site := httptest.NewServer(http.HandlerFunc(su.serveSite))
	t.Cleanup(site.Close)
	folder := t.TempDir()
	var workspaces, sites strings.Builder
	for _, s := range scenarios() {
		for _, c := range clients {
			if s.streams != streams || s.leftOut(c) != "" {
				continue
			}
			r := &conformanceRun{scenario: s, client: c, suite: su, host: s.id + "." + c.id + ".localhost", name: s.id + "--" + c.id}
			r.file = filepath.Join(folder, r.name+".toml")
			r.edit(t, s.messages)
			su.runs[r.host], su.runs["also."+r.host] = r, r
			fmt.Fprintf(&workspaces, "\t\tworkspace %s %s\n", r.name, r.file)
			fmt.Fprintf(&sites, "http://%s {\n\tbind 127.0.0.1\n\thandbill %s {\n\t\tidentity unsigned\n\t\t%s\n\t\t%s\n\t}\n\treverse_proxy %s\n}\n",
				r.host+":PORT", r.name, c.directive(t), s.directive, site.Listener.Addr())
			fmt.Fprintf(&sites, "http://also.%s {\n\tbind 127.0.0.1\n\thandbill %s {\n\t\tidentity unsigned\n\t}\n\treverse_proxy %s\n}\n",
				r.host+":PORT", r.name, site.Listener.Addr())
		}
	}
	if len(su.runs) == 0 {
		return su
	}
	stream := ""
	if streams {
		stream = "\t\tstream on\n"
	}
	su.server = newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\thandbill {\n"+workspaces.String()+
		"\t\tstore memory\n\t\tcache_size 1MiB\n\t\tpoll_slow 2s\n\t\tpoll_fast 1s\n"+stream+"\t}\n}\n"+sites.String())
	_, port, _ := strings.Cut(su.server.edge, ":")
	config, err := os.ReadFile(su.server.config)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, su.server.config, strings.ReplaceAll(string(config), ":PORT", ":"+port))
	began := time.Now()
	su.server.start()
	t.Logf("the edge with %d hosts is ready after %s", len(su.runs), time.Since(began).Round(time.Millisecond))
	su.road = newRoad(su.server.edge)
	// A stream stays open as long as its page.
	t.Cleanup(func() { su.road.CloseClientConnections(); su.road.Close() })
	for host, r := range su.runs {
		if host == r.host {
			r.wire = su.road.wire(host)
		}
	}
	return su
}

// edit writes the messages of a run's workspace.
func (r *conformanceRun) edit(t *testing.T, messages string) {
	t.Helper()
	writeFile(t, r.file, "[workspace]\nname = \"Tallowby\"\nsite_id = \"tallowby\"\nwrite_key = \"tallowby-web\"\n"+r.scenario.settings+"\n"+messages)
}

// bundles are the files of the published in-app library, read once each.
var bundles sync.Map

// serveSite answers as the site of whichever run the host names.
func (su *suite) serveSite(w http.ResponseWriter, request *http.Request) {
	host, _, _ := strings.Cut(request.Host, ":")
	r := su.runs[host]
	switch {
	case r == nil:
		http.Error(w, "no such site", http.StatusMisdirectedRequest)
		return
	case request.URL.Path == "/gist.min.js":
		file := filepath.Join(r.client.folder, "dist/gist.min.js")
		text, ok := bundles.Load(file)
		if !ok {
			data, err := os.ReadFile(file)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			text, _ = bundles.LoadOrStore(file, data)
		}
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(text.([]byte))
		return
	}
	nonce := rand.Text()
	if r.scenario.policy != nil {
		w.Header().Set("Content-Security-Policy", strings.ReplaceAll(r.scenario.policy(r.client), "NONCE", nonce))
	}
	scripts := ""
	if host == r.host {
		scripts = r.client.scripts(nonce)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Tallowby</title><link rel=\"icon\" href=\"data:,\">%s</head>"+
		"<body><h1>Tallowby</h1>%s%s</body></html>\n", strings.NewReplacer("NONCE", nonce, "ORIGIN", "http://"+request.Host).Replace(r.scenario.head), r.scenario.pages[request.URL.Path], scripts)
}
