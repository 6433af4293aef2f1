package inject_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"handbill/inject"
)

// reply writes a response with the given header lines, "Name: value", and body.
func reply(status int, body string, lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ": ")
			w.Header().Add(name, value)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// skips are situations in which a response passes untouched, each by the row of
// the checklist that it stands for.
var skips = []struct {
	row     string
	reason  inject.Reason
	method  string // GET where there is none
	request []string
	handler http.HandlerFunc
	options func(*inject.Options)
}{
	{row: "POST is not GET", reason: inject.ReasonMethod, method: http.MethodPost,
		handler: reply(200, plainPage, "Content-Type: text/html", `ETag: "abc"`)},
	{row: "OPTIONS is not GET", reason: inject.ReasonMethod, method: http.MethodOptions, handler: page(plainPage)},
	{row: "an upgrade", reason: inject.ReasonUpgrade, request: []string{"Upgrade", "websocket", "Connection", "upgrade"},
		handler: reply(200, plainPage, "Content-Type: text/html")},
	{row: "a WebSocket over HTTP/2 as an intermediary rewrites it", reason: inject.ReasonUpgrade,
		request: []string{"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}, handler: reply(200, plainPage, "Content-Type: text/html")},
	{row: "injected by another instance", reason: inject.ReasonAlreadyInjected,
		handler: reply(200, plainPage, "Content-Type: text/html", "Handbill: injected")},
	{row: "planned by another instance", reason: inject.ReasonAlreadyInjected,
		handler: reply(200, plainPage, "Content-Type: text/html", "Handbill: planned")},
	{row: "304", reason: inject.ReasonNotModified, handler: reply(304, "", `ETag: "abc"`)},
	{row: "a redirect", reason: inject.ReasonStatus, handler: reply(302, plainPage, "Content-Type: text/html", "Location: /login")},
	{row: "201", reason: inject.ReasonStatus, handler: reply(201, plainPage, "Content-Type: text/html")},
	{row: "204", reason: inject.ReasonStatus, handler: reply(204, "", "Content-Type: text/html")},
	{row: "205", reason: inject.ReasonStatus, handler: reply(205, "", "Content-Type: text/html")},
	{row: "an error page, switched off", reason: inject.ReasonStatus, handler: reply(404, plainPage, "Content-Type: text/html"),
		options: func(o *inject.Options) { o.ErrorPages = false }},
	{row: "206", reason: inject.ReasonPartialContent,
		handler: reply(206, plainPage[:20], "Content-Type: text/html", "Content-Range: bytes 0-19/85")},
	{row: "multipart/byteranges", reason: inject.ReasonPartialContent,
		handler: reply(206, "--x", "Content-Type: multipart/byteranges; boundary=x")},
	{row: "Content-Range with another status", reason: inject.ReasonPartialContent,
		handler: reply(200, plainPage, "Content-Type: text/html", "Content-Range: bytes 0-19/85")},
	{row: "a missing type is not sniffed", reason: inject.ReasonNoContentType,
		handler: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, plainPage) }},
	{row: "JSON", reason: inject.ReasonContentType, handler: reply(200, `{"html": "<html><head>"}`, "Content-Type: application/json")},
	{row: "XHTML", reason: inject.ReasonContentType, handler: reply(200, plainPage, "Content-Type: application/xhtml+xml")},
	{row: "a longer type", reason: inject.ReasonContentType, handler: reply(200, plainPage, "Content-Type: text/html-sandboxed")},
	{row: "types that disagree", reason: inject.ReasonContentType,
		handler: reply(200, plainPage, "Content-Type: text/html", "Content-Type: text/plain")},
	{row: "server-sent events", reason: inject.ReasonContentType, handler: reply(200, "data: <html><head>\n\n", "Content-Type: text/event-stream")},
	{row: "ndjson", reason: inject.ReasonContentType, handler: reply(200, "{}\n", "Content-Type: application/x-ndjson")},
	{row: "UTF-7", reason: inject.ReasonCharset, handler: reply(200, plainPage, "Content-Type: text/html; charset=utf-7")},
	{row: "ISO-2022-KR, which browsers replace", reason: inject.ReasonCharset,
		handler: reply(200, plainPage, "Content-Type: text/html; charset=iso-2022-kr")},
	{row: "Content-Disposition: attachment", reason: inject.ReasonAttachment,
		handler: reply(200, plainPage, "Content-Type: text/html", `Content-Disposition: attachment; filename="report.html"`)},
	{row: "an unknown disposition", reason: inject.ReasonAttachment,
		handler: reply(200, plainPage, "Content-Type: text/html", "Content-Disposition: form-data; name=a")},
	{row: "Cache-Control: no-transform", reason: inject.ReasonNoTransform,
		handler: reply(200, plainPage, "Content-Type: text/html", "Cache-Control: public, No-Transform")},
	{row: "the response header Handbill: off", reason: inject.ReasonOptedOutBySite,
		handler: reply(200, plainPage, "Content-Type: text/html", "Handbill: Off")},
	{row: "an unknown coding", reason: inject.ReasonUnknownCoding,
		handler: reply(200, "\x1f\x9d\x90", "Content-Type: text/html", "Content-Encoding: compress")},
	{row: "several codings", reason: inject.ReasonSeveralCodings,
		handler: reply(200, "\x1f\x8b", "Content-Type: text/html", "Content-Encoding: gzip, br")},
	{row: "several codings on lines of their own", reason: inject.ReasonSeveralCodings,
		handler: reply(200, "\x1f\x8b", "Content-Type: text/html", "Content-Encoding: gzip", "Content-Encoding: gzip")},
	{row: "outside the operator's matcher", reason: inject.ReasonNotMatched, handler: page(plainPage),
		options: func(o *inject.Options) { o.Match = func(*http.Request, int, http.Header) bool { return false } }},
	{row: "nothing to insert", reason: inject.ReasonNothingToInsert, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) { return inject.Insertion{}, false }
		}},
	{row: "no bytes to insert", reason: inject.ReasonNothingToInsert, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) { return inject.Insertion{}, true }
		}},
	{row: "a place for the nonce outside of the insertion", reason: inject.ReasonInvalidInsertion, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
				return inject.Insertion{Bytes: []byte(markup), NonceAt: 1000}, true
			}
		}},
	{row: "an insertion that is not ASCII", reason: inject.ReasonInvalidInsertion, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
				return inject.Insertion{Bytes: []byte("<meta content=é>"), NonceAt: -1}, true
			}
		}},
	{row: "a policy that forbids it, with csp keep", reason: inject.ReasonPolicy,
		handler: reply(200, plainPage, "Content-Type: text/html", "Content-Security-Policy: script-src 'none'"),
		options: func(o *inject.Options) { o.CSP = inject.KeepCSP }},
	{row: "a policy in the page, before the place", reason: inject.ReasonPolicyInPage,
		handler: reply(200, `<html><head><meta http-equiv=Content-Security-Policy content="script-src 'none'"><title>`, "Content-Type: text/html"),
		options: func(o *inject.Options) { o.Position = inject.AfterCharset }},
	{row: "a fragment", reason: inject.ReasonFragment, handler: page("<tr><td>Ada</td></tr>")},
	{row: "AMP", reason: inject.ReasonAMP, handler: page("<!doctype html><html ⚡><head>")},
	{row: "data-handbill=off on html", reason: inject.ReasonOptedOutByPage, handler: page(`<html data-handbill="off"><head>`)},
	{row: "ISO-2022-JP in the prologue", reason: inject.ReasonEscape,
		handler: reply(200, "<!-- \x1b$B<h\x1b(B --><html><head>", "Content-Type: text/html; charset=ISO-2022-JP")},
	{row: "a body that ends early", reason: inject.ReasonEndedEarly, handler: page("<!doctype html><!-- nothing else -->")},
	{row: "an empty body", reason: inject.ReasonEndedEarly, handler: reply(200, "", "Content-Type: text/html")},
	{row: "a damaged gzip body", reason: inject.ReasonBrokenCoding,
		handler: reply(200, "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff\xff\xff", "Content-Type: text/html", "Content-Encoding: gzip")},
	{row: "a damaged br body", reason: inject.ReasonBrokenCoding,
		handler: reply(200, "\xff\xff\xff\xff\xff\xff", "Content-Type: text/html", "Content-Encoding: br")},
	{row: "a damaged zstd body", reason: inject.ReasonBrokenCoding,
		handler: reply(200, "not zstd at all", "Content-Type: text/html", "Content-Encoding: zstd")},
	{row: "a br body that unpacks to a prologue without end", reason: inject.ReasonPrologueTooLong,
		handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("Content-Encoding", "br")
			w.Write(longBrotli)
		}},
	{row: "our own fault", reason: inject.ReasonInternalError, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) { panic("fault in the source") }
		}},
	{row: "a fault in the matcher", reason: inject.ReasonInternalError, handler: page(plainPage),
		options: func(o *inject.Options) {
			o.Match = func(*http.Request, int, http.Header) bool { panic("fault in the matcher") }
		}},

	// Fragments that the request asks for, where the answer is that request's alone.
	{row: "htmx", reason: inject.ReasonFragmentRequest, request: []string{"HX-Request", "true"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: HX-Request")},
	{row: "Turbo-Frame", reason: inject.ReasonFragmentRequest, request: []string{"Turbo-Frame", "cart"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Cache-Control: no-store")},
	{row: "XMLHttpRequest", reason: inject.ReasonFragmentRequest, request: []string{"X-Requested-With", "XMLHttpRequest"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Cache-Control: private, max-age=0")},
	{row: "X-PJAX", reason: inject.ReasonFragmentRequest, request: []string{"X-PJAX", "true"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: Accept, X-PJAX")},
	{row: "X-Up-Target", reason: inject.ReasonFragmentRequest, request: []string{"X-Up-Target", ".main"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: X-Up-Target")},
	{row: "X-Inertia", reason: inject.ReasonFragmentRequest, request: []string{"X-Inertia", "true"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: X-Inertia")},
	{row: "RSC", reason: inject.ReasonFragmentRequest, request: []string{"RSC", "1"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: RSC, Next-Router-State-Tree")},
	{row: "Next-Router-State-Tree", reason: inject.ReasonFragmentRequest, request: []string{"Next-Router-State-Tree", "x"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: *")},
	{row: "Sec-Fetch-Dest: empty", reason: inject.ReasonFragmentRequest, request: []string{"Sec-Fetch-Dest", "empty"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Cache-Control: no-store")},
	{row: "Sec-Fetch-Dest: image", reason: inject.ReasonFragmentRequest, request: []string{"Sec-Fetch-Dest", "image"},
		handler: reply(200, plainPage, "Content-Type: text/html", "Vary: Sec-Fetch-Dest")},
}

// longBrotli unpacks to a comment of a megabyte.
var longBrotli = compress("br", "<!doctype html><!--"+strings.Repeat("x", 1<<20)+"--><head>")

func TestSkippedResponsesPassUntouched(t *testing.T) {
	for _, test := range skips {
		t.Run(test.row, func(t *testing.T) {
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			var changes []func(*inject.Options)
			if test.options != nil {
				changes = append(changes, test.options)
			}
			s := serve(t, test.handler, changes...)
			plain := httptest.NewServer(test.handler)
			defer plain.Close()

			got, gotBody := s.do(t, method, test.request...)
			want, wantBody := site{plain, nil}.do(t, method, test.request...)
			got.Header.Del("Date")
			want.Header.Del("Date")
			if gotBody != wantBody {
				t.Errorf("body %q, want %q", gotBody, wantBody)
			}
			if got.StatusCode != want.StatusCode || got.ContentLength != want.ContentLength || !equalHeaders(got.Header, want.Header) {
				t.Errorf("got %d %v, want %d %v", got.StatusCode, got.Header, want.StatusCode, want.Header)
			}
			if reason := s.counts.only(t); reason != test.reason {
				t.Errorf("reason %v, want %v", reason, test.reason)
			}
		})
	}
}

func equalHeaders(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for name, values := range a {
		if strings.Join(values, "\n") != strings.Join(b[name], "\n") {
			return false
		}
	}
	return true
}

// readingRecorder is a ResponseRecorder with the ReadFrom of net/http's writer.
type readingRecorder struct{ *httptest.ResponseRecorder }

func (w readingRecorder) ReadFrom(source io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w.ResponseRecorder}, source)
}

func TestSiteErrorsPassUntouched(t *testing.T) {
	failure := errors.New("the site's handler failed")
	for name, handler := range map[string]func(w http.ResponseWriter) error{
		"before the header": func(http.ResponseWriter) error { return failure },
		"after the header":  func(w http.ResponseWriter) error { w.WriteHeader(502); return failure },
		"in the prologue":   func(w http.ResponseWriter) error { io.WriteString(w, "<!doctype html><he"); return failure },
		"before any bytes of a reader": func(w http.ResponseWriter) error {
			w.(io.ReaderFrom).ReadFrom(strings.NewReader(""))
			return failure
		},
	} {
		t.Run(name, func(t *testing.T) {
			options, c := newOptions()
			serveWith := func(serve func(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request) error) error) (*httptest.ResponseRecorder, error) {
				w := httptest.NewRecorder()
				w.Header().Set("Content-Type", "text/html")
				err := serve(w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error { return handler(w) })
				return w, err
			}
			got, err := serveWith(inject.New(options).ServeHTTP)
			if !errors.Is(err, failure) {
				t.Errorf("the error became %v", err)
			}
			want, _ := serveWith(func(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request) error) error {
				return next(readingRecorder{w.(*httptest.ResponseRecorder)}, r)
			})
			if got.Body.String() != want.Body.String() || got.Code != want.Code || !equalHeaders(got.Result().Header, want.Result().Header) {
				t.Errorf("got %d %v %q, want %d %v %q", got.Code, got.Result().Header, got.Body, want.Code, want.Result().Header, want.Body)
			}
			if strings.Contains(name, "prologue") || strings.Contains(name, "after the header") {
				if reason := c.only(t); reason != inject.ReasonSiteError {
					t.Errorf("reason %v", reason)
				}
			}
		})
	}
}

func TestEveryReasonHasATest(t *testing.T) {
	tested := map[inject.Reason]bool{inject.ReasonSiteError: true} // TestSiteErrorsPassUntouched
	for _, test := range skips {
		tested[test.reason] = true
	}
	for _, reason := range inject.Reasons() {
		if !tested[reason] {
			t.Errorf("no test for %v", reason)
		}
	}
}

func TestReasonsAreStableCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, reason := range inject.Reasons() {
		code := reason.String()
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(code) || seen[code] {
			t.Errorf("%d has the code %q", reason, code)
		}
		seen[code] = true
	}
	if code := inject.Reason(200).String(); code != "unknown" {
		t.Errorf("an unknown reason is %q", code)
	}
}

func TestEveryReasonIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../docs/how-injection-works.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range []string{"# How injection works\n", "## What is never touched\n", "## Troubleshooting: why was my page not injected?\n"} {
		if !strings.Contains(string(manual), heading) {
			t.Errorf("there is no %q", heading)
		}
	}
	_, table, _ := strings.Cut(string(manual), "| reason | what it means | what to do |")
	var documented, codes []string
	sentences := map[string][2]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.+) \\| (.+) \\|$").FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
		sentences[row[1]] = [2]string{row[2], row[3]}
	}
	for _, reason := range inject.Reasons() {
		codes = append(codes, reason.String())
		meaning, advice := reason.Sentence()
		if said := [2]string{meaning, advice}; sentences[reason.String()] != said {
			t.Errorf("%s: the manual says %q, and explain %q", reason, sentences[reason.String()], said)
		}
	}
	slices.Sort(documented)
	slices.Sort(codes)
	if !slices.Equal(documented, codes) {
		t.Errorf("the manual's table has the reasons\n%q, and there are\n%q", documented, codes)
	}
}
