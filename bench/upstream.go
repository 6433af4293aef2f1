package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pageSizes are the documents that are injected, in bytes.
var pageSizes = []int{10_000, 100_000, 1_000_000}

// compressedSizes are the documents that the site compresses, in bytes before that.
var compressedSizes = []int{10_000, 100_000, 1_700_000}

// shellEnd closes the part of the streamed page that is sent before the pause.
const shellEnd = "<p>One moment.</p>"

// streamPause is how long the streamed page's second part lets wait; a proxy that holds the first back shows it.
const streamPause = 100 * time.Millisecond

// upstream is the site that the measured servers proxy: /page/SIZE as a file server answers it, /compressed/SIZE likewise in
// gzip, /compressing/SIZE in gzip without a length, as a site that compresses while it sends, /stream, and /slow and
// /slow-compressed, which have a length but let wait for their second part.
type upstream struct {
	*http.Server
	address string
}

func startUpstream() (*upstream, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	modified := time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)
	for _, size := range pageSizes {
		content := page(size)
		routes.HandleFunc("/page/"+strconv.Itoa(size), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Etag", fmt.Sprintf(`"page-%d"`, size))
			http.ServeContent(w, r, "", modified, bytes.NewReader(content))
		})
	}
	for _, size := range compressedSizes {
		content, err := compressed(page(size))
		if err != nil {
			return nil, err
		}
		for path, flushed := range map[string]bool{"/compressed/": false, "/compressing/": true} {
			routes.HandleFunc(path+strconv.Itoa(size), func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Encoding", "gzip")
				w.Header().Set("Vary", "Accept-Encoding")
				if flushed {
					_ = http.NewResponseController(w).Flush()
				} else {
					w.Header().Set("Content-Length", strconv.Itoa(len(content)))
					w.Header().Set("Etag", fmt.Sprintf(`"page-%d-gzip"`, size))
				}
				_, _ = w.Write(content)
			})
		}
	}
	shell := "<!DOCTYPE html><html lang=en><head><title>Orders</title></head><body>" + shellEnd
	rest := "<p>Three orders are open.</p></body></html>"
	routes.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(shell)+len(rest)))
		sendInTwo(w, r, shell, rest)
	})
	slow, pause, err := compressedInTwo(shell, rest)
	if err != nil {
		return nil, err
	}
	routes.HandleFunc("/slow-compressed", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(slow)))
		sendInTwo(w, r, slow[:pause], slow[pause:])
	})
	routes.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) { sendInTwo(w, r, shell, rest) })
	site := &upstream{
		Server:  &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second},
		address: listener.Addr().String(),
	}
	go func() { _ = site.Serve(listener) }() // ends with Close
	return site, nil
}

// sendInTwo sends a page with a pause in it.
func sendInTwo(w http.ResponseWriter, r *http.Request, shell, rest string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, shell)
	_ = http.NewResponseController(w).Flush()
	select {
	case <-time.After(streamPause):
		_, _ = io.WriteString(w, rest)
	case <-r.Context().Done():
	}
}

// compressed is a page as most sites compress it.
func compressed(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// compressedInTwo is a page in gzip, and where its pause is: so far behind the first part that what comes before it does not
// fit in a server's buffer, and that its length with an insertion is not known there yet.
func compressedInTwo(first, rest string) (body string, pause int, err error) {
	random := rand.New(rand.NewPCG(2, 1))
	noise := make([]byte, 7_000)
	for i := range noise {
		noise[i] = 'a' + byte(random.IntN(26))
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, part := range []string{first, string(noise)} {
		if _, err = io.WriteString(w, part); err != nil {
			return "", 0, err
		}
		if err = w.Flush(); err != nil {
			return "", 0, err
		}
		pause = b.Len()
	}
	if _, err = io.WriteString(w, strings.Repeat(rest, 1000)); err != nil {
		return "", 0, err
	}
	err = w.Close()
	return b.String(), pause, err
}

// goods are what orders are made of: enough words that a page compresses as text does, to about a fifth.
var goods = strings.Fields("oak ash beech walnut maple shelf table bench stool drawer frame hinge handle oiled waxed sanded planed " +
	"glued turned carved narrow wide tall low round square left right front back upper lower repaired delivered measured packed " +
	"wrapped signed paid returned counted chosen drawn cut split dried stacked loaded carried fitted finished polished stained")

// page makes an HTML document of exactly this many bytes.
func page(size int) []byte {
	const head = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Orders</title>\n" +
		"<link rel=\"stylesheet\" href=\"/site.css\">\n</head>\n<body>\n<main>\n"
	const tail = "</main>\n</body>\n</html>\n"
	random := rand.New(rand.NewPCG(1, uint64(size))) // the same page in every run
	var b strings.Builder
	b.Grow(size)
	b.WriteString(head)
	for order := 1; ; order++ {
		words := make([]string, 12)
		for i := range words {
			words[i] = goods[random.IntN(len(goods))]
		}
		row := fmt.Sprintf("<p class=\"order\" id=\"order-%d\"><a href=\"/orders/%d\">Order %d</a>: %s.</p>\n", order, order, order, strings.Join(words, " "))
		if b.Len()+len(row)+len(tail) > size {
			break
		}
		b.WriteString(row)
	}
	b.WriteString(strings.Repeat(" ", size-b.Len()-len(tail)))
	b.WriteString(tail)
	return []byte(b.String())
}
