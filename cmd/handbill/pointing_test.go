package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// publishedFolder is the reference client as npm has it, with its in-app part.
const publishedFolder = "testdata/reference/node_modules/@customerio/cdp-analytics-browser/dist/umd"

// hostedSnippet is the snippet that the hosted product gives to a site: it loads the client from the product's own host.
const hostedSnippet = `<script>
!function(){var i="cioanalytics",analytics=window[i]=window[i]||[];if(!analytics.initialize)if(analytics.invoked)window.console&&console.error&&console.error("Snippet included twice.");else{
analytics.invoked=!0;
analytics.methods=["trackSubmit","trackClick","trackLink","trackForm","pageview","identify","reset","group","track","ready","alias","debug","page","once","off","on","addSourceMiddleware","addIntegrationMiddleware","setAnonymousId","addDestinationMiddleware"];
analytics.factory=function(e){return function(){var t=Array.prototype.slice.call(arguments);t.unshift(e);analytics.push(t);return analytics}};
for(var e=0;e<analytics.methods.length;e++){var key=analytics.methods[e];analytics[key]=analytics.factory(key)}
analytics.load=function(key,e){var t=document.createElement("script");t.type="text/javascript";t.async=!0;t.setAttribute("data-global-customerio-analytics-key",i);t.src="https://cdp.customer.io/v1/analytics-js/snippet/"+key+"/analytics.min.js";var n=document.getElementsByTagName("script")[0];n.parentNode.insertBefore(t,n);analytics._writeKey=key;analytics._loadOptions=e};
analytics.SNIPPET_VERSION="4.15.3";
analytics.load("hosted-key",{integrations:{"Customer.io In-App Plugin":{siteId:"hosted-site",anonymousInApp:true,events:function(event){(window.heard=window.heard||[]).push(event.type)}}}});
analytics.page()}}();
</script>`

// bundledSite is the code of a site that has the client from npm in its own bundle.
const bundledSite = `import { AnalyticsBrowser } from "@customerio/cdp-analytics-browser";
window.bundled = AnalyticsBrowser.load({ writeKey: "hosted-key" }, {
	integrations: { "Customer.io In-App Plugin": { anonymousInApp: true } },
});
window.bundled.page();`

// bundle is bundledSite, built as a site builds it.
var bundle = sync.OnceValues(func() (string, error) {
	folder, err := filepath.Abs("testdata/reference")
	if err != nil {
		return "", err
	}
	built := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: bundledSite, ResolveDir: folder},
		Bundle: true, Format: api.FormatIIFE, Target: api.ES2022, MinifySyntax: true,
		Define: map[string]string{"process.env.NODE_ENV": `"production"`},
	})
	if len(built.Errors) > 0 {
		return "", fmt.Errorf("%s; run scripts/install-test-tools.sh", built.Errors[0].Text)
	}
	return string(built.OutputFiles[0].Contents), nil
})

// hostedCustomer is a site whose pages know nothing of us: a plain one, one with the hosted product's snippet, one with the
// client in its bundle.
func hostedCustomer(t *testing.T, policy string) (address string) {
	t.Helper()
	own, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	later := strings.NewReplacer("<script>", "<script>const later = () => {", "</script>", "};").Replace(hostedSnippet)
	heads := map[string]string{
		"/": "", "/snippet": hostedSnippet, "/bundled": `<script src="/site.js"></script>`,
		"/loaded":  later + `addEventListener("load", later)</script>`,
		"/running": later + `const tick = setInterval(() => { if (cioanalytics.initialized) { clearInterval(tick); later(); } }, 20)</script>`,
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head, page := heads[r.URL.Path]
		switch {
		case r.URL.Path == "/site.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, own)
		case page:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if policy != "" {
				w.Header().Set("Content-Security-Policy", policy)
			}
			fmt.Fprintf(w, `<!DOCTYPE html><html lang="en"><head><title>Tallowby</title><link rel="icon" href="data:,">%s</head><body><h1>Tallowby</h1></body></html>`, head)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(site.Close)
	return site.Listener.Addr().String()
}

// pointedMessages are due on no page of the site, so that nothing is drawn: what the client holds tells what the edge knows.
const pointedMessages = `
[workspace]
site_id = "tallowby"
write_key = "tallowby-web"

[[messages]]
id = "everybody"
pages = ["/pricing/*"]
display = "modal"
text = "Pay by the year."

[[messages]]
id = "members"
audience = "identified"
pages = ["/pricing/*"]
display = "modal"
text = "Good to see you again."

[[messages]]
id = "buyers"
where = 'event_count("Ordered") == 1'
pages = ["/pricing/*"]
display = "modal"
text = "Thank you."
`

// pointedServer is the edge in front of such a site, with words of the directive.
func pointedServer(t *testing.T, site string, words ...string) *server {
	t.Helper()
	folder, err := filepath.Abs(publishedFolder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "standalone.js")); err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, pointedMessages)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstore memory\n\t\tpoll_slow 1s\n\t\tpoll_fast 1s\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tclient reference "+folder+"\n\t\t"+strings.Join(words, "\n\t\t")+
		"\n\t}\n\treverse_proxy "+site+"\n}\n")
	s.start()
	return s
}

// holds is true in the page once the reference client holds a message.
func holds(message string) string {
	return `(` + stored + `).some(({messageId}) => messageId === ` + quote(message) + `)`
}

// visits goes through what a visitor does on a page whose client is at an expression, and returns what was asked for it.
func visits(t *testing.T, s *server, path, client string) (*tab, *traffic) {
	t.Helper()
	b := newVisitor(t)
	asked := record(b)
	b.open("http://" + s.edge + path)
	b.await(holds("everybody"))
	// Somebody else on each page: a message that a tab has, another of the same person's does not get.
	js[any](b, client+`.identify("ada"+`+quote(path)+`, {plan: "team"}).then(() => null)`)
	b.await(holds("members"))
	js[any](b, client+`.track("Ordered", {total: 42.5}).then(() => null)`)
	b.await(holds("buyers"))
	asked.expectOwnOrigin(t, "http://"+s.edge)
	if views := asked.count("/_handbill/v1/p"); views != 1 {
		t.Errorf("%d page views were told", views)
	}
	return b, asked
}

func TestAPageWithoutASnippetLoadsTheReferenceClientFromItsOwnOrigin(t *testing.T) {
	site := hostedCustomer(t, "")
	for _, form := range []string{"external", "inline"} {
		t.Run(form, func(t *testing.T) {
			_, asked := visits(t, pointedServer(t, site, "snippet "+form), "/", "cioanalytics")
			paths := asked.paths()
			for _, want := range []string{
				"/_handbill/v1/analytics-js/snippet/tallowby-web/analytics.min.js", "/_handbill/v1/projects/tallowby-web/settings",
				"/_handbill/v1/analytics-js/inAppPlugin.js", "/_handbill/v1/analytics-js/573.js",
				"/_handbill/api/v4/users", "/_handbill/v1/i", "/_handbill/v1/t", "/_handbill/v1/p",
			} {
				if !slices.Contains(paths, want) {
					t.Errorf("%s was not asked for: %q", want, paths)
				}
			}
			if slices.Contains(paths, "/_handbill/client.js") != (form == "external") {
				t.Errorf("the page asked for %q", paths)
			}
			if loads := asked.count("/_handbill/v1/analytics-js/snippet/tallowby-web/analytics.min.js"); loads != 1 {
				t.Errorf("the client was fetched %d times", loads)
			}
		})
	}
}

func TestTheHostedProductsOwnSnippetLoadsOurCopyUnchanged(t *testing.T) {
	site := hostedCustomer(t, "")
	for _, form := range []string{"external", "inline", "shim"} {
		t.Run(form, func(t *testing.T) {
			_, asked := visits(t, pointedServer(t, site, "snippet "+form), "/snippet", "cioanalytics")
			if !slices.Contains(asked.paths(), "/_handbill/v1/projects/hosted-key/settings") {
				t.Errorf("the site's write key was not used: %q", asked.paths())
			}
		})
	}
}

// A tag manager brings the snippet when the page is there already.
func TestASnippetThatComesLateFindsTheClientLoaded(t *testing.T) {
	s := pointedServer(t, hostedCustomer(t, ""))
	for _, path := range []string{"/loaded", "/running"} {
		t.Run(path, func(t *testing.T) {
			_, asked := visits(t, s, path, "cioanalytics")
			if loads := asked.count("/_handbill/v1/analytics-js/snippet/tallowby-web/analytics.min.js"); loads != 1 {
				t.Errorf("the client was fetched %d times", loads)
			}
			asked.mu.Lock()
			defer asked.mu.Unlock()
			if said := strings.Join(asked.said, " "); strings.Contains(said, "twice") || strings.Contains(said, "rror") {
				t.Errorf("the console says %q", said)
			}
		})
	}
}

func TestAClientInTheSitesOwnBundleAsksOurEndpointUnchanged(t *testing.T) {
	_, asked := visits(t, pointedServer(t, hostedCustomer(t, ""), "snippet shim", "global_name analytics"), "/bundled", "bundled")
	for _, path := range asked.paths() {
		if strings.HasPrefix(path, "/_handbill/v1/analytics-js/") {
			t.Errorf("%s was loaded, although the site has the client already", path)
		}
	}
}

func TestPoliciesOfASiteLetTheReferenceClientAskItsOwnOrigin(t *testing.T) {
	for name, policy := range map[string]string{
		"self":                            "default-src 'self'",
		"a nonce":                         "script-src 'nonce-r4nd0m'",
		"a nonce, and nothing by default": "default-src 'none'; script-src 'nonce-r4nd0m'; style-src 'unsafe-inline'",
		"a nonce and strict-dynamic":      "script-src 'nonce-r4nd0m' 'strict-dynamic'; object-src 'none'; base-uri 'none'",
		"what the hosted product asks for": "default-src 'self'; script-src https://cdp.customer.io 'nonce-r4nd0m'; style-src 'self' 'unsafe-inline'; " +
			"connect-src https://cdp.customer.io https://*.cloud.gist.build; frame-src https://renderer.gist.build",
	} {
		t.Run(name, func(t *testing.T) {
			s := pointedServer(t, hostedCustomer(t, policy))
			b := newVisitor(t)
			asked := record(b)
			b.open("http://" + s.edge + "/")
			b.await(holds("everybody"))
			asked.expectOwnOrigin(t, "http://"+s.edge)
		})
	}
}

func TestWhereTrustedTypesAreRequiredThePageGoesOnWithoutTheReferenceClient(t *testing.T) {
	s := pointedServer(t, hostedCustomer(t, "require-trusted-types-for 'script'"))
	b := newVisitor(t)
	asked := record(b)
	b.open("http://" + s.edge + "/")
	b.await(`document.readyState === "complete"`)
	until(t, "the console says why", func() bool {
		asked.mu.Lock()
		defer asked.mu.Unlock()
		return strings.Contains(strings.Join(asked.said, " "), "does not let the in-app client load")
	})
	if !js[bool](b, `cioanalytics.track("Ordered") === cioanalytics`) {
		t.Error("calls of the site's code fail")
	}
	asked.expectOwnOrigin(t, "http://"+s.edge)
}
