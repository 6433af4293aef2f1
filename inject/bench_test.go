package inject

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// sink is the cheapest ResponseWriter, so that a benchmark measures ours.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(int)             {}
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

// exchange is a page as a proxy hands it to us, again and again.
type exchange struct {
	injector *Injector
	request  *http.Request
	sink     *sink
	header   http.Header
	body     []byte
	next     func(http.ResponseWriter, *http.Request) error
}

func newExchange(size int, lines ...string) *exchange {
	e := &exchange{
		injector: New(Options{
			Insertion: func(*http.Request, int, http.Header) (Insertion, bool) { return external, true },
			Logger:    slog.New(slog.DiscardHandler),
		}),
		request: httptest.NewRequest(http.MethodGet, "http://shop.example.com/", nil),
		sink:    &sink{http.Header{}},
		header:  http.Header{},
	}
	page := `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title></head><body>`
	e.body = []byte(page + strings.Repeat("x", size-len(page)))
	e.request.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	e.request.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	e.request.Header.Set("Sec-Fetch-Dest", "document")
	e.header.Set("Content-Type", "text/html; charset=utf-8")
	e.header.Set("Content-Length", strconv.Itoa(size))
	e.header.Set("Server", "site")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		e.header.Set(name, value)
	}
	e.next = func(w http.ResponseWriter, _ *http.Request) error {
		header := w.Header()
		clear(header)
		for name, values := range e.header {
			header[name] = values
		}
		w.WriteHeader(http.StatusOK)
		for rest := e.body; len(rest) > 0; {
			n := min(len(rest), 32<<10)
			if _, err := w.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return nil
	}
	return e
}

func (e *exchange) run() {
	if err := e.injector.ServeHTTP(e.sink, e.request, e.next); err != nil {
		panic(err)
	}
}

// plain is the same exchange without an injector.
func (e *exchange) plain() {
	if err := e.next(e.sink, e.request); err != nil {
		panic(err)
	}
}

var withPolicyAndValidators = []string{
	`ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"`, "Last-Modified: Tue, 12 Mar 2024 20:00:17 GMT",
	"Content-Security-Policy: default-src 'self'; script-src 'nonce-4AEemGb0xJptoIGFP3Nd' 'strict-dynamic'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'",
}

func BenchmarkHandler(b *testing.B) {
	for _, size := range []int{10 << 10, 100 << 10, 1 << 20} {
		e := newExchange(size)
		b.Run(strconv.Itoa(size>>10)+"KB/injected", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.run()
			}
		})
		b.Run(strconv.Itoa(size>>10)+"KB/plain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.plain()
			}
		})
	}
	for name, lines := range map[string][]string{"policy": withPolicyAndValidators, "image": {"Content-Type: image/png"}} {
		e := newExchange(10<<10, lines...)
		b.Run(name+"/injected", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.run()
			}
		})
		b.Run(name+"/plain", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				e.plain()
			}
		})
	}
}

func BenchmarkScan(b *testing.B) {
	for name, prologue := range map[string]string{
		"typical": `<!doctype html><html lang="en"><head>`,
		"long":    "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<!-- " + strings.Repeat("Copyright. ", 30) + "-->\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\" class=\"no-js theme-light\">\n<head>",
	} {
		text := []byte(prologue + strings.Repeat("x", 32<<10))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var d document
				if result, _ := d.scan(text); result != insertAt {
					b.Fatal("no place")
				}
			}
		})
	}
}
