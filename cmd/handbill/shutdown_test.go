package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"handbill/engine/soaktest"
)

// tabOverHTTP is a tab without a browser: it polls, reports, and holds a stream open.
type tabOverHTTP struct {
	t      *testing.T
	site   string
	client *http.Client
}

func newTabOverHTTP(t *testing.T, site string) *tabOverHTTP {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &tabOverHTTP{t: t, site: site, client: &http.Client{Jar: jar, Transport: &http.Transport{}}}
}

func (b *tabOverHTTP) post(path, body string) (*http.Response, string) {
	b.t.Helper()
	response, err := b.client.Post("http://"+b.site+"/_handbill"+path, "application/json", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return response, string(text)
}

// poll returns the delivery of the first message, and the ticket of a stream.
func (b *tabOverHTTP) poll() (delivery, ticket string) {
	b.t.Helper()
	response, text := b.post("/api/v4/users?sessionId=1", fmt.Sprintf(`{"page":{"url":"http://%s/"},"tab":"tab-1","view":"view-1"}`, b.site))
	var list struct{ InAppMessages []struct{ DeliveryID string } }
	if response.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			b.t.Fatal(err)
		}
	}
	if len(list.InAppMessages) > 0 {
		delivery = list.InAppMessages[0].DeliveryID
	}
	return delivery, response.Header.Get("Handbill-Stream")
}

func (b *tabOverHTTP) report(delivery, metric string) {
	b.t.Helper()
	response, text := b.post("/v1/t", fmt.Sprintf(`{"type":"track","event":"Report Delivery Event","messageId":"%s-%s","properties":{"deliveryId":%q,"metric":%q}}`, metric, delivery, delivery, metric))
	if response.StatusCode != http.StatusOK {
		b.t.Fatalf("report %s: %s %s", metric, response.Status, text)
	}
}

// Ends as a service manager ends it, with streams open and while visitors report. It must end within 5 seconds, which is what
// Caddy's unit of systemd waits.
func TestAServerThatIsToldToEndEndsItsStreamsAndKeepsEverything(t *testing.T) {
	streams := soaktest.Times(50, 400) // of one address
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, "[[messages]]\nid = \"closing\"\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"We close at six today.\"\n")
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstream on\n\t}\n}\nhttp://EDGE {\n\thandbill\n\theader Content-Type text/html\n\trespond \"<!doctype html><h1>Tallowby</h1>\"\n}\n")
	s.start()
	var open sync.WaitGroup
	ended := make(chan error, streams)
	for range streams {
		b := newTabOverHTTP(t, s.edge)
		delivery, ticket := b.poll()
		if delivery == "" || ticket == "" {
			t.Fatalf("a first poll gives delivery %q and ticket %q", delivery, ticket)
		}
		stream, err := b.client.Get("http://" + s.edge + "/_handbill/api/v3/sse?ticket=" + ticket)
		if err != nil {
			t.Fatal(err)
		}
		open.Go(func() {
			defer stream.Body.Close()
			_, err := io.Copy(io.Discard, stream.Body)
			ended <- err
		})
		b.report(delivery, "opened")
		b.report(delivery, "dismissed")
	}
	until(t, "the streams are open", func() bool { return s.streamsOpen() == streams })

	told := time.Now()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := s.process.Wait()
	took := time.Since(told)
	s.process = nil
	open.Wait()
	close(ended)
	if err != nil || soaktest.Full() && took > 5*time.Second { // else the machine does other things, too
		t.Errorf("it took %s to end: %v", took, err)
	}
	for err := range ended {
		if err != nil {
			t.Errorf("a stream was cut off: %v", err)
		}
	}
	s.start()
	want := fmt.Sprintf("DELIVERIES %d, OPENED %d, DISMISSED %d", streams, streams, streams)
	got := s.statistics()["closing"]
	for _, part := range strings.Split(want, ", ") {
		if !strings.Contains(got, part) {
			t.Errorf("after the restart the counts are %q, and should have %s", got, part)
		}
	}
	soaktest.Figure(t, "shutdown.open_streams", streams)
	soaktest.Figure(t, "shutdown.ms", took.Milliseconds())
}
