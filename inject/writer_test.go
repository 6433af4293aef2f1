package inject_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"handbill/inject"
)

// journal is a ResponseWriter that notes what it is told, in order.
type journal struct {
	header http.Header
	calls  []string
	body   bytes.Buffer
	failAt int // the write that fails; 0: none
	writes int
}

func newJournal() *journal { return &journal{header: http.Header{}} }

func (j *journal) Header() http.Header { return j.header }

func (j *journal) WriteHeader(status int) {
	j.calls = append(j.calls, fmt.Sprint("header ", status))
}

func (j *journal) Write(p []byte) (int, error) {
	j.writes++
	if j.writes == j.failAt {
		return 0, errors.New("the client is gone")
	}
	j.calls = append(j.calls, fmt.Sprint("write ", len(p)))
	return j.body.Write(p)
}

func (j *journal) FlushError() error {
	j.calls = append(j.calls, "flush")
	return nil
}

func (j *journal) ReadFrom(source io.Reader) (int64, error) {
	n, err := j.body.ReadFrom(source)
	j.calls = append(j.calls, fmt.Sprint("read from ", n))
	return n, err
}

// run gives handler an injecting writer over a journal.
func run(t *testing.T, handler func(http.ResponseWriter), change ...func(*inject.Options)) *journal {
	t.Helper()
	j := newJournal()
	runOver(t, j, httptest.NewRequest(http.MethodGet, "/", nil), handler, change...)
	return j
}

func runOver(t *testing.T, w http.ResponseWriter, r *http.Request, handler func(http.ResponseWriter), change ...func(*inject.Options)) *counts {
	t.Helper()
	options, c := newOptions()
	for _, change := range change {
		change(&options)
	}
	err := inject.New(options).ServeHTTP(w, r, func(w http.ResponseWriter, _ *http.Request) error {
		handler(w)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return c
}

func html(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }

func (j *journal) expect(t *testing.T, calls ...string) {
	t.Helper()
	if got, want := strings.Join(j.calls, ", "), strings.Join(calls, ", "); got != want {
		t.Errorf("the writer below saw %q, want %q", got, want)
	}
}

func TestCallsThatReachTheWriterBelow(t *testing.T) {
	const long = 20_000
	tests := []struct {
		name    string
		handler func(w http.ResponseWriter)
		body    string
		calls   []string
	}{
		{"nothing at all", func(http.ResponseWriter) {}, "", nil},
		{"a header alone", func(w http.ResponseWriter) { html(w); w.WriteHeader(404) }, "", []string{"header 404"}},
		{"an image, without a header", func(w http.ResponseWriter) { w.Write([]byte("GIF")) }, "GIF", []string{"write 3"}},
		{"an image, with a header", func(w http.ResponseWriter) { w.WriteHeader(200); w.Write([]byte("GIF")) }, "GIF", []string{"header 200", "write 3"}},
		{"a page in one write", func(w http.ResponseWriter) { html(w); w.Write([]byte(plainPage)) }, injectedPage,
			[]string{"header 200", "write " + strconv.Itoa(len(injectedPage))}},
		{"a page as a string", func(w http.ResponseWriter) { html(w); io.WriteString(w, plainPage) }, injectedPage,
			[]string{"header 200", "write " + strconv.Itoa(len(injectedPage))}},
		{"a header twice", func(w http.ResponseWriter) {
			html(w)
			w.WriteHeader(404)
			w.WriteHeader(500)
			io.WriteString(w, plainPage)
		}, injectedPage, []string{"header 404", "write " + strconv.Itoa(len(injectedPage))}},
		{"a superfluous header after the body", func(w http.ResponseWriter) {
			html(w)
			io.WriteString(w, plainPage)
			w.WriteHeader(500)
		}, injectedPage, []string{"header 200", "write " + strconv.Itoa(len(injectedPage)), "header 500"}},
		{"informational responses", func(w http.ResponseWriter) {
			w.WriteHeader(103)
			w.WriteHeader(100)
			html(w)
			w.WriteHeader(200)
			w.WriteHeader(103) // too late
			io.WriteString(w, plainPage)
		}, injectedPage, []string{"header 103", "header 100", "header 200", "write " + strconv.Itoa(len(injectedPage))}},
		{"switching protocols", func(w http.ResponseWriter) { w.WriteHeader(101); w.Write([]byte("frames")) }, "frames",
			[]string{"header 101", "write 6"}},
		{"a flush before anything", func(w http.ResponseWriter) { w.(http.Flusher).Flush() }, "", []string{"flush"}},
		{"a flush of a page's header", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Etag", `"shop-7"`)
			w.(http.Flusher).Flush()
			io.WriteString(w, plainPage)
		}, injectedPage, []string{"header 200", "write " + strconv.Itoa(len(injectedPage)), "flush"}},
		{"a flush of a page's header that wants nothing to wait", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Incremental", "?1")
			w.(http.Flusher).Flush()
			io.WriteString(w, plainPage)
		}, injectedPage, []string{"header 200", "flush", "write " + strconv.Itoa(len(injectedPage))}},
		{"a flush in a tag's name keeps the tag back", func(w http.ResponseWriter) {
			html(w)
			io.WriteString(w, plainPage[:25]) // <!doctype html><html><hea
			w.(http.Flusher).Flush()
			io.WriteString(w, plainPage[25:])
		}, injectedPage, []string{"header 200", "write 21", "flush", "write " + strconv.Itoa(len(injectedPage)-21)}},
		{"the beginning of a page of unknown length is gathered as in net/http", func(w http.ResponseWriter) {
			html(w)
			for _, b := range []byte(plainPage) {
				w.Write([]byte{b})
			}
		}, injectedPage, append([]string{"header 200", "write " + strconv.Itoa(27+len(markup))}, repeat("write 1", len(plainPage)-27)...)},
		{"a long page in two writes: the rest is not copied", func(w http.ResponseWriter) {
			html(w)
			io.WriteString(w, plainPage+strings.Repeat("x", long))
		}, injectedPage + strings.Repeat("x", long),
			[]string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(long+len(plainPage)-27)}},
		{"a page of known length keeps back what it has become longer", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+long))
			io.WriteString(w, plainPage+strings.Repeat("x", 3000))
			io.WriteString(w, strings.Repeat("x", long-3000))
		}, injectedPage + strings.Repeat("x", long),
			[]string{"header 200", "write " + strconv.Itoa(len(plainPage)+3000-80), "write " + strconv.Itoa(80+len(markup)+long-3000)}},
		{"a long piece of a page of known length is not kept back", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+2*long))
			io.WriteString(w, plainPage+strings.Repeat("x", long))
			io.WriteString(w, strings.Repeat("x", long))
		}, injectedPage + strings.Repeat("x", 2*long),
			[]string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(long+len(plainPage)-27), "write " + strconv.Itoa(long)}},
		{"what is kept back leaves with a flush", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+4))
			io.WriteString(w, plainPage)
			w.(http.Flusher).Flush()
			io.WriteString(w, "more")
		}, injectedPage + "more", []string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(len(plainPage)-27), "flush", "write 4"}},
		{"what is kept back leaves at the end", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+4))
			io.WriteString(w, plainPage)
		}, injectedPage, []string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(len(plainPage)-27)}},
		{"what is kept back leaves before a write that is too long to be copied", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+100_000))
			io.WriteString(w, plainPage)
			io.WriteString(w, strings.Repeat("x", 100_000))
		}, injectedPage + strings.Repeat("x", 100_000),
			[]string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(len(plainPage)-27), "write 100000"}},
		{"Incremental: ?1 never waits", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Incremental", "?1")
			io.WriteString(w, plainPage[:20])
			io.WriteString(w, plainPage[20:])
		}, injectedPage, []string{"header 200", "write 15", "write " + strconv.Itoa(len(injectedPage)-15)}},
		{"X-Accel-Buffering: no never waits", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("X-Accel-Buffering", "no")
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)))
			io.WriteString(w, plainPage[:30])
			io.WriteString(w, plainPage[30:])
		}, injectedPage, []string{"header 200", "write " + strconv.Itoa(30+len(markup)), "write " + strconv.Itoa(len(plainPage)-30)}},
		{"a refused page goes on as one", func(w http.ResponseWriter) {
			html(w)
			io.WriteString(w, "<tr>")
			io.WriteString(w, "<td>")
			w.(http.Flusher).Flush()
		}, "<tr><td>", []string{"header 200", "write 4", "write 4", "flush"}},
		{"a page without a place", func(w http.ResponseWriter) { html(w); io.WriteString(w, "<!doctype html><") }, "<!doctype html><",
			[]string{"header 200", "write 16"}},
		{"a reader of what is no page goes below as it is", func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "image/png")
			io.Copy(w, onlyReader{strings.NewReader("PNG")})
		}, "PNG", []string{"read from 3"}},
		{"the rest of a reader goes below as it is", func(w http.ResponseWriter) {
			html(w)
			io.Copy(w, onlyReader{strings.NewReader(plainPage + strings.Repeat("x", long))})
		}, injectedPage + strings.Repeat("x", long),
			[]string{"header 200", "write " + strconv.Itoa(2048+len(markup)), "read from " + strconv.Itoa(len(plainPage)+long-2048)}},
		{"a reader of a short page", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)))
			io.Copy(w, onlyReader{strings.NewReader(plainPage)})
		}, injectedPage, []string{"header 200", "write " + strconv.Itoa(len(injectedPage)), "read from 0"}},
		{"a reader after a write of which something is kept back", func(w http.ResponseWriter) {
			html(w)
			w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)+3))
			io.WriteString(w, plainPage)
			io.Copy(w, onlyReader{strings.NewReader("xyz")})
		}, injectedPage + "xyz", []string{"header 200", "write " + strconv.Itoa(27+len(markup)), "write " + strconv.Itoa(len(plainPage)-27+3), "read from 0"}},
		{"a place behind a comment of megabytes", func(w http.ResponseWriter) {
			html(w)
			io.WriteString(w, "<!doctype html><!--"+strings.Repeat("x", 1<<20)+"--><head>y")
		}, "<!doctype html><!--" + strings.Repeat("x", 1<<20) + "--><head>" + markup + "y",
			[]string{"header 200", "write " + strconv.Itoa(1<<20+28), "write " + strconv.Itoa(len(markup)+1)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			j := run(t, test.handler)
			if got := j.body.String(); got != test.body {
				t.Errorf("got %.300q, want %.300q", got, test.body)
			}
			j.expect(t, test.calls...)
		})
	}
}

// onlyReader hides a reader's other methods, as a connection's body does.
type onlyReader struct{ io.Reader }

func repeat(call string, n int) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(call+",", n), ","), ",")
}

func TestContentLengthIsExactOrAbsent(t *testing.T) {
	for _, size := range []int{len(plainPage), 1000, 3000, 4000, 4096, 5000, 100_000} {
		for _, piece := range []int{1, 10, 100, 2048, 4096, 32 << 10, 1 << 20} {
			for _, flush := range []bool{false, true} {
				text := plainPage + strings.Repeat("x", size-len(plainPage))
				j := run(t, func(w http.ResponseWriter) {
					html(w)
					w.Header().Set("Content-Length", strconv.Itoa(len(text)))
					for begin := 0; begin < len(text); begin += piece {
						io.WriteString(w, text[begin:min(begin+piece, len(text))])
						if flush {
							w.(http.Flusher).Flush()
						}
					}
				})
				length := j.header.Get("Content-Length")
				if j.body.Len() != size+len(markup) || length != "" && length != strconv.Itoa(j.body.Len()) {
					t.Errorf("%d bytes by %d, flush %v: %d bytes and Content-Length %q", size, piece, flush, j.body.Len(), length)
				}
				if length == "" && (!flush || piece >= 100) {
					t.Errorf("%d bytes by %d, flush %v: Content-Length was dropped without need", size, piece, flush)
				}
			}
		}
	}
}

func TestErrorsOfTheWriterBelowAreReturned(t *testing.T) {
	for failAt := 1; failAt <= 2; failAt++ {
		j := newJournal()
		j.failAt = failAt
		runOver(t, j, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
			html(w)
			n, err := io.WriteString(w, plainPage+strings.Repeat("x", 10_000))
			if err == nil || n == len(plainPage)+10_000 {
				t.Errorf("write %d failed, and yet %d, %v", failAt, n, err)
			}
		})
	}
}

func TestControllersReachTheConnection(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("deadline: %v", err)
		}
		if err := c.EnableFullDuplex(); err != nil {
			t.Errorf("full duplex: %v", err)
		}
		html(w)
		io.WriteString(w, plainPage)
		if err := c.Flush(); err != nil {
			t.Errorf("flush: %v", err)
		}
	})
	if _, body := s.get(t); body != injectedPage {
		t.Errorf("got %q", body)
	}
}

func TestUpgradesAreHijacked(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := w.(http.Hijacker).Hijack() // as WebSocket libraries do
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n")
		buffered.Flush()
		line, _ := buffered.ReadString('\n')
		buffered.WriteString("<html><head>" + line)
		buffered.Flush()
	})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello\n")
	answer, _ := io.ReadAll(conn)
	if !bytes.HasSuffix(answer, []byte("\r\n\r\n<html><head>hello\n")) {
		t.Errorf("got %q", answer)
	}
}

func TestHijackWithoutAnUpgradeLeavesTheConnectionAlone(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		conn.Close()
	})
	if _, body := s.get(t); body != "ok" {
		t.Errorf("got %q", body)
	}
}

func TestConnectIsPassed(t *testing.T) {
	j := newJournal()
	r := httptest.NewRequest(http.MethodConnect, "http://shop.example.com/", nil)
	runOver(t, j, r, func(w http.ResponseWriter) {
		if w != http.ResponseWriter(j) {
			t.Error("the writer is wrapped")
		}
		w.WriteHeader(200)
		io.WriteString(w, "<html><head>")
	})
	j.expect(t, "header 200", "write 12")
}

func TestAWriterThatIsUsedAfterItsHandlerIsHarmless(t *testing.T) {
	var kept http.ResponseWriter
	first := run(t, func(w http.ResponseWriter) {
		html(w)
		io.WriteString(w, plainPage)
		kept = w
	})
	second := run(t, func(w http.ResponseWriter) {
		html(w)
		io.WriteString(w, plainPage[:30])
		io.WriteString(kept, "late")
		kept.(http.Flusher).Flush()
		kept.WriteHeader(500)
		io.WriteString(w, plainPage[30:])
	})
	if first.body.String() != injectedPage+"late" || second.body.String() != injectedPage {
		t.Errorf("got %q and %q", first.body.String(), second.body.String())
	}
}

func TestServerSentEventsArriveAtOnce(t *testing.T) {
	more := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(w, "data: <html><head> %d\n\n", i)
			w.(http.Flusher).Flush()
			<-more
		}
	})
	response, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	events := bufio.NewReader(response.Body)
	for i := range 3 {
		line, err := events.ReadString('\n')
		if want := fmt.Sprintf("data: <html><head> %d\n", i); err != nil || line != want {
			t.Errorf("got %q (%v), want %q", line, err, want)
		}
		events.ReadString('\n')
		more <- struct{}{}
	}
}

// TestStreamedPagesArriveAtOnce reads each flushed part of a page before the
// handler goes on with the next, in every coding.
func TestStreamedPagesArriveAtOnce(t *testing.T) {
	parts := []string{"<!doctype html><html><head><title>Shop</title></head><body><h1>Shop</h1>", "<p>the first part</p>", "<p>the second part</p></body></html>"}
	for _, coding := range []string{"identity", "gzip", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			arrived := make(chan struct{})
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				html(w)
				body := newFlushingCompressor(w, coding)
				for _, part := range parts {
					body.write(part)
					w.(http.Flusher).Flush()
					<-arrived
				}
				body.close()
			})
			request, _ := http.NewRequest(http.MethodGet, s.URL, nil)
			request.Header.Set("Accept-Encoding", "gzip")
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body := decodingReader(t, response)
			for i, part := range parts {
				if i == 0 {
					part = strings.Replace(part, "<head>", "<head>"+markup, 1)
				}
				got := make([]byte, len(part))
				if _, err := io.ReadFull(body, got); err != nil || string(got) != part {
					t.Errorf("got %q (%v), want %q", got, err, part)
				}
				arrived <- struct{}{}
			}
			if rest, err := io.ReadAll(body); len(rest) > 0 || err != nil {
				t.Errorf("and then %q (%v)", rest, err)
			}
		})
	}
}

func TestAbortedSitesAbort(t *testing.T) {
	for _, coding := range []string{"identity", "gzip", "br", "zstd"} {
		for _, sent := range []int{10, 25, 60} {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				html(w)
				body := newFlushingCompressor(w, coding)
				body.write(plainPage[:sent])
				w.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			})
			request, _ := http.NewRequest(http.MethodGet, s.URL, nil)
			request.Header.Set("Accept-Encoding", "gzip")
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				continue // before the header
			}
			body, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err == nil {
				t.Errorf("%s, aborted after %d bytes: looks complete: %q", coding, sent, body)
			}
		}
	}
}

func TestDamagedBodiesBehindThePlaceAbort(t *testing.T) {
	for _, coding := range []string{"br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				html(w)
				body := newFlushingCompressor(w, coding)
				body.write(plainPage)
				for range 20 {
					w.Write([]byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
				}
			})
			response, err := http.Get(s.URL)
			if err != nil {
				return // it was aborted before the client saw a byte
			}
			defer response.Body.Close()
			if body, err := io.ReadAll(response.Body); err == nil {
				t.Errorf("looks complete: %q", body)
			}
		})
	}
}

func TestTruncatedBodiesShowAsFarAsTheyGo(t *testing.T) {
	for _, coding := range []string{"br", "zstd"} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			html(w)
			newFlushingCompressor(w, coding).write(plainPage)
		})
		if _, body := s.get(t); body != injectedPage {
			t.Errorf("%s: got %q", coding, body)
		}
	}
}

func TestTrailers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Trailer", "Server-Timing, Content-Digest")
		io.WriteString(w, plainPage)
		w.(http.Flusher).Flush()
		w.Header().Set("Server-Timing", "db;dur=3")
		w.Header().Set("Content-Digest", "sha-256=:x:")
		w.Header().Set(http.TrailerPrefix+"Repr-Digest", "sha-256=:x:")
		w.Header().Set(http.TrailerPrefix+"X-Checked", "yes")
	})
	response, body := s.get(t)
	if body != injectedPage || response.Trailer.Get("Server-Timing") != "db;dur=3" || response.Trailer.Get("X-Checked") != "yes" {
		t.Errorf("got %q with %v", body, response.Trailer)
	}
	if response.Trailer.Get("Content-Digest") != "" || response.Trailer.Get("Repr-Digest") != "" {
		t.Errorf("digests of another body: %v", response.Trailer)
	}
}

func TestEarlyHints(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload; as=style")
		w.WriteHeader(http.StatusEarlyHints)
		html(w)
		w.WriteHeader(http.StatusOK)
		io.WriteString(w, plainPage)
	})
	var hints atomic.Value
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			hints.Store(fmt.Sprint(code, " ", header.Get("Link")))
			return nil
		},
	})
	request, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if string(body) != injectedPage || hints.Load() != "103 </style.css>; rel=preload; as=style" {
		t.Errorf("got %q after %v", body, hints.Load())
	}
}

func TestHTTP10(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		for i := range 3 {
			io.WriteString(w, plainPage[i*20:(i+1)*20])
			w.(http.Flusher).Flush()
		}
		io.WriteString(w, plainPage[60:])
	})
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.0\r\n\r\n")
	answer, _ := io.ReadAll(conn)
	if head, body, _ := strings.Cut(string(answer), "\r\n\r\n"); body != injectedPage || strings.Contains(head, "chunked") || strings.Contains(head, "Content-Length") {
		t.Errorf("got %q", answer)
	}
}

func TestHTTP2(t *testing.T) {
	options, _ := newOptions()
	server := httptest.NewUnstartedServer(inject.New(options).Handler(page(plainPage + strings.Repeat("x", 100_000))))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if response.ProtoMajor != 2 || string(body) != injectedPage+strings.Repeat("x", 100_000) {
		t.Errorf("HTTP/%d: %.200q", response.ProtoMajor, body)
	}
}

func TestHTTP2JoinsMoreForFewerFrames(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.ProtoMajor = 2
	j := newJournal()
	runOver(t, j, r, func(w http.ResponseWriter) {
		html(w)
		io.WriteString(w, plainPage+strings.Repeat("x", 20_000))
	})
	j.expect(t, "header 200", "write "+strconv.Itoa(len(injectedPage)+20_000))
}

func TestOnlyTheOuterOfTwoInjectorsInserts(t *testing.T) {
	outer, outerCounts := newOptions()
	inner, innerCounts := newOptions()
	s := httptest.NewServer(inject.New(outer).Handler(wrapping{inject.New(inner).Handler(page(plainPage))}))
	defer s.Close()
	if _, body := (site{s, nil}).get(t); body != injectedPage {
		t.Errorf("got %q", body)
	}
	if reason := innerCounts.only(t); reason != inject.ReasonAlreadyInjected {
		t.Errorf("the inner one: %v", reason)
	}
	if reason := outerCounts.only(t); reason != inject.ReasonNone {
		t.Errorf("the outer one: %v", reason)
	}
}

// wrapping gives its handler a writer of its own that can be unwrapped.
type wrapping struct{ http.Handler }

func (h wrapping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.Handler.ServeHTTP(wrapper{w}, r)
}

type wrapper struct{ http.ResponseWriter }

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestProxiesInARowInjectOnce(t *testing.T) {
	inner := serve(t, page(plainPage))
	outer := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		response, body := inner.get(t)
		for name, values := range response.Header {
			w.Header()[name] = values
		}
		io.WriteString(w, body)
	})
	if _, body := outer.get(t); body != injectedPage {
		t.Errorf("got %q", body)
	}
}

func TestFilesAreInjected(t *testing.T) {
	for _, size := range []int{len(plainPage), 2048, 5000, 1 << 20} {
		name := filepath.Join(t.TempDir(), "index.html")
		text := plainPage + strings.Repeat("x", size-len(plainPage))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) })
		response, body := s.get(t)
		want := strings.Replace(text, "<head>", "<head>"+markup, 1)
		if body != want || response.ContentLength != int64(len(want)) {
			t.Errorf("%d bytes: got %d and Content-Length %d", size, len(body), response.ContentLength)
		}
	}
}

func TestCompressedFilesAreInjected(t *testing.T) {
	text := plainPage + strings.Repeat("<p>and more</p>", 20_000)
	for _, coding := range []string{"gzip", "br", "zstd"} {
		name := filepath.Join(t.TempDir(), "index.html."+coding)
		if err := os.WriteFile(name, compress(coding, text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			file, err := os.Open(name)
			if err != nil {
				t.Error(err)
				return
			}
			defer file.Close()
			html(w)
			w.Header().Set("Content-Encoding", coding)
			io.Copy(w, file)
		})
		response, body := s.get(t, "Accept-Encoding", "gzip")
		if got := decompress(t, response, body); got != strings.Replace(text, "<head>", "<head>"+markup, 1) {
			t.Errorf("%s: got %.200q", coding, got)
		}
	}
}

// TestCompressedPagesInPieces divides a compressed page at every byte.
func TestCompressedPagesInPieces(t *testing.T) {
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		t.Run(coding, func(t *testing.T) {
			body := compress(coding, plainPage)
			for split := range len(body) + 1 {
				for _, flush := range []bool{false, true} {
					w := httptest.NewRecorder()
					runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
						html(w)
						w.Header().Set("Content-Encoding", coding)
						w.Header().Set("Content-Length", strconv.Itoa(len(body)))
						w.Write(body[:split])
						if flush {
							w.(http.Flusher).Flush()
						}
						w.Write(body[split:])
					})
					response := w.Result()
					if length := response.ContentLength; length >= 0 && length != int64(w.Body.Len()) {
						t.Fatalf("split at %d: %d bytes and Content-Length %d", split, w.Body.Len(), length)
					}
					if got := decompress(t, response, w.Body.String()); got != injectedPage {
						t.Fatalf("split at %d, flush %v: %q", split, flush, got)
					}
				}
			}
		})
	}
}

func TestShortSplicedPagesKeepAnExactLength(t *testing.T) {
	body := compress("gzip", plainPage)
	w := httptest.NewRecorder()
	runOver(t, w, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	})
	if length := w.Header().Get("Content-Length"); length != strconv.Itoa(w.Body.Len()) {
		t.Errorf("%d bytes and Content-Length %q", w.Body.Len(), length)
	}
}
