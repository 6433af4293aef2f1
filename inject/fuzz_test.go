package inject

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// newFuzzInjector inserts the marker, in version v1.
func newFuzzInjector() *Injector {
	return New(Options{
		Insertion: func(*http.Request, int, http.Header) (Insertion, bool) {
			return Insertion{Bytes: []byte(marker), NonceAt: -1, Version: "v1"}, true
		},
		ErrorPages: true,
		Logger:     slog.New(slog.DiscardHandler),
	})
}

// FuzzWriter sends a page in three pieces through the writer, in every coding, and
// compares what arrives with what the scanner says of the whole.
func FuzzWriter(f *testing.F) {
	for _, piece := range pieces {
		f.Add("<!doctype html>"+piece+"<head>x</head>", uint16(5), uint16(20), uint8(3))
	}
	f.Add(strings.Repeat("<!-- x -->", 900)+"<html><body>", uint16(4000), uint16(5000), uint8(15))
	f.Fuzz(func(t *testing.T, text string, one, two uint16, how uint8) {
		want, reason := inserted(t, text, document{}, marker)
		coding := []string{"", "gzip", "br", "zstd"}[how&3]
		body := encodeBody(coding, text)
		first, second := int(one)%(len(body)+1), int(two)%(len(body)+1)
		first, second = min(first, second), max(first, second)

		below := httptest.NewRecorder()
		err := newFuzzInjector().ServeHTTP(below, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			if coding != "" {
				w.Header().Set("Content-Encoding", coding)
			}
			if how&4 != 0 {
				w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			}
			for i, piece := range [][]byte{body[:first], body[first:second], body[second:]} {
				if how&16 != 0 {
					io.Copy(w, bytes.NewReader(piece))
				} else {
					w.Write(piece)
				}
				if how&8 != 0 && i < 2 {
					w.(http.Flusher).Flush()
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if length := below.Header().Get("Content-Length"); length != "" && length != strconv.Itoa(below.Body.Len()) {
			t.Fatalf("%d bytes and Content-Length %s", below.Body.Len(), length)
		}
		got := decodeBody(t, below.Header().Get("Content-Encoding"), below.Body.Bytes())
		if got != want && (reason != ReasonNone || coding == "" || got != text) {
			t.Fatalf("%s in pieces at %d and %d: got %.300q, want %.300q (%v)", coding, first, second, got, want, reason)
		}
	})
}

func encodeBody(coding, text string) []byte {
	var out bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&out)
	case "br":
		w = brotli.NewWriter(&out)
	case "zstd":
		w, _ = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1))
	default:
		return []byte(text)
	}
	io.WriteString(w, text)
	w.Close()
	return out.Bytes()
}

func decodeBody(t *testing.T, coding string, body []byte) string {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "gzip":
		decoder, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = decoder
	case "br":
		r = brotli.NewReader(r)
	case "zstd":
		decoder, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		defer decoder.Close()
		r = decoder
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("decoding %s: %v", coding, err)
	}
	return string(text)
}

// FuzzHeaders gives a response and a request any values in the headers that are
// read: the page must be injected, or pass with its header as it was.
func FuzzHeaders(f *testing.F) {
	f.Add("text/html", "", `"abc"`, "max-age=60, private", "Cookie", `W/"abc-hbs-v1", "x"`, "gzip, br", "85")
	f.Add(`text/html; charset="utf-16"`, "gzip", `W/"a-hbw-v0"`, "no-transform", "*", "*", "br;q=0", "-1")
	f.Add("text/html;;;charset=", "identity,", `abc`, "s-maxage=1", "accept-encoding", `"a`, "*;q=1", "x")
	const text = "<!doctype html><head><title>Shop</title>"
	f.Fuzz(func(t *testing.T, contentType, coding, tag, control, vary, copies, accepts, length string) {
		response := map[string]string{"Content-Type": contentType, "Content-Encoding": coding, "Etag": tag, "Cache-Control": control, "Vary": vary, "Content-Length": length}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for name, value := range map[string]string{"If-None-Match": copies, "If-Match": copies, "If-Range": copies, "Range": "bytes=0-1", "Accept-Encoding": accepts, "Accept": "text/html"} {
			r.Header.Set(name, value)
		}
		before := r.Header.Clone()
		below := httptest.NewRecorder()
		var sent http.Header
		err := newFuzzInjector().ServeHTTP(below, r, func(w http.ResponseWriter, _ *http.Request) error {
			for name, value := range response {
				if value != "" {
					w.Header().Set(name, value)
				}
			}
			sent = w.Header().Clone()
			io.WriteString(w, text)
			return nil
		})
		if err != nil || !reflect.DeepEqual(before, r.Header) {
			t.Fatalf("%v; the request became %v, was %v", err, r.Header, before)
		}
		if below.Body.String() == text {
			if !reflect.DeepEqual(sent, below.Header()) && below.Header().Get(headerName) != markPlanned {
				t.Fatalf("not injected, and yet %v became %v", sent, below.Header())
			}
			return
		}
		if got := below.Header().Get("Etag"); got != "" {
			read, rest, ok := cutTag(got)
			opaque, kind, version, ours := read.original()
			if !ok || rest != "" || !ours || version != "v1" {
				t.Fatalf("%s became %s", tag, got)
			}
			if site := read.site(); kind != dateTag && (site.opaque != opaque || site.String() != strings.Trim(tag, " \t,")) {
				t.Fatalf("%s became %s, and that %s", tag, got, site)
			}
		}
		if number, err := strconv.Atoi(below.Header().Get("Content-Length")); err == nil && number != len(text)+len(marker) && length == strconv.Itoa(len(text)) {
			t.Fatalf("Content-Length is %d", number)
		}
	})
}
