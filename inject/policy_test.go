package inject_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"handbill/inject"
)

func TestPagesWithPolicies(t *testing.T) {
	const path = "/_handbill/"
	nonced := strings.Replace(markup, "<script", `<script nonce="r4nd0m"`, 1)
	tests := []struct {
		name, policy string
		csp          inject.CSP
		insertion    string // "": none
		want         string // the policy; HOST stands for the server's address
	}{
		{"the page's nonce", "script-src 'nonce-r4nd0m'", inject.ExtendCSP, nonced, "script-src 'nonce-r4nd0m'"},
		{"the page's nonce, kept", "script-src 'nonce-r4nd0m'", inject.KeepCSP, nonced, "script-src 'nonce-r4nd0m'"},
		{"a source is added", "script-src 'none'", inject.ExtendCSP, markup, "script-src HOST" + path},
		{"the policy is kept", "script-src 'none'", inject.KeepCSP, "", "script-src 'none'"},
		{"nothing can be added", "script-src 'strict-dynamic'", inject.ExtendCSP, "", "script-src 'strict-dynamic'"},
	}
	for _, test := range tests {
		for _, coding := range []string{"identity", "gzip", "br"} {
			t.Run(test.name+", "+coding, func(t *testing.T) {
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
					html(w)
					w.Header().Set("Content-Security-Policy", test.policy)
					body := compress(coding, plainPage)
					if coding != "identity" {
						w.Header().Set("Content-Encoding", coding)
					}
					w.Header().Set("Content-Length", strconv.Itoa(len(body)))
					w.Write(body)
				}, func(o *inject.Options) { o.CSP = test.csp })
				response, body := s.get(t)
				want := strings.Replace(plainPage, "<head>", "<head>"+test.insertion, 1)
				if test.insertion == "" {
					want = string(compress(coding, plainPage))
				} else {
					body = decompress(t, response, body)
				}
				if body != want {
					t.Errorf("got %q, want %q", body, want)
				}
				policy := strings.Replace(test.want, "HOST", s.Listener.Addr().String(), 1)
				if got := response.Header.Get("Content-Security-Policy"); got != policy {
					t.Errorf("the policy is %q, want %q", got, policy)
				}
			})
		}
	}
}

// deferred is a handler whose policy is set when the header passes, as Caddy's
// deferred header operations do.
func deferred(policy string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&deferredWriter{ResponseWriter: w, policy: policy}, r)
	})
}

type deferredWriter struct {
	http.ResponseWriter
	policy string
}

func (w *deferredWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *deferredWriter) WriteHeader(status int) {
	w.Header().Set("Content-Security-Policy", w.policy)
	w.ResponseWriter.WriteHeader(status)
}

func TestPoliciesThatAreSetAfterUs(t *testing.T) {
	nonced := strings.Replace(markup, "<script", `<script nonce="r4nd0m"`, 1)
	tests := []struct {
		name, policy  string
		first, second string // insertions of the first page and of later ones
	}{
		{"it lets the insertion pass", "script-src 'self'", markup, markup},
		{"it has a nonce", "script-src 'nonce-r4nd0m'; connect-src 'self'", "", nonced},
		{"it forbids the insertion", "script-src 'none'", "", ""},
	}
	for _, test := range tests {
		for _, coding := range []string{"identity", "gzip", "br"} {
			for _, pieces := range []int{1, 2, 3} {
				t.Run(test.name+", "+coding+" in "+strconv.Itoa(pieces), func(t *testing.T) {
					options, counts := newOptions()
					s := httptest.NewServer(deferred(test.policy, inject.New(options).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						html(w)
						body := compress(coding, plainPage)
						if coding != "identity" {
							w.Header().Set("Content-Encoding", coding)
						}
						w.Header().Set("Content-Length", strconv.Itoa(len(body)))
						for i := range pieces {
							w.Write(body[i*len(body)/pieces : (i+1)*len(body)/pieces])
						}
					}))))
					defer s.Close()
					injected := 0
					for i, insertion := range []string{test.first, test.second} {
						response, body := site{s, nil}.get(t)
						text := decompress(t, response, body)
						want := strings.Replace(plainPage, "<head>", "<head>"+insertion, 1)
						promised := strings.Replace(plainPage, "<head>", "<head>"+strings.Repeat(" ", len(markup)), 1)
						late := strings.Replace(plainPage, "<head>", "<head>"+test.second, 1)
						switch {
						case text == want:
						case i == 0 && insertion == "" && text == promised: // the length was on its way
						case i == 0 && insertion == "" && text == late: // no length was promised
						default:
							t.Errorf("page %d: got %q, want %q", i, text, want)
						}
						if strings.Contains(text, markup) || strings.Contains(text, nonced) {
							injected++
						}
						if policy := response.Header.Get("Content-Security-Policy"); policy != test.policy {
							t.Errorf("the policy is %q", policy)
						}
					}
					if counts.injected != injected || len(counts.skipped) != 2-injected {
						t.Errorf("recorded %d injected and %v skipped, want %d and %d", counts.injected, counts.skipped, injected, 2-injected)
					}
				})
			}
		}
	}
}

func TestDeferredPoliciesThatAreExpectedFitTheFirstPage(t *testing.T) {
	for _, coding := range []string{"identity", "gzip"} {
		options, _ := newOptions()
		options.DefersHeaders = func(w http.ResponseWriter) bool {
			_, ok := w.(*deferredWriter)
			return ok
		}
		s := httptest.NewServer(deferred("script-src 'nonce-r4nd0m'; connect-src 'self'", wrapping{inject.New(options).Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			body := compress(coding, plainPage)
			if coding != "identity" {
				w.Header().Set("Content-Encoding", coding)
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.Write(body)
		}))}))
		response, body := site{s, nil}.get(t)
		s.Close()
		if got := decompress(t, response, body); !strings.Contains(got, `<head><script nonce="r4nd0m"`) {
			t.Errorf("%s: got %q", coding, got)
		}
	}
}

func TestNotModifiedKeepsThePolicyOfTheInjectedCopy(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "script-src 'none'")
		files(`"abc"`, time.Time{})(w, r)
	})
	first, _ := s.get(t, "Accept", navigation)
	again, _ := s.get(t, "Accept", navigation, "If-None-Match", first.Header.Get("Etag"))
	if again.StatusCode != http.StatusNotModified || again.Header.Get("Content-Security-Policy") != first.Header.Get("Content-Security-Policy") {
		t.Errorf("%d with %q, want that of the page, %q", again.StatusCode,
			again.Header.Get("Content-Security-Policy"), first.Header.Get("Content-Security-Policy"))
	}
}

func TestUTF16PagesAreInjectedInTheirEncoding(t *testing.T) {
	wide := func(text string) string {
		var out strings.Builder
		for _, c := range []byte(text) {
			out.WriteByte(c)
			out.WriteByte(0)
		}
		return out.String()
	}
	for name, handler := range map[string]http.HandlerFunc{
		"by header": reply(200, wide(plainPage), "Content-Type: text/html; charset=utf-16", "Content-Length: "+strconv.Itoa(2*len(plainPage))),
		"by mark":   reply(200, "\xff\xfe"+wide(plainPage), "Content-Type: text/html", "Content-Length: "+strconv.Itoa(2*len(plainPage)+2)),
		"by mark, in small pieces": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			for _, b := range []byte("\xff\xfe" + wide(plainPage)) {
				w.Write([]byte{b})
				w.(http.Flusher).Flush()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, handler)
			response, body := s.get(t)
			if strings.TrimPrefix(body, "\xff\xfe") != wide(injectedPage) {
				t.Errorf("got %q", body)
			}
			if length := response.ContentLength; length >= 0 && length != int64(len(body)) {
				t.Errorf("Content-Length is %d", length)
			}
		})
	}
}

func TestLongInsertionsLeaveTheCharsetInItsWindow(t *testing.T) {
	long := "<script>" + strings.Repeat("load();", 400) + "</script>"
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><html><head><title>Shop</title><meta charset=utf-8><link rel=icon href=x>")
	}, func(o *inject.Options) {
		o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
			return inject.Insertion{Bytes: []byte(long), NonceAt: -1}, true
		}
	})
	_, body := s.get(t)
	if want := "<!doctype html><html><head><title>Shop</title><meta charset=utf-8>" + long + "<link rel=icon href=x>"; body != want {
		t.Errorf("got %.120q", body)
	}
}
