package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"handbill/engine/porttest"
)

// inlineScript is the site's own script that a policy may allow by its hash.
const inlineScript = `document.documentElement.classList.add("inline")`

func inlineHash() string {
	sum := sha256.Sum256([]byte(inlineScript))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// policyPage tries everything that a policy may forbid, and writes what worked into the classes of <html>. META and NONCE
// are replaced.
const policyPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">META<title>Orders</title>
<script nonce="NONCE">` + inlineScript + `</script>
<script nonce="NONCE" src="/site.js"></script>
<script>document.documentElement.classList.add("bare")</script>
</head><body onload="document.documentElement.classList.add('handler')"><h1>Orders</h1></body></html>
`

const policySiteScript = `{
	const note = (name) => document.documentElement.classList.add(name);
	const attempt = (name, what) => { try { what(); note(name); } catch { note("no-" + name); } };
	note("file");
	attempt("eval", () => (0, eval)("1"));
	attempt("markup", () => { document.createElement("div").innerHTML = "<b>3</b>"; });
	attempt("call", () => {
		const request = new XMLHttpRequest();
		request.open("GET", "/stock.json", false);
		request.send();
	});
	attempt("loader", () => {
		const loaded = document.createElement("script");
		loaded.src = "/loaded.js";
		document.head.append(loaded);
	});
}`

// keepViolations writes down what the browser tells the page of its policies.
const keepViolations = `window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
	window.violations.push([event.disposition, event.effectiveDirective, event.blockedURI, event.sourceFile].join(" "));
});`

// policyCase is a page with its policies.
type policyCase struct {
	name string
	// enforced and reported are lines of the two headers, NONCE in them the page's nonce.
	enforced, reported []string
	meta               string
	// site is where in the Caddyfile the page lives: a path of its own where directives differ.
	site string
	// skipped is the reason why the page is not injected; "": it shows a message.
	skipped string
	// silent: the header had to go before the policy was known, so it does not tell the reason.
	silent bool
	// mute: the page is injected, but a policy in it forbids our calls, so the client makes none, and says why.
	mute bool
}

func policyCases() []policyCase {
	one := func(policy string) []string { return []string{policy} }
	return []policyCase{
		{name: "no policy"},
		{name: "script-src self", enforced: one("script-src 'self'")},
		{name: "a path that is not ours", enforced: one("script-src ORIGIN/site.js ORIGIN/loaded.js 'sha256-AAAA'")},
		{name: "a nonce", enforced: one("script-src 'nonce-NONCE'")},
		{name: "a nonce, everything else forbidden", enforced: one("default-src 'none'; script-src 'nonce-NONCE'; base-uri 'none'; form-action 'none'")},
		{name: "a nonce and strict-dynamic", enforced: one("script-src 'nonce-NONCE' 'strict-dynamic' 'unsafe-inline' https: http:; object-src 'none'")},
		{name: "strict-dynamic with a hash only", enforced: one("script-src " + inlineHash() + " 'strict-dynamic'"), skipped: "policy"},
		{name: "a hash only", enforced: one("script-src " + inlineHash())},
		{name: "unsafe-inline and self", enforced: one("script-src 'self' 'unsafe-inline'")},
		{name: "unsafe-inline alone", enforced: one("script-src 'unsafe-inline'")},
		{name: "none", enforced: one("script-src 'none'")},
		{name: "an empty list", enforced: one("script-src; style-src 'self'")},
		{name: "default-src self", enforced: one("default-src 'self'")},
		{name: "default-src none", enforced: one("default-src 'none'")},
		{name: "default-src with unsafe-inline", enforced: one("default-src 'unsafe-inline' 'unsafe-eval'")},
		{name: "connect-src none", enforced: one("script-src 'self'; connect-src 'none'")},
		{name: "two policies with one nonce", enforced: []string{"script-src 'nonce-NONCE'", "script-src 'self' 'nonce-NONCE'"}},
		{name: "two policies with different nonces", enforced: []string{"script-src 'nonce-NONCE'", "script-src 'nonce-b3RoZXI=' 'self'"}},
		{name: "two policies, comma-joined", enforced: one("script-src 'nonce-NONCE', default-src 'self' 'nonce-NONCE'; img-src *")},
		{name: "reported only", reported: one("script-src 'none'; connect-src 'none'")},
		{name: "reported and enforced", enforced: one("script-src 'self'"), reported: one("script-src 'nonce-NONCE' 'strict-dynamic'")},
		{name: "in the page, a nonce", meta: "script-src 'nonce-NONCE'"},
		{name: "in the page, no scripts", meta: "script-src 'none'"},
		{name: "in the page, no calls", meta: "script-src 'self' 'nonce-NONCE'; connect-src 'none'", mute: true},
		{name: "in the page, nothing by default", meta: "default-src 'none'; script-src 'self' 'nonce-NONCE'", mute: true},
		{name: "in the page, calls to its own origin", meta: "default-src 'none'; script-src 'self' 'nonce-NONCE'; connect-src 'self'"},
		{name: "Trusted Types", enforced: one("require-trusted-types-for 'script'")},
		{name: "Trusted Types without any policy", enforced: one("script-src 'nonce-NONCE'; require-trusted-types-for 'script'; trusted-types 'none'")},
		{name: "a sandbox", enforced: one("sandbox"), skipped: "policy"},
		{name: "a sandbox with scripts and no origin", enforced: one("sandbox allow-scripts"), skipped: "policy"},
		{name: "a sandbox with scripts and origin", enforced: one("sandbox allow-scripts allow-same-origin; script-src 'self'")},
		{name: "script-src-elem decides", enforced: one("script-src-elem 'self'; script-src 'none'")},
		{name: "script-src-elem with a nonce", enforced: one("script-src-elem 'nonce-NONCE'; script-src 'none'; default-src 'none'")},
		{name: "style-src none", enforced: one("default-src 'self'; style-src 'none'; img-src 'none'")},
		{name: "set after us", site: "/late/self/"},
		{name: "set after us, with a nonce", site: "/late/nonce/"},
		{name: "set after us, without our calls", site: "/late/calls/", skipped: "policy", silent: true},
		{name: "set after us, in place of the site's", site: "/late/replaced/", enforced: one("script-src 'none'")},
		{name: "kept as it is, allowed", site: "/keep/", enforced: one("script-src 'nonce-NONCE'; connect-src 'self'")},
		{name: "kept as it is, forbidden", site: "/keep/", enforced: one("script-src 'none'"), skipped: "policy"},
	}
}

// lateNonce is the nonce of a policy that Caddy sets, after the site and after us.
const lateNonce = "bGF0ZQ=="

// policyRoutes are the same for the site with Handbill and for the one without.
const policyRoutes = `
	header /late/self/* >Content-Security-Policy "script-src 'self'"
	header /late/nonce/* >Content-Security-Policy "script-src 'nonce-` + lateNonce + `'"
	header /late/calls/* >Content-Security-Policy "script-src 'self'; default-src 'none'"
	header /late/replaced/* {
		defer
		Content-Security-Policy "default-src 'self'"
	}
`

func TestEveryPolicyShowsAMessageOrKeepsThePageAsItIs(t *testing.T) {
	cases := policyCases()
	application := policySite(t, cases)
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, "[[messages]]\nid = \"closing-day\"\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"The workshop is closed on Monday.\"\n")
	plain := porttest.Address(t)
	s := newServer(t, `{
	admin ADMIN
	persist_config off
	default_bind 127.0.0.1
	handbill `+workspace+`
}
http://EDGE {`+policyRoutes+`
	handle /keep/* {
		handbill {
			csp keep
			debug_header on
		}
		reverse_proxy `+application+`
	}
	handle {
		handbill {
			debug_header on
		}
		reverse_proxy `+application+`
	}
}
http://`+plain+` {`+policyRoutes+`
	reverse_proxy `+application+`
}
`)
	s.start()
	edge, site := newPolicyTab(t, s.edge), newPolicyTab(t, plain)
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := policyPath(c, i)
			injected, mark := askForPage(t, "http://"+s.edge+path)
			if injected != (c.skipped == "") || !c.silent && !strings.HasSuffix(mark, c.skipped) {
				t.Errorf("injected: %t, and the header says %q; want the reason %q", injected, mark, c.skipped)
			}
			edge.t, site.t = t, t
			with, without := edge.visit(path, c.skipped == "" && !c.mute), site.visit(path, false)
			if mute := slices.ContainsFunc(with.told, isExcuse); mute != c.mute {
				t.Errorf("the client says that it shows nothing: %t, want %t", mute, c.mute)
			}
			with.told = slices.DeleteFunc(with.told, isExcuse)
			if with.worked != without.worked {
				t.Errorf("what the site's own scripts do has changed:\n%s\nwithout Handbill:\n%s", with.worked, without.worked)
			}
			if !slices.Equal(with.told, without.told) {
				t.Errorf("the browser says:\n%s\nwithout Handbill:\n%s", strings.Join(with.told, "\n"), strings.Join(without.told, "\n"))
			}
		})
	}
}

// isExcuse recognises what the client says where a policy in the page forbids its calls.
func isExcuse(line string) bool { return strings.Contains(line, "Handbill needs connect-src 'self'") }

func policyPath(c policyCase, i int) string {
	if c.site == "" {
		c.site = "/"
	}
	return fmt.Sprintf("%s%d", c.site, i)
}

// policySite serves the pages of the cases, each with a nonce of its own.
func policySite(t *testing.T, cases []policyCase) (address string) {
	t.Helper()
	routes := http.NewServeMux()
	file := func(path, mediaType, content string) {
		routes.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			fmt.Fprint(w, content)
		})
	}
	file("/site.js", "text/javascript", policySiteScript)
	file("/loaded.js", "text/javascript", `document.documentElement.classList.add("loaded")`)
	file("/stock.json", "application/json", "{}")
	file("/favicon.ico", "image/x-icon", "")
	for i, c := range cases {
		routes.HandleFunc(policyPath(c, i), func(w http.ResponseWriter, r *http.Request) {
			nonce := rand.Text()
			if c.site == "/late/nonce/" {
				nonce = lateNonce
			}
			fill := strings.NewReplacer("NONCE", nonce, "ORIGIN", "http://"+r.Host)
			for _, line := range c.enforced {
				w.Header().Add("Content-Security-Policy", fill.Replace(line))
			}
			for _, line := range c.reported {
				w.Header().Add("Content-Security-Policy-Report-Only", fill.Replace(line))
			}
			meta := ""
			if c.meta != "" {
				meta = `<meta http-equiv="Content-Security-Policy" content="` + c.meta + `">`
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, fill.Replace(strings.ReplaceAll(policyPage, "META", meta)))
		})
	}
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// askForPage asks for a page as a browser does, and returns whether it is injected and what its debug header says.
func askForPage(t *testing.T, address string) (injected bool, mark string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Sec-Fetch-Dest", "document")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(body), "/_handbill/client.js"), response.Header.Get("Handbill")
}

// underPolicy is what a visit came to.
type underPolicy struct {
	worked string
	told   []string // the console, and the events about violations
}

// policyTab is a tab that visits the pages of one server.
type policyTab struct {
	*tab
	server  string
	console *console
}

func newPolicyTab(t *testing.T, server string) *policyTab {
	t.Helper()
	b := &policyTab{tab: newVisitor(t), server: server}
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: keepViolations}); err != nil {
		t.Fatal(err)
	}
	b.console = listen(b.tab)
	return b
}

// visit opens a page. Where a message is to show, it waits until that is reported, so that the client has loaded,
// asked and reported.
func (b *policyTab) visit(path string, shows bool) underPolicy {
	b.t.Helper()
	b.open("http://" + b.server + path)
	if shows {
		b.await(in("section"))
		b.await(acknowledged("opened"))
	} else {
		b.await(`document.readyState === "complete"`)
	}
	seen := underPolicy{worked: js[string](b.tab, `[...document.documentElement.classList].sort().join(" ")`)}
	for _, line := range b.console.lines() {
		seen.told = append(seen.told, "console: "+withoutPolicies(b.server, line))
	}
	for _, violation := range js[[]string](b.tab, `window.violations ?? []`) {
		seen.told = append(seen.told, "event: "+withoutPolicies(b.server, violation))
	}
	slices.Sort(seen.told)
	return seen
}

var quotedPolicy = regexp.MustCompile(`(Content Security Policy directive|Trusted).*`)

// withoutPolicies leaves away what differs by right: the address, and the text of a policy that we added to.
func withoutPolicies(server, line string) string {
	return quotedPolicy.ReplaceAllString(strings.ReplaceAll(line, server, "SITE"), "$1")
}

// console is what a tab writes to its console.
type console struct {
	tab     *tab
	batches chan []string
}

const endOfBatch = "the end of these lines"

// listen collects the lines from now on, until the tab is closed.
func listen(b *tab) *console {
	c := &console{tab: b, batches: make(chan []string)}
	messages := chromedp.Console(b.ctx)
	go func() {
		defer close(c.batches)
		var lines []string
		for line, err := range messages {
			switch {
			case err != nil:
				return
			case line.Text == endOfBatch:
				c.batches <- lines
				lines = nil
			default:
				lines = append(lines, line.String())
			}
		}
	}()
	return c
}

// lines returns what was written since it was called last.
func (c *console) lines() []string {
	c.tab.t.Helper()
	js[chromedp.Void](c.tab, `console.debug(`+quote(endOfBatch)+`)`)
	return <-c.batches
}
