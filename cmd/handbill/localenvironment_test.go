package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// awaitPorts waits until nobody listens on ports that a client has written into it.
func awaitPorts(t *testing.T, ports ...string) {
	t.Helper()
	for _, port := range ports {
		until(t, "port "+port+" is free", func() bool {
			listener, err := net.Listen("tcp", "127.0.0.1:"+port)
			if err == nil {
				_ = listener.Close()
			}
			return err == nil
		})
	}
}

func TestTheReferenceClientWorksInItsLocalEnvironmentWithTheExample(t *testing.T) {
	awaitPorts(t, "3010", "3009", "9998")
	text, err := os.ReadFile(filepath.Join(checkout, "examples/conformance/Caddyfile"))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs(publishedFolder)
	if err != nil {
		t.Fatal(err)
	}
	caddyfile := strings.NewReplacer(
		"\n{\n", "\n{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n",
		"{$REFERENCE_CLIENT}", folder,
		"http://localhost:8080", "http://EDGE",
		"localhost:8080", "EDGE",
	).Replace(string(text))
	s := newServer(t, caddyfile)
	s.start()

	b := newVisitor(t)
	asked := record(b)
	b.open("http://" + s.edge + "/")
	b.await(holds("guests"))
	js[any](b, `cioanalytics.identify("ada").then(() => null)`)
	b.await(holds("members"))
	until(t, "the client opens a stream", func() bool { return asked.count("/api/v3/sse") > 0 })
	b.open("http://" + s.edge + "/members")
	b.await(`document.querySelector('iframe[src^="http://localhost:9998/index.html"]')`)
	until(t, "the message was drawn and counted", func() bool { return strings.Contains(s.statistics()["members"], "OPENED 1") })
	asked.mu.Lock()
	defer asked.mu.Unlock()
	for _, one := range asked.requests {
		known := false
		for _, origin := range []string{"http://" + s.edge, "http://localhost:3010", "http://localhost:3009", "http://localhost:9998"} {
			known = known || strings.HasPrefix(one.address, origin+"/")
		}
		if !known {
			t.Errorf("the page asked %s", one.address)
		}
	}
	if len(asked.failed) > 0 {
		t.Errorf("the endpoint answered %q", asked.failed)
	}
}
