package caddymodule

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"handbill/engine/source"
	"handbill/engine/workspace"
	"handbill/inject"
)

// A visitor who claims in X-Forwarded-* to have come by https, or to another host, is not believed; a trusted proxy is.
func TestForwardedHeadersAreBelievedOnlyFromTrustedProxies(t *testing.T) {
	const proxied = "\nservers {\n\ttrusted_proxies static 127.0.0.1/32\n}"
	headers := []string{"Content-Type", "application/json", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "www.tallowby.test", "Origin", "https://www.tallowby.test"}
	for name, test := range map[string]struct {
		globals, site string
		status        int
		secure        bool
	}{
		"nobody is trusted":    {"", "handbill", 403, false},
		"the proxy is trusted": {proxied, "handbill", 200, true},
		"the origin is given":  {"", "handbill {\n\torigin https://www.tallowby.test\n}", 200, true},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}"+test.globals, "http://tallowby.test:PORT {\n\t"+test.site+"\n}\n")
			got := e.do(http.MethodPost, "http://tallowby.test/_handbill/api/v4/users?sessionId=1", pollBody("https://www.tallowby.test/"), headers...)
			if got.StatusCode != test.status {
				t.Fatalf("%s %s", got.Status, got.body)
			}
			if cookie := got.Header.Get("Set-Cookie"); test.status == 200 && strings.Contains(cookie, "; Secure") != test.secure {
				t.Errorf("Set-Cookie: %s", cookie)
			}
		})
	}
}

// A visitor cannot reach the endpoint, or keep a page from being injected, by writing the path in another way.
func TestOnlyThePathsBelowThePrefixAreTheEndpoint(t *testing.T) {
	app := application(t)
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(app))
	for path, endpoint := range map[string]bool{
		"/_handbill/nothing":         true,
		"/_handbill":                 true,
		"/%5Fhandbill/nothing":       true, // the same path, written with an escape
		"/_handbillx/client.js":      false,
		"/_handbill.js":              false,
		"/shop/_handbill/client.js":  false,
		"/?next=/_handbill/":         false,
		"/_HANDBILL/client.js":       false,
		"/shop/..%2F_handbill/hello": false,
	} {
		got := e.get("http://tallowby.test" + path)
		if isEndpoint := strings.Contains(got.Header.Get("Content-Type"), "json"); isEndpoint != endpoint {
			t.Errorf("%s: the endpoint answers: %t, want %t\n%s", path, isEndpoint, endpoint, got.body)
		}
		if !endpoint && !got.injected() {
			t.Errorf("%s is not injected", path)
		}
	}
}

// What a visitor sends is refused with a reason, and costs the site nothing.
func TestBadRequestsToTheEndpointAreRefusedWithAReason(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(application(t)))
	const poll = "/_handbill/api/v4/users?sessionId=1"
	for name, test := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
	}{
		"a body that is no JSON":      {"POST", poll, `{"page":`, nil, 400},
		"a page of another site":      {"POST", poll, pollBody("http://elsewhere.test/"), nil, 400},
		"a body that is too large":    {"POST", poll, `{"page":{"url":"` + strings.Repeat("x", 1<<20) + `"}}`, nil, 413},
		"a wrong method":              {"GET", poll, "", nil, 405},
		"an unknown path":             {"GET", "/_handbill/admin", "", nil, 404},
		"a request of another site":   {"POST", poll, pollBody("http://tallowby.test/"), []string{"Sec-Fetch-Site", "cross-site"}, 403},
		"an origin that is not ours":  {"POST", poll, pollBody("http://tallowby.test/"), []string{"Origin", "http://elsewhere.test"}, 403},
		"a preflight of another site": {"OPTIONS", poll, "", []string{"Origin", "http://elsewhere.test", "Access-Control-Request-Method", "POST"}, 405},
	} {
		t.Run(name, func(t *testing.T) {
			got := e.do(test.method, "http://tallowby.test"+test.path, test.body, test.headers...)
			if got.StatusCode != test.status || !strings.Contains(got.body, `"error":"`) {
				t.Errorf("%s %s", got.Status, got.body)
			}
			for header := range got.Header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("another site is allowed something: %s", header)
				}
			}
		})
	}
	if !e.get("http://tallowby.test/").injected() {
		t.Error("the site is harmed")
	}
}

// A fault of ours is an error answer of the endpoint; connection and server live on.
func TestAFaultInTheEndpointEndsThere(t *testing.T) {
	h := &Handler{logger: logger()} // without an app, asking for the endpoint is a fault
	recorder := httptest.NewRecorder()
	h.serveEndpoint(recorder, httptest.NewRequest(http.MethodGet, "/_handbill/client.js", nil))
	if recorder.Code != http.StatusInternalServerError || !strings.Contains(recorder.Body.String(), "a fault in Handbill") {
		t.Errorf("%d %s", recorder.Code, recorder.Body)
	}
}

// A matcher that fails narrows to nothing: the page passes, the visitor sees it.
func TestAMatcherThatFailsLetsThePagePass(t *testing.T) {
	app := application(t)
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}",
		"http://tallowby.test:PORT {\n\t@broken expression int({query.n}) > 3\n\thandbill @broken\n\treverse_proxy "+app+"\n}\n")
	if got := e.get("http://tallowby.test/?n=many"); got.StatusCode != 200 || got.injected() {
		t.Errorf("%s\n%s", got.Status, got.body)
	}
	if got := e.get("http://tallowby.test/?n=5"); !got.injected() {
		t.Errorf("the matcher matches, and the page is not injected: %s", got.body)
	}
}

func TestJSONThatIsWrongIsAnErrorThatSaysWhatIsAllowed(t *testing.T) {
	for name, test := range map[string]struct {
		app, handler string
		want         string
	}{
		"no workspace":           {`{}`, `{}`, "at least one workspace"},
		"a workspace of nothing": {`{"workspaces": {"shop": {}}}`, `{}`, "workspace shop has no source"},
		"a source of nothing":    {`{"workspaces": {"shop": {"source": {"module": "file"}}}}`, `{}`, "needs the path"},
		"an unknown workspace":   {`{"workspaces": {"shop": {"source": {"module": "file", "path": "x.toml"}}}}`, `{"workspace": "docs"}`, `there is no workspace "docs"`},
		"a name that is none":    {`{"workspaces": {"The Shop": {"source": {"module": "file", "path": "x.toml"}}}}`, `{}`, "lower-case"},
		"the name of health":     {`{"workspaces": {"health": {"source": {"module": "file", "path": "x.toml"}}}}`, `{}`, "cannot be called"},
		"a prefix of nothing":    {`{"workspaces": {"shop": {"source": {"module": "file", "path": "x.toml"}}}}`, `{"prefix": "/"}`, "prefix"},
		"an unknown snippet":     {`{"workspaces": {"shop": {"source": {"module": "file", "path": "x.toml"}}}}`, `{"snippet": "iframe"}`, "allowed: external, inline, shim, off"},
		"a poll without a pause": {`{"workspaces": {"shop": {"source": {"module": "file", "path": "x.toml"}}}, "poll_fast": 1000}`, `{}`, "too short"},
		"an unknown field":       {`{"workspaces": {"shop": {"source": {"module": "file", "path": "x.toml"}}}, "poll": 1}`, `{}`, "poll"},
	} {
		t.Run(name, func(t *testing.T) {
			handler := strings.Replace(strings.Replace(test.handler, "{", `{"handler": "handbill", `, 1), ", }", "}", 1)
			config := `{"admin": {"disabled": true}, "apps": {"handbill": ` + test.app + `, "http": {"servers": {"edge": {"listen": ["127.0.0.1:0"], "routes": [{"handle": [` + handler + `]}]}}}}}`
			err := caddy.Load([]byte(config), true)
			if err == nil {
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error does not say %q:\n%v", test.want, err)
			}
		})
	}
}

func TestMetricsAreBoundedAndWellFormed(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for range 2 { // as in one configuration with two sites
		if err := registerMetrics(registry); err != nil {
			t.Fatal(err)
		}
	}
	before := testutil.ToFloat64(injectedTotal.WithLabelValues("default"))
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(application(t)))
	e.get("http://tallowby.test/")
	e.get("http://tallowby.test/")
	e.load("handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(application(t)))
	e.get("http://tallowby.test/")
	e.dismiss("http://tallowby.test/")
	if counted := testutil.ToFloat64(injectedTotal.WithLabelValues("default")) - before; counted != 3 {
		t.Errorf("%v pages are counted over a reload, want 3", counted)
	}
	if dismissed := testutil.ToFloat64(reportsTotal.WithLabelValues("default", "dismissed")); dismissed < 1 {
		t.Errorf("%v dismissals are counted", dismissed)
	}
	if due := testutil.ToFloat64(decisionsTotal.WithLabelValues("default", "due")); due < 1 {
		t.Errorf("%v decisions for a message are counted", due)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), "caddy_handbill_") {
			t.Errorf("%s is not named as ours", family.GetName())
		}
		if most := 4 * (len(inject.Reasons()) + 1); len(family.GetMetric()) > most {
			t.Errorf("%s has %d series", family.GetName(), len(family.GetMetric()))
		}
	}
}

// slowSource is a source that does not answer before it is released.
type slowSource struct{ release chan struct{} }

func (s slowSource) Source() source.Source { return s }
func (s slowSource) String() string        { return "slow" }

func (s slowSource) Load(context.Context) ([]workspace.File, error) {
	<-s.release
	return nil, workspace.Problem{File: "slow", Text: "it is empty", Fix: "write something"}
}

func (s slowSource) Watch(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return ctx.Err()
}

// A source that hangs, on a network disk say, costs a page nothing.
func TestAPageDoesNotWaitForASource(t *testing.T) {
	slow := slowSource{make(chan struct{})}
	app := &App{Workspaces: map[string]*Workspace{"shop": {source: slow}}, store: new(MemoryStore), logger: slog.New(slog.DiscardHandler)}
	h := &Handler{app: app, workspace: "shop", logger: logger()}
	if insertion, ok := h.insertion(nil, 200, nil); ok {
		t.Errorf("there is something to insert: %q", insertion.Bytes)
	}
	select {
	case <-app.service("shop").settled:
		t.Error("the source has answered, so this test proves nothing")
	default:
	}
	close(slow.release)
	<-app.service("shop").settled
	if err := app.Cleanup(); err != nil {
		t.Error(err)
	}
}
