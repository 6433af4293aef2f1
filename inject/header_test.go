package inject_test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"handbill/inject"
)

// version returns an option by which the insertion has a version.
func version(v string) func(*inject.Options) {
	return func(o *inject.Options) {
		o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
			return inject.Insertion{Bytes: []byte(markup), NonceAt: -1, Version: v}, true
		}
	}
}

const navigation = "text/html,application/xhtml+xml,*/*;q=0.8"

func TestHeadersOfInjectedPages(t *testing.T) {
	length := strconv.Itoa(len(plainPage))
	longer := strconv.Itoa(len(injectedPage))
	tests := []struct {
		row   string
		lines []string
		want  map[string]string // "": absent
	}{
		{"Content-Length is exact when the place is in the first read", []string{"Content-Length: " + length},
			map[string]string{"Content-Length": longer}},
		{"a strong ETag becomes weak and names the version", []string{`ETag: "abc"`}, map[string]string{"Etag": `W/"abc-hbs-v1"`}},
		{"a weak ETag names the version", []string{`ETag: W/"abc"`}, map[string]string{"Etag": `W/"abc-hbw-v1"`}},
		{"an ETag that is none is dropped", []string{`ETag: abc`}, map[string]string{"Etag": ""}},
		{"several ETags are dropped", []string{`ETag: "a"`, `ETag: "b"`}, map[string]string{"Etag": ""}},
		{"Last-Modified is kept and makes an ETag", []string{"Last-Modified: Tue, 12 Mar 2024 20:00:17 GMT"},
			map[string]string{"Last-Modified": "Tue, 12 Mar 2024 20:00:17 GMT", "Etag": `W/"65f0b451-hbd-v1"`}},
		{"Last-Modified beside an ETag is kept", []string{`ETag: "abc"`, "Last-Modified: Tue, 12 Mar 2024 20:00:17 GMT"},
			map[string]string{"Last-Modified": "Tue, 12 Mar 2024 20:00:17 GMT", "Etag": `W/"abc-hbs-v1"`}},
		{"Accept-Ranges is dropped", []string{"Accept-Ranges: bytes"}, map[string]string{"Accept-Ranges": ""}},
		{"Content-MD5 is dropped", []string{"Content-MD5: x"}, map[string]string{"Content-Md5": ""}},
		{"Digest is dropped", []string{"Digest: sha-256=x"}, map[string]string{"Digest": ""}},
		{"Content-Digest is dropped", []string{"Content-Digest: sha-256=:x:"}, map[string]string{"Content-Digest": ""}},
		{"Repr-Digest is dropped", []string{"Repr-Digest: sha-256=:x:"}, map[string]string{"Repr-Digest": ""}},
		{"signatures are dropped", []string{"Signature: a=:x:", "Signature-Input: a=()"}, map[string]string{"Signature": "", "Signature-Input": ""}},
		{"Link: preload passes", []string{"Link: </a.css>; rel=preload"}, map[string]string{"Link": "</a.css>; rel=preload"}},
		{"Vary is as the site says", []string{"Vary: Cookie"}, map[string]string{"Vary": "Cookie"}},
		{"Content-Disposition: inline is a page", []string{`Content-Disposition: inline; filename="a.html"`}, map[string]string{"Handbill": "injected"}},
		{"Content-Encoding: identity is a page", []string{"Content-Encoding: identity"}, map[string]string{"Handbill": "injected"}},
		{"the page is marked for another instance", nil, map[string]string{"Handbill": "injected"}},
	}
	for _, test := range tests {
		t.Run(test.row, func(t *testing.T) {
			s := serve(t, reply(200, plainPage, append(test.lines, "Content-Type: text/html; charset=utf-8")...))
			response, body := s.get(t)
			if body != injectedPage {
				t.Errorf("got %q", body)
			}
			for name, want := range test.want {
				if got := strings.Join(response.Header[name], "\n"); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestErrorPagesAreInjected(t *testing.T) {
	for _, status := range []int{400, 403, 404, 500, 503} {
		s := serve(t, reply(status, plainPage, "Content-Type: text/html"))
		if response, body := s.get(t); body != injectedPage || response.StatusCode != status {
			t.Errorf("%d became %d with %q", status, response.StatusCode, body)
		}
	}
}

func TestVaryNamesAcceptEncodingWhereItWasChanged(t *testing.T) {
	for name, test := range map[string]struct {
		accepts, vary, want string
	}{
		"changed":               {"br, gzip", "", "Accept-Encoding"},
		"changed, beside":       {"br, gzip", "Cookie", "Cookie\nAccept-Encoding"},
		"changed, named":        {"br, gzip", "accept-encoding", "accept-encoding"},
		"changed, star":         {"br, gzip", "*", "*"},
		"as it was":             {"gzip", "", ""},
		"the client takes none": {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			lines := []string{"Content-Type: text/html"}
			if test.vary != "" {
				lines = append(lines, "Vary: "+test.vary)
			}
			request := []string{"Accept", navigation}
			if test.accepts != "" {
				request = append(request, "Accept-Encoding", test.accepts)
			}
			s := serve(t, reply(200, plainPage, lines...))
			if response, _ := s.get(t, request...); strings.Join(response.Header["Vary"], "\n") != test.want {
				t.Errorf("Vary is %q, want %q", response.Header["Vary"], test.want)
			}
		})
	}
}

func TestWhatIsAskedOfTheSite(t *testing.T) {
	tests := []struct {
		name    string
		path    string
		request []string
		ask     inject.AskEncoding
		version string
		want    map[string]string // what the site gets; "": nothing
	}{
		{name: "gzip alone for a page", request: []string{"Accept-Encoding", "gzip, deflate, br, zstd"}, want: map[string]string{"Accept-Encoding": "gzip"}},
		{name: "gzip by *", request: []string{"Accept-Encoding", "br;q=1, *;q=0.5"}, want: map[string]string{"Accept-Encoding": "gzip"}},
		{name: "identity where gzip is refused", request: []string{"Accept-Encoding", "br, gzip;q=0, *"}, want: map[string]string{"Accept-Encoding": "identity"}},
		{name: "identity where gzip is not named", request: []string{"Accept-Encoding", "br, zstd"}, want: map[string]string{"Accept-Encoding": "identity"}},
		{name: "identity for a weight that is none", request: []string{"Accept-Encoding", "gzip;q=high"}, want: map[string]string{"Accept-Encoding": "identity"}},
		{name: "identity by option", request: []string{"Accept-Encoding", "gzip"}, ask: inject.AskIdentity, want: map[string]string{"Accept-Encoding": "identity"}},
		{name: "nothing where the client said nothing", want: map[string]string{"Accept-Encoding": ""}},
		{name: "a script's coding is its own", request: []string{"Accept", "*/*", "Sec-Fetch-Dest", "script", "Accept-Encoding", "gzip, br"},
			want: map[string]string{"Accept-Encoding": "gzip, br"}},
		{name: "Sec-Fetch-Dest tells of a page", request: []string{"Accept", "*/*", "Sec-Fetch-Dest", "iframe", "Accept-Encoding", "gzip, br"},
			want: map[string]string{"Accept-Encoding": "gzip"}},
		{name: "no part of a page", request: []string{"Range", "bytes=0-99", "If-Range", `"abc"`}, want: map[string]string{"Range": "", "If-Range": ""}},
		{name: "a part of a file", path: "/manual.PDF", request: []string{"Range", "bytes=0-99", "If-Range", `"abc"`},
			want: map[string]string{"Range": "bytes=0-99", "If-Range": `"abc"`}},
		{name: "a part of something else", request: []string{"Accept", "*/*", "Range", "bytes=0-99"}, want: map[string]string{"Range": "bytes=0-99"}},
		{name: "no part to go on with an injected page", request: []string{"Accept", "*/*", "Range", "bytes=50-", "If-Range", `W/"abc-hbs-v1"`},
			want: map[string]string{"Range": "", "If-Range": ""}},
		{name: "the site's own strong tag", request: []string{"If-None-Match", `W/"abc-hbs-v1"`}, want: map[string]string{"If-None-Match": `"abc"`}},
		{name: "the site's own weak tag", request: []string{"If-None-Match", `W/"abc-hbw-v1"`}, want: map[string]string{"If-None-Match": `W/"abc"`}},
		{name: "tags in a list", request: []string{"Accept", "*/*", "If-None-Match", `W/"a,b-hbs-v1", "c" , W/"d-hbw-v1"`},
			want: map[string]string{"If-None-Match": `"a,b", "c", W/"d"`}},
		{name: "tags on several lines", request: []string{"If-None-Match", `W/"a-hbs-v1"`, "If-None-Match", `W/"b-hbs-v1"`},
			want: map[string]string{"If-None-Match": `"a", "b"`}},
		{name: "a copy of another version is not good any more",
			request: []string{"If-None-Match", `W/"abc-hbs-v0"`, "If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want:    map[string]string{"If-None-Match": "", "If-Modified-Since": ""}},
		{name: "a page's copy from before is not good any more",
			request: []string{"If-None-Match", `"abc"`, "If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want:    map[string]string{"If-None-Match": "", "If-Modified-Since": ""}},
		{name: "a page's date alone does not tell", request: []string{"If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want: map[string]string{"If-Modified-Since": ""}},
		{name: "a tag from a date becomes that date", request: []string{"If-None-Match", `W/"65f0b451-hbd-v1"`},
			want: map[string]string{"If-None-Match": "", "If-Modified-Since": "Tue, 12 Mar 2024 20:00:17 GMT"}},
		{name: "a date beside its tag stays", request: []string{"If-None-Match", `W/"65f0b451-hbd-v1"`, "If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want: map[string]string{"If-None-Match": "", "If-Modified-Since": "Tue, 12 Mar 2024 20:00:17 GMT"}},
		{name: "a tag from a date of another version", request: []string{"If-None-Match", `W/"65f0b451-hbd-v0"`, "If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want: map[string]string{"If-None-Match": "", "If-Modified-Since": ""}},
		{name: "a file's validators are its own", path: "/style.css", request: []string{"If-None-Match", `"abc"`}, want: map[string]string{"If-None-Match": `"abc"`}},
		{name: "an image's validators are its own", request: []string{"Accept", "image/avif,*/*", "If-None-Match", `"abc"`, "If-Modified-Since", "Tue, 12 Mar 2024 20:00:17 GMT"},
			want: map[string]string{"If-None-Match": `"abc"`, "If-Modified-Since": "Tue, 12 Mar 2024 20:00:17 GMT"}},
		{name: "any tag stays any tag", request: []string{"If-None-Match", "*"}, want: map[string]string{"If-None-Match": "*"}},
		{name: "tags that cannot be read stay", request: []string{"If-None-Match", `"abc`}, want: map[string]string{"If-None-Match": `"abc`}},
		{name: "If-Match speaks of the site's page", request: []string{"If-Match", `W/"abc-hbs-v0", "x"`}, want: map[string]string{"If-Match": `"abc", "x"`}},
		{name: "a version that would not fit in a tag", version: `v "1", -hb`, request: []string{"If-None-Match", `W/"abc-hbs-v__1____"`},
			want: map[string]string{"If-None-Match": `"abc"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := test.version
			if v == "" {
				v = "v1"
			}
			var seen http.Header
			request, _ := http.NewRequest(http.MethodGet, "http://shop.example.com"+test.path, nil)
			request.Header.Set("Accept", navigation)
			for i := 0; i < len(test.request); i += 2 {
				if test.request[i] == "Accept" {
					request.Header.Del("Accept")
				}
				request.Header.Add(test.request[i], test.request[i+1])
			}
			before := request.Header.Clone()
			options, _ := newOptions()
			options.AskEncoding = test.ask
			version(v)(&options)
			w := discard{http.Header{}}
			err := inject.New(options).ServeHTTP(w, request, func(_ http.ResponseWriter, r *http.Request) error {
				if r != request {
					t.Error("the request is another one")
				}
				seen = r.Header.Clone()
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for name, want := range test.want {
				if got := strings.Join(seen[name], "\n"); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if !equalHeaders(request.Header, before) {
				t.Errorf("afterwards the request has %v, want %v", request.Header, before)
			}
		})
	}
}

func TestIfMatchOfOtherMethodsIsTranslated(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("If-Match")) })
	if _, body := s.do(t, http.MethodPut, "If-Match", `W/"abc-hbs-v1"`); body != `"abc"` {
		t.Errorf("the site got %s", body)
	}
}

func TestTheRequestIsRestoredAfterAPanic(t *testing.T) {
	request, _ := http.NewRequest(http.MethodGet, "http://shop.example.com", nil)
	request.Header.Set("Accept", navigation)
	request.Header.Set("Accept-Encoding", "gzip, br")
	options, _ := newOptions()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		inject.New(options).ServeHTTP(discard{http.Header{}}, request, func(http.ResponseWriter, *http.Request) error {
			panic(http.ErrAbortHandler)
		})
	}()
	if got := request.Header.Get("Accept-Encoding"); got != "gzip, br" {
		t.Errorf("afterwards Accept-Encoding is %q", got)
	}
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) WriteHeader(int)             {}
func (d discard) Write(p []byte) (int, error) { return len(p), nil }

// files serves one page as Go's file server does, with an ETag or none.
func files(tag string, modified time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("Etag", tag)
		}
		http.ServeContent(w, r, "index.html", modified, strings.NewReader(plainPage))
	}
}

func TestAPageIsFetchedOnceUntilItOrTheSnippetChanges(t *testing.T) {
	monday := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		tag, newTag           string
		modified, newModified time.Time
	}{
		"by a strong tag": {tag: `"abc"`, newTag: `"def"`},
		"by a weak tag":   {tag: `W/"abc"`, newTag: `W/"def"`},
		"by a date":       {modified: monday, newModified: monday.Add(time.Hour)},
		"by both":         {tag: `"abc"`, newTag: `"def"`, modified: monday, newModified: monday.Add(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) {
			tag, modified, snippet := test.tag, test.modified, "v1"
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { files(tag, modified)(w, r) }, func(o *inject.Options) {
				o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
					return inject.Insertion{Bytes: []byte(markup), NonceAt: -1, Version: snippet}, true
				}
			})
			validators := func(r *http.Response) []string {
				headers := []string{"Accept", navigation}
				if v := r.Header.Get("Etag"); v != "" {
					headers = append(headers, "If-None-Match", v)
				}
				if v := r.Header.Get("Last-Modified"); v != "" {
					headers = append(headers, "If-Modified-Since", v)
				}
				return headers
			}
			first, _ := s.get(t, "Accept", navigation)
			again, body := s.get(t, validators(first)...)
			if again.StatusCode != http.StatusNotModified || body != "" {
				t.Errorf("asked again: %d %q", again.StatusCode, body)
			}
			if test.tag != "" && again.Header.Get("Etag") != first.Header.Get("Etag") {
				t.Errorf("the 304 speaks of %q, want %q", again.Header.Get("Etag"), first.Header.Get("Etag"))
			}
			snippet = "v2"
			changed, body := s.get(t, validators(first)...)
			if changed.StatusCode != http.StatusOK || body != injectedPage {
				t.Errorf("with a new snippet: %d %q", changed.StatusCode, body)
			}
			if again, _ := s.get(t, validators(changed)...); again.StatusCode != http.StatusNotModified {
				t.Errorf("asked again with the new snippet: %d", again.StatusCode)
			}
			tag, modified = test.newTag, test.newModified
			if changed, _ := s.get(t, validators(changed)...); changed.StatusCode != http.StatusOK {
				t.Errorf("with a new page: %d", changed.StatusCode)
			}
		})
	}
}

func TestACopyFromBeforeIsReplaced(t *testing.T) {
	s := serve(t, files(`"abc"`, time.Time{}))
	response, body := s.get(t, "Accept", navigation, "If-None-Match", `"abc"`)
	if response.StatusCode != http.StatusOK || body != injectedPage {
		t.Errorf("%d %q", response.StatusCode, body)
	}
}

func TestACopyIsReplacedWhenNothingIsInsertedAnyMore(t *testing.T) {
	s := serve(t, files(`"abc"`, time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)), func(o *inject.Options) {
		o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) { return inject.Insertion{}, false }
	})
	response, body := s.get(t, "Accept", navigation, "If-None-Match", `W/"abc-hbs-v1"`, "If-Modified-Since", "Mon, 23 Nov 2026 10:00:00 GMT")
	if response.StatusCode != http.StatusOK || body != plainPage {
		t.Errorf("%d %q", response.StatusCode, body)
	}
	if response, _ := s.get(t, "Accept", navigation, "If-None-Match", response.Header.Get("Etag")); response.StatusCode != http.StatusNotModified {
		t.Errorf("the plain copy: %d", response.StatusCode)
	}
}

func TestPrivatePages(t *testing.T) {
	private := func(o *inject.Options) {
		o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
			return inject.Insertion{Bytes: []byte(markup), NonceAt: -1, Version: "v1", Private: true}, true
		}
	}
	for control, want := range map[string]string{
		"":                                       "private",
		"public, max-age=60, s-maxage=600":       "private, max-age=60",
		"no-store":                               "private, no-store",
		"Private, no-cache=\"set-cookie\"":       "private, no-cache=\"set-cookie\"",
		"max-age=5, proxy-revalidate, immutable": "private, max-age=5, immutable",
	} {
		lines := []string{"Content-Type: text/html", `ETag: "abc"`, "Last-Modified: Tue, 12 Mar 2024 20:00:17 GMT",
			"CDN-Cache-Control: max-age=600", "Surrogate-Control: max-age=600", "Cloudflare-CDN-Cache-Control: max-age=600"}
		if control != "" {
			lines = append(lines, "Cache-Control: "+control)
		}
		s := serve(t, reply(200, plainPage, lines...), private)
		response, body := s.get(t)
		if got := response.Header.Get("Cache-Control"); got != want || body != injectedPage {
			t.Errorf("%q became %q, want %q", control, got, want)
		}
		for _, name := range []string{"Etag", "Last-Modified", "Cdn-Cache-Control", "Surrogate-Control", "Cloudflare-Cdn-Cache-Control"} {
			if value := response.Header.Get(name); value != "" {
				t.Errorf("%s is %q", name, value)
			}
		}
	}
	s := serve(t, files(`"abc"`, time.Now()), private)
	if response, _ := s.get(t, "Accept", navigation, "If-None-Match", `"abc"`); response.StatusCode != http.StatusOK {
		t.Errorf("a private page was not modified: %d", response.StatusCode)
	}
}

func TestHeadSaysWhatGetWould(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"without a body": reply(200, "", "Content-Type: text/html", `ETag: "abc"`, "Content-Length: "+strconv.Itoa(len(plainPage)), "Accept-Ranges: bytes"),
		"with a body that the server drops": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Etag", `"abc"`)
			io.WriteString(w, plainPage)
		},
		"a file": files(`"abc"`, time.Time{}),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handler)
			response, body := s.do(t, http.MethodHead)
			if body != "" || response.Header.Get("Etag") != `W/"abc-hbs-v1"` || response.Header.Get("Accept-Ranges") != "" {
				t.Errorf("%q with %v", body, response.Header)
			}
			if length := response.Header.Get("Content-Length"); length != "" && length != strconv.Itoa(len(injectedPage)) {
				t.Errorf("Content-Length is %s", length)
			}
		})
	}
	t.Run("of what is no page", func(t *testing.T) {
		s := serve(t, reply(200, "", "Content-Type: image/png", "Content-Length: 1234"))
		if response, _ := s.do(t, http.MethodHead); response.ContentLength != 1234 {
			t.Errorf("Content-Length is %d", response.ContentLength)
		}
	})
	t.Run("of a compressed page", func(t *testing.T) {
		for coding, want := range map[string]string{"gzip": "gzip", "br": ""} {
			s := serve(t, reply(200, "", "Content-Type: text/html", "Content-Encoding: "+coding, "Content-Length: 50"))
			response, _ := s.do(t, http.MethodHead)
			if got := response.Header.Get("Content-Encoding"); got != want || response.ContentLength >= 0 {
				t.Errorf("%s became %q with length %d", coding, got, response.ContentLength)
			}
		}
	})
}

func TestDebugHeader(t *testing.T) {
	debug := func(o *inject.Options) { o.DebugHeader = true }
	for want, test := range map[string]struct {
		method  string
		handler http.HandlerFunc
	}{
		"injected":                     {http.MethodGet, page(plainPage)},
		"planned":                      {http.MethodHead, page(plainPage)},
		"skipped; reason=fragment":     {http.MethodGet, page("<p>Hello</p>")},
		"skipped; reason=content_type": {http.MethodGet, reply(200, "{}", "Content-Type: application/json")},
		"skipped; reason=method":       {http.MethodPost, page(plainPage)},
		"off":                          {http.MethodGet, reply(200, plainPage, "Content-Type: text/html", "Handbill: off")},
	} {
		s := serve(t, test.handler, debug)
		if response, _ := s.do(t, test.method); response.Header.Get("Handbill") != want {
			t.Errorf("the header is %q, want %q", response.Header.Get("Handbill"), want)
		}
	}
}

func TestFragmentRequestsThatMayBeCachedAreJudgedByTheirBody(t *testing.T) {
	for name, request := range map[string][]string{
		"htmx, boosted":         {"HX-Request", "true", "HX-Boosted", "true"},
		"htmx, history restore": {"HX-Request", "true", "HX-History-Restore-Request", "true"},
		"Turbo Drive":           {"Sec-Fetch-Dest", "empty", "Accept", navigation},
		"htmx, without Vary":    {"HX-Request", "true"},
		"an iframe":             {"Sec-Fetch-Dest", "iframe"},
		"a frame":               {"Sec-Fetch-Dest", "frame"},
		"an object":             {"Sec-Fetch-Dest", "object"},
		"a prefetch":            {"Sec-Fetch-Dest", "document", "Sec-Purpose", "prefetch;prerender"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, reply(200, plainPage, "Content-Type: text/html", "Vary: Cookie", "Cache-Control: max-age=60"))
			if _, body := s.get(t, request...); body != injectedPage {
				t.Errorf("a page: %q", body)
			}
			s = serve(t, reply(200, "<p>part</p>", "Content-Type: text/html", "Cache-Control: max-age=60"))
			if _, body := s.get(t, request...); body != "<p>part</p>" {
				t.Errorf("a part: %q", body)
			}
		})
	}
}

func TestEncodingsByHeader(t *testing.T) {
	for header, want := range map[string]bool{
		"text/html":                               true,
		"TEXT/HTML; Charset=UTF-8":                true,
		`text/html;charset="windows-1252"`:        true,
		"text/html; charset=iso-8859-1":           true,
		"text/html; charset=gbk":                  true,
		"text/html; charset=Shift_JIS":            true,
		"text/html; charset=euc-kr":               true,
		"text/html; charset=big5":                 true,
		"text/html; charset=iso-2022-jp":          true,
		"text/html; charset=utf-8; charset=utf-7": true, // the first counts
		"text/html; ; x; charset=":                true,
		"text/html; charset=hz-gb-2312":           false,
		"text/html; charset=utf-32":               false,
		"text/htmlx":                              false,
	} {
		s := serve(t, reply(200, plainPage, "Content-Type: "+header))
		if _, body := s.get(t); (body == injectedPage) != want {
			t.Errorf("%s: injected %v, want %v", header, body == injectedPage, want)
		}
	}
}
