package inject_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"handbill/inject"
)

// fields are pairs of name and value of a header.
type fields []string

func (f fields) set(h http.Header) {
	for i := 0; i < len(f); i += 2 {
		h.Set(f[i], f[i+1])
	}
}

var validated = fields{"Etag", `"shop-7"`, "Last-Modified", "Tue, 12 Mar 2024 20:00:17 GMT"}

// TestAFlushedHeaderWaitsForTheBodyThatDecides: a header that an insertion would change
// goes with the body's first bytes, as the page's or as the site's own.
func TestAFlushedHeaderWaitsForTheBodyThatDecides(t *testing.T) {
	for name, header := range map[string]fields{
		"validators": validated,
		"a date":     validated[2:],
		"digests":    {"Content-Digest", "sha-256=:x:"},
		"parts":      {"Accept-Ranges", "bytes"},
		"a length":   {"Content-Length", strconv.Itoa(len(plainPage))},
		"a policy":   {"Content-Security-Policy", "default-src 'none'"},
	} {
		for body, injected := range map[string]bool{plainPage: true, strings.Repeat("<tr>", len(plainPage)/4): false, "": false} {
			if name == "a length" && body == "" {
				continue
			}
			t.Run(fmt.Sprintf("%s, %.10q", name, body), func(t *testing.T) {
				var asSent http.Header
				j := run(t, func(w http.ResponseWriter) {
					html(w)
					header.set(w.Header())
					asSent = w.Header().Clone()
					w.(http.Flusher).Flush()
					time.Sleep(2 * time.Millisecond)
					io.WriteString(w, body)
				})
				want := body
				if injected {
					want = injectedPage
				}
				if got := j.body.String(); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if mark := j.header.Get("Handbill"); injected != (mark == "injected") {
					t.Errorf("the mark is %q", mark)
				}
				if same := maps.EqualFunc(j.header, asSent, slices.Equal[[]string]); same == injected {
					t.Errorf("the site sent %v, and this arrived: %v", asSent, j.header)
				}
				if body != "" && j.calls[len(j.calls)-1] != "flush" {
					t.Errorf("the flush got lost: %v", j.calls)
				}
			})
		}
	}
}

// TestAFlushedHeaderThatStaysGoesBeforeTheBody: where nothing would change, the browser
// has the header before the site writes a body, whatever that turns out to be.
func TestAFlushedHeaderThatStaysGoesBeforeTheBody(t *testing.T) {
	for _, test := range []struct {
		name, coding, body, want string
		header                   fields
	}{
		{"a page", "identity", plainPage, injectedPage, nil},
		{"a page in gzip", "gzip", plainPage, injectedPage, nil},
		{"a part of a page", "identity", "<tr><td>1</td></tr>", "<tr><td>1</td></tr>", nil},
		{"a page with a policy that stays", "identity", plainPage, injectedPage, fields{"Content-Security-Policy", "script-src 'self'"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			arrived := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				html(w)
				test.header.set(w.Header())
				w.Header().Set("Vary", "Accept-Encoding")
				body := newFlushingCompressor(w, test.coding)
				w.(http.Flusher).Flush()
				<-arrived
				body.write(test.body)
				body.close()
			})
			request, _ := http.NewRequest(http.MethodGet, s.URL, nil)
			request.Header.Set("Accept-Encoding", "gzip")
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			close(arrived)
			if body, err := io.ReadAll(decodingReader(t, response)); err != nil || string(body) != test.want {
				t.Errorf("got %q (%v), want %q", body, err, test.want)
			}
			if mark := response.Header.Get("Handbill"); mark != "" {
				t.Errorf("a header that was to stay has the mark %q", mark)
			}
		})
	}
}

func TestAHandlerMayChangeAHeaderThatWaits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Trailer", "Server-Timing")
		w.(http.Flusher).Flush()
		for i := range 1000 {
			w.Header().Set("Server-Timing", "db;dur="+strconv.Itoa(i))
		}
		io.WriteString(w, plainPage)
	})
	response, body := s.get(t)
	if body != injectedPage || response.Trailer.Get("Server-Timing") != "db;dur=999" {
		t.Errorf("got %q with %v", body, response.Trailer)
	}
}

// gzipPage is a page of so many bytes, and the same in gzip.
func gzipPage(size int) (text string, body []byte) {
	var b strings.Builder
	b.WriteString(plainPage)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "<p class=order id=order-%d>Order %x: oak, ash, beech</p>\n", i, i*i*2654435761%1000003)
	}
	return b.String(), compress("gzip", b.String())
}

// TestSplicedPagesKeepTheirLength writes them as a proxy reads them.
func TestSplicedPagesKeepTheirLength(t *testing.T) {
	for _, size := range []int{1000, 20_000, 60_000, 300_000} {
		for _, pieces := range [][]int{{1 << 20}, {3800, 32 << 10}, {1000}, {3800, 1460}, {1}} {
			if len(pieces) == 1 && pieces[0] == 1 && size > 60_000 {
				continue
			}
			text, body := gzipPage(size)
			w := httptest.NewRecorder()
			runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
				html(w)
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				for rest, i := body, 0; len(rest) > 0; i++ {
					n := min(pieces[min(i, len(pieces)-1)], len(rest))
					w.Write(rest[:n])
					rest = rest[n:]
				}
			})
			response := w.Result()
			// A machine under load may run the timer in the middle: then there is none.
			if length := response.ContentLength; length >= 0 && length != int64(w.Body.Len()) {
				t.Errorf("%d bytes by %v: %d bytes and Content-Length %d", size, pieces, w.Body.Len(), length)
			} else if length < 0 && len(pieces) == 1 && pieces[0] > len(body) {
				t.Errorf("%d bytes in one piece: no Content-Length", size)
			}
			if got := decompress(t, response, w.Body.String()); got != strings.Replace(text, "<head>", "<head>"+markup, 1) {
				t.Errorf("%d bytes by %v: %.200q", size, pieces, got)
			}
		}
	}
}

// TestASitesPauseSendsWhatIsHeldOfASplicedPage: the site sends so much that a part of
// it would arrive without us, and goes on only when it has.
func TestASitesPauseSendsWhatIsHeldOfASplicedPage(t *testing.T) {
	text, body := gzipPage(300_000)
	for _, flush := range []bool{false, true} {
		t.Run(fmt.Sprint("flush ", flush), func(t *testing.T) {
			arrived := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				html(w)
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
				w.Write(body[:5000])
				if flush {
					w.(http.Flusher).Flush()
				}
				<-arrived
				w.Write(body[5000:])
			})
			request, _ := http.NewRequest(http.MethodGet, s.URL, nil)
			request.Header.Set("Accept-Encoding", "gzip")
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			first := make([]byte, 3000)
			if _, err := io.ReadFull(response.Body, first); err != nil {
				t.Fatal(err)
			}
			close(arrived)
			rest, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := decompress(t, response, string(first)+string(rest)); got != strings.Replace(text, "<head>", "<head>"+markup, 1) {
				t.Errorf("got %.200q", got)
			}
		})
	}
}

func TestAFlushAfterASplicedPageGoesOn(t *testing.T) {
	for _, size := range []int{1000, 100_000} {
		_, body := gzipPage(size)
		j := run(t, func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.Write(body)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("%d bytes: %v", size, err)
			}
		})
		if last := j.calls[len(j.calls)-1]; last != "flush" {
			t.Errorf("%d bytes: the last call was %q", size, last)
		}
	}
}

func TestASplicedBodyShorterThanItsLengthStaysAsItIs(t *testing.T) {
	_, body := gzipPage(300_000)
	w := httptest.NewRecorder()
	c := runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:3000])
	})
	if !bytes.Equal(w.Body.Bytes(), body[:3000]) || w.Header().Get("Handbill") != "" || w.Header().Get("Content-Length") != strconv.Itoa(len(body)) {
		t.Errorf("got %d bytes with %v", w.Body.Len(), w.Header())
	}
	if reason := c.only(t); reason != inject.ReasonBrokenCoding {
		t.Errorf("the reason is %v", reason)
	}
}

// breaking is a writer whose connection breaks in a way that a server ends a response
// by.
type breaking struct{ *journal }

func (b breaking) Write([]byte) (int, error) { panic(http.ErrAbortHandler) }

func TestAPanicWhileAResponseWaitsIsItsHandlers(t *testing.T) {
	_, body := gzipPage(300_000)
	defer func() {
		if fault, _ := recover().(error); !errors.Is(fault, http.ErrAbortHandler) {
			t.Errorf("the handler panicked with %v", fault)
		}
	}()
	runOver(t, breaking{newJournal()}, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body[:5000])
		time.Sleep(50 * time.Millisecond)
		w.Write(body[5000:])
		t.Error("the write went well")
	})
}

// TestAPageThatHasTheInsertionGetsNoSecond: an inner injector whose header was flushed
// before the page could not mark it.
func TestAPageThatHasTheInsertionGetsNoSecond(t *testing.T) {
	nonced := strings.Replace(markup, "<script", `<script nonce="r4nd0m"`, 1)
	for name, test := range map[string]struct {
		page   string
		policy string
		want   inject.Reason
	}{
		"the same":                    {strings.Replace(plainPage, "<head>", "<head>"+markup, 1), "", inject.ReasonAlreadyInjected},
		"with a nonce":                {strings.Replace(plainPage, "<head>", "<head>"+nonced, 1), "script-src 'nonce-r4nd0m'", inject.ReasonAlreadyInjected},
		"another script":              {strings.Replace(plainPage, "<head>", "<head><script src=/a.js></script>", 1), "", inject.ReasonNone},
		"another script with a nonce": {strings.Replace(plainPage, "<head>", `<head><script nonce="r4nd0m" src=/a.js></script>`, 1), "script-src 'nonce-r4nd0m'", inject.ReasonNone},
		"the same with another nonce": {strings.Replace(plainPage, "<head>", "<head>"+strings.Replace(nonced, "r4nd0m", "0ther", 1), 1), "script-src 'nonce-r4nd0m'", inject.ReasonNone},
		"the same without its nonce":  {strings.Replace(plainPage, "<head>", "<head>"+markup, 1), "script-src 'nonce-r4nd0m'", inject.ReasonNone},
	} {
		for _, coding := range []string{"identity", "gzip", "br"} {
			w := httptest.NewRecorder()
			sent := []byte(test.page)
			if coding != "identity" {
				sent = compress(coding, test.page)
			}
			c := runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
				html(w)
				if coding != "identity" {
					w.Header().Set("Content-Encoding", coding)
				}
				if test.policy != "" {
					w.Header().Set("Content-Security-Policy", test.policy)
				}
				w.Write(sent)
			}, func(o *inject.Options) {
				o.Insertion = func(*http.Request, int, http.Header) (inject.Insertion, bool) {
					return inject.Insertion{Bytes: []byte(markup), NonceAt: len("<script")}, true
				}
			})
			if reason := c.only(t); reason != test.want {
				t.Errorf("%s, %s: %v, want %v", name, coding, reason, test.want)
			}
			if test.want != inject.ReasonNone && !bytes.Equal(w.Body.Bytes(), sent) {
				t.Errorf("%s, %s: the page has changed", name, coding)
			}
		}
	}
}
