package caddymodule

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// upstream is a site that streams: events, a socket, and a page in two parts of which the second waits for go on.
func upstream(t *testing.T, goOn <-chan struct{}) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		first, second := "<!DOCTYPE html><html><head><title>Board</title></head><body><p>Monday</p>\n", "<p>Tuesday</p></body></html>\n"
		switch r.URL.Path {
		case "/socket":
			connection, buffer, err := control.Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			fmt.Fprint(connection, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_, _ = io.Copy(connection, buffer)
			return
		case "/events":
			first, second = "data: Monday\n\n", "data: Tuesday\n\n"
			w.Header().Set("Content-Type", "text/event-stream")
		default:
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		_, _ = io.WriteString(w, first)
		if err := control.Flush(); err != nil {
			t.Error(err)
		}
		<-goOn
		_, _ = io.WriteString(w, second)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestWhatStreamsArrivesAsItIsWritten(t *testing.T) {
	for path, injected := range map[string]bool{"/events": false, "/board": true} {
		t.Run(path, func(t *testing.T) {
			goOn := make(chan struct{})
			e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(upstream(t, goOn)))
			response, err := e.client.Get("http://tallowby.test" + path)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			reader := bufio.NewReader(response.Body)
			line, err := reader.ReadString('\n') // before the second part is written
			if err != nil || !strings.Contains(line, "Monday") || strings.Contains(line, "<script") != injected {
				t.Errorf("the first line is %q, %v", line, err)
			}
			close(goOn)
			rest, err := io.ReadAll(reader)
			if err != nil || !strings.Contains(string(rest), "Tuesday") {
				t.Errorf("the rest is %q, %v", rest, err)
			}
		})
	}
}

func TestASocketPassesThrough(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(upstream(t, nil)))
	connection, err := net.DialTimeout("tcp", e.address(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(connection, "GET /socket HTTP/1.1\r\nHost: tallowby.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	reader := bufio.NewReader(connection)
	response, err := http.ReadResponse(reader, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v %+v", err, response)
	}
	for _, line := range []string{"Monday\n", "<head>\n"} {
		fmt.Fprint(connection, line)
		if echo, err := reader.ReadString('\n'); err != nil || echo != line {
			t.Errorf("%q came back as %q, %v", line, echo, err)
		}
	}
}
