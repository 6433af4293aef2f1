package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAConnectionReadsEveryFormOfAnswerToItsEnd(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			_, _ = io.WriteString(w, strings.Repeat("invoice ", 100))
		case "/chunked":
			w.Header().Set("Trailer", "X-Checksum")
			for range 3 {
				_, _ = io.WriteString(w, strings.Repeat("invoice ", 20_000))
				_ = http.NewResponseController(w).Flush()
			}
			w.Header().Set("X-Checksum", "17")
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	for path, status := range map[string]int{"/length": 200, "/chunked": 200, "/empty": 204} {
		t.Run(path, func(t *testing.T) {
			c, err := dial(t.Context(), server.Listener.Addr().String(), "127.0.0.7", []byte("GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for range 3 { // a byte too few or too many read would spoil the next answer
				if got, err := c.exchange(); err != nil || got != status {
					t.Fatalf("got %d, %v; want %d", got, err, status)
				}
			}
			if c.reader.Buffered() != 0 {
				t.Errorf("%d bytes are left", c.reader.Buffered())
			}
		})
	}
}

func TestAConnectionRefusesWhatIsNoWholeAnswer(t *testing.T) {
	for name, answer := range map[string]string{
		"not HTTP":             "220 mail.example.com ESMTP\r\n",
		"cut in the header":    "HTTP/1.1 200 OK\r\nContent-Le",
		"cut in the body":      "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nshort",
		"cut between chunks":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
		"a chunk without size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nshort\r\n",
		"without a length":     "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nshort",
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 1024))
				_, _ = io.WriteString(conn, answer)
			}()
			c, err := dial(t.Context(), listener.Addr().String(), "", []byte("GET / HTTP/1.1\r\n\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if status, err := c.exchange(); err == nil {
				t.Errorf("accepted with status %d", status)
			}
		})
	}
}
