package inject_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"handbill/inject"
)

func TestCommentOfMegabytesIsStreamed(t *testing.T) {
	comment := "<!doctype html><!--" + strings.Repeat("- <head> ", 10<<20/9) + "-->"
	for _, piece := range []int{1 << 10, 32 << 10, 20 << 20} {
		j := run(t, func(w http.ResponseWriter) {
			html(w)
			for begin := 0; begin < len(comment); begin += piece {
				io.WriteString(w, comment[begin:min(begin+piece, len(comment))])
			}
			io.WriteString(w, "<head></head>")
		})
		if want := comment + "<head>" + markup + "</head>"; j.body.String() != want {
			t.Errorf("in pieces of %d: %d bytes, want %d", piece, j.body.Len(), len(want))
		}
	}
}

func TestAttributesWithoutEndAreStreamed(t *testing.T) {
	for _, text := range []string{
		"<!doctype html><html a=\"" + strings.Repeat("x", 1<<20),
		"<!doctype html><html " + strings.Repeat("x", 1<<20),
		"<!doctype html></" + strings.Repeat("x", 1<<20),
		"<!doctype html>" + strings.Repeat("</p>", 1<<18),
		"<!doctype html>" + strings.Repeat("<!>", 1<<18),
	} {
		j := run(t, func(w http.ResponseWriter) {
			html(w)
			for begin := 0; begin < len(text); begin += 1000 {
				io.WriteString(w, text[begin:min(begin+1000, len(text))])
			}
		})
		if j.body.String() != text {
			t.Errorf("%.40q: %d bytes of %d", text, j.body.Len(), len(text))
		}
	}
}

func TestBombsUseBoundedMemory(t *testing.T) {
	const size = 32 << 20
	for _, coding := range []string{"gzip", "br", "zstd"} {
		for name, prologue := range map[string]string{"before the place": "<!doctype html><!--", "behind the place": "<!doctype html><head>"} {
			t.Run(coding+", "+name, func(t *testing.T) {
				bomb := compress(coding, prologue+strings.Repeat("x", size))
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				w := &counting{header: http.Header{}}
				runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
					html(w)
					w.Header().Set("Content-Encoding", coding)
					for begin := 0; begin < len(bomb); begin += 4 << 10 {
						w.Write(bomb[begin:min(begin+4<<10, len(bomb))])
					}
				})
				runtime.ReadMemStats(&after)
				if grown := after.TotalAlloc - before.TotalAlloc; grown > 24<<20 {
					t.Errorf("%d MiB were allocated for a bomb of %d KiB", grown>>20, len(bomb)>>10)
				}
				if name == "before the place" && w.total != int64(len(bomb)) {
					t.Errorf("%d bytes passed, want the %d that came", w.total, len(bomb))
				}
			})
		}
	}
}

// counting counts bytes and keeps none.
type counting struct {
	header http.Header
	total  int64
}

func (c *counting) Header() http.Header { return c.header }
func (c *counting) WriteHeader(int)     {}
func (c *counting) Write(p []byte) (int, error) {
	c.total += int64(len(p))
	return len(p), nil
}

func TestHeadersOf64Kilobytes(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	many := strings.Repeat("'nonce-abc' https://a.example/ ", 2000)
	lists := strings.Repeat(`"abc", W/"def-hbs-v1", `, 2500)
	options, _ := newOptions()
	server := httptest.NewUnstartedServer(inject.New(options).Handler(reply(200, plainPage, "Content-Type: text/html; x="+long, "Content-Security-Policy: script-src "+many+"; x "+long,
		`ETag: "`+long+`"`, "Vary: "+strings.Repeat("a, ", 20_000), "Cache-Control: "+strings.Repeat("a, ", 20_000))))
	server.Config.MaxHeaderBytes = 4 << 20
	server.Start()
	defer server.Close()
	response, body := site{server, nil}.get(t, "Accept", navigation, "If-None-Match", lists, "Accept-Encoding", strings.Repeat("x;q=0.1, ", 10_000))
	if response.StatusCode != http.StatusOK || !strings.Contains(body, `<head><script nonce="abc"`) {
		t.Errorf("%d %.200q", response.StatusCode, body)
	}
	for _, line := range []string{
		"Content-Type: text/html; charset=\"" + long,
		"Content-Type: " + long,
		"Content-Disposition: " + long,
		"Content-Encoding: " + strings.Repeat("gzip, ", 10_000),
		"ETag: " + strings.Repeat(`"`, 64<<10),
		"Last-Modified: " + long,
	} {
		s := serve(t, reply(200, plainPage, "Content-Type: text/html", line))
		if response, body := s.get(t); response.StatusCode != http.StatusOK || body != plainPage && body != injectedPage {
			t.Errorf("%.40q: %d %.200q", line, response.StatusCode, body)
		}
	}
}

func TestManyVisitorsAtOnce(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		html(w)
		coding := r.URL.Query().Get("coding")
		text := strings.Replace(plainPage, "Hello", r.URL.Query().Get("id"), 1) + strings.Repeat("x", 40_000)
		body := compress(coding, text)
		if coding != "identity" {
			w.Header().Set("Content-Encoding", coding)
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		half := rand.IntN(len(body))
		w.Write(body[:half])
		if half%2 == 0 {
			w.(http.Flusher).Flush()
		}
		w.Write(body[half:])
	})
	var visitors sync.WaitGroup
	for visitor := range 8 {
		visitors.Go(func() {
			for i := range 40 {
				coding := []string{"identity", "gzip", "br", "zstd"}[i%4]
				id := strconv.Itoa(visitor*1000 + i)
				request, _ := http.NewRequest(http.MethodGet, s.URL+"/?id="+id+"&coding="+coding, nil)
				request.Header.Set("Accept-Encoding", "gzip")
				response, err := http.DefaultTransport.RoundTrip(request)
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(decodingReader(t, response))
				response.Body.Close()
				if want := strings.Replace(injectedPage, "Hello", id, 1) + strings.Repeat("x", 40_000); err != nil || string(text) != want {
					t.Errorf("%s: %v, %.200q", coding, err, text)
				}
			}
		})
	}
	visitors.Wait()
}

func TestDecodersLeaveNoGoroutine(t *testing.T) {
	body := compress("br", plainPage+strings.Repeat("x", 100_000))
	before := runtime.NumGoroutine()
	for i := range 200 {
		w := httptest.NewRecorder()
		options, _ := newOptions()
		func() {
			defer func() { _ = recover() }()
			_ = inject.New(options).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
				html(w)
				w.Header().Set("Content-Encoding", "br")
				w.Write(body[:i%len(body)])
				if i%3 == 0 {
					panic(http.ErrAbortHandler)
				}
				return errors.New("the site failed")
			})
		}()
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines, and %d before", after, before)
	}
}

func TestFaultsOfOursLeaveThePageWhole(t *testing.T) {
	calls := 0
	s := serve(t, page(plainPage), func(o *inject.Options) {
		o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
			calls++
			return inject.Insertion{Bytes: make([]byte, 1)[calls:2]}, true // a fault of the kind that the runtime raises
		}
	})
	for range 3 {
		if response, body := s.get(t, "Accept", navigation, "If-None-Match", `W/"abc-hbs-v1"`); body != plainPage || response.StatusCode != 200 {
			t.Errorf("%d %q", response.StatusCode, body)
		}
	}
}
