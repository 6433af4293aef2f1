package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pageSizes are the documents that are injected, in bytes.
var pageSizes = []int{10_000, 100_000, 1_000_000}

// shellEnd closes the part of the streamed page that is sent before the pause.
const shellEnd = "<p>One moment.</p>"

// streamPause is how long the streamed page's second part lets wait; a proxy that holds the first back shows it.
const streamPause = 100 * time.Millisecond

// upstream is the site that the measured servers proxy: /page/SIZE as a file server answers it, and /stream.
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
	routes.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html lang=en><head><title>Orders</title></head><body>"+shellEnd)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(streamPause):
		case <-r.Context().Done():
			return
		}
		_, _ = io.WriteString(w, "<p>Three orders are open.</p></body></html>")
	})
	site := &upstream{
		Server:  &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second},
		address: listener.Addr().String(),
	}
	go func() { _ = site.Serve(listener) }() // ends with Close
	return site, nil
}

// page makes an HTML document of exactly this many bytes.
func page(size int) []byte {
	const head = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Orders</title>\n" +
		"<link rel=\"stylesheet\" href=\"/site.css\">\n</head>\n<body>\n<main>\n"
	const tail = "</main>\n</body>\n</html>\n"
	var b strings.Builder
	b.Grow(size)
	b.WriteString(head)
	for order := 1; ; order++ {
		row := fmt.Sprintf("<p class=\"order\" id=\"order-%d\">Order %d: <a href=\"/orders/%d\">two shelves, oiled oak</a>, delivered on day %d.</p>\n",
			order, order, order, order%31)
		if b.Len()+len(row)+len(tail) > size {
			break
		}
		b.WriteString(row)
	}
	b.WriteString(strings.Repeat(" ", size-b.Len()-len(tail)))
	b.WriteString(tail)
	return []byte(b.String())
}
