package caddymodule

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
)

// stream is an open stream of a visitor; its lines come one after the other until it ends.
type stream struct {
	t      *testing.T
	answer *http.Response
	lines  chan string
}

// listen polls from a page and opens the stream that it is offered.
func (e *edge) listen(page string, headers ...string) *stream {
	e.t.Helper()
	ticket := e.tryPoll(page, "/_handbill").Header.Get("Handbill-Stream")
	if ticket == "" {
		e.t.Fatal("no stream is offered")
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(page, "/")+"/_handbill/api/v3/sse?ticket="+ticket, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := e.client.Do(request)
	if err != nil {
		e.t.Fatal(err)
	}
	s := &stream{t: e.t, answer: answer, lines: make(chan string, 100)}
	go func() {
		defer close(s.lines)
		defer answer.Body.Close()
		for scanner := bufio.NewScanner(answer.Body); scanner.Scan(); {
			if line, ok := strings.CutPrefix(scanner.Text(), "event: "); ok {
				s.lines <- line
			}
		}
	}()
	s.expect("connected")
	return s
}

// expect waits for an event, or for the end of the stream where it is empty. Before the end it may still say "poll": the
// workspace of a new configuration is read while the stream is open.
func (s *stream) expect(event string) {
	s.t.Helper()
	for late := time.After(time.Minute); ; {
		select {
		case got := <-s.lines:
			if got == event {
				return
			}
			if event != "" || got != "poll" {
				s.t.Fatalf("the stream says %q, want %q", got, event)
			}
		case <-late:
			s.t.Fatalf("the stream never says %q", event)
		}
	}
}

func TestAStreamGoesOnThroughReloadsThatLeaveItsSiteAsItIs(t *testing.T) {
	app, path, database := application(t), messages(t, "monday"), filepath.Join(t.TempDir(), "handbill.db")
	globals := func(words string) string {
		return "handbill " + path + " {\n\tstore bbolt " + database + "\n\t" + words + "\n}"
	}
	other := "http://other.test:PORT {\n\thandbill {\n\t\tsite_id other\n\t}\n\treverse_proxy " + app + "\n}\n"
	e := start(t, globals("stream on"), tallowby(app))
	s := e.listen("http://tallowby.test/")
	for range 3 {
		e.load(globals("stream on"), tallowby(app))
		e.load(globals("stream on 200\n\tpoll_fast 5s"), tallowby(app)+other)
	}
	writeMessages(t, path, "monday", "tuesday")
	s.expect("poll")
	another := e.listen("http://other.test/")
	e.load(globals("stream on"), tallowby(app))
	another.expect("") // its site is gone
	e.load(globals("stream on"), strings.Replace(tallowby(app), "handbill", "handbill {\n\tanonymous off\n}", 1))
	s.expect("") // its site is another
	e.load(globals("stream on"), tallowby(app))
	for name, load := range map[string]func(){
		"without streams":  func() { e.load(globals("stream off"), tallowby(app)) },
		"without Handbill": func() { e.load("", "http://tallowby.test:PORT {\n\treverse_proxy "+app+"\n}\n") },
		"the end": func() {
			if err := caddy.Stop(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		e.load(globals("stream on"), tallowby(app))
		s := e.listen("http://tallowby.test/")
		load()
		s.expect("")
		t.Log(name, "ends the stream")
	}
	e.load("", "")
	until(t, "no goroutine of Handbill's runs any more", func() bool { return ourGoroutines() == "" })
}

func TestNothingHoldsAStreamBack(t *testing.T) {
	app, path := application(t), messages(t, "monday")
	e := start(t, "servers {\n\ttimeouts {\n\t\tread_body 3s\n\t}\n}\nhandbill "+path+" {\n\tstore memory\n\tstream on\n}",
		"http://tallowby.test:PORT {\n\tencode zstd gzip {\n\t\tmatch {\n\t\t\theader Content-Type text/*\n\t\t}\n\t}\n\thandbill\n\treverse_proxy "+app+"\n}\n")
	s := e.listen("http://tallowby.test/", "Accept-Encoding", "gzip, zstd")
	if coding := s.answer.Header.Get("Content-Encoding"); coding != "" {
		t.Errorf("the stream is compressed: %s", coding)
	}
	time.Sleep(4 * time.Second) // longer than the server's limit
	writeMessages(t, path, "monday", "tuesday")
	s.expect("poll")
}

func TestStreamsAreOffUnlessTheOperatorSaysSo(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", tallowby(application(t)))
	if poll := e.tryPoll("http://tallowby.test/", "/_handbill"); poll.Header.Get("Handbill-Stream") != "" {
		t.Error("a stream is offered")
	}
	refused := e.do(http.MethodGet, "http://tallowby.test/_handbill/api/v3/sse?userToken=YWRh", "")
	if refused.StatusCode != http.StatusNotFound || !strings.Contains(refused.body, "stream on") {
		t.Errorf("%s %s", refused.Status, refused.body)
	}
}

func TestAStreamOverHTTP3(t *testing.T) {
	path := messages(t, "monday")
	certificate, key := selfSigned(t, "tallowby.test")
	e := start(t, "handbill "+path+" {\n\tstore memory\n\tstream on\n}",
		"https://tallowby.test:PORT {\n\ttls "+certificate+" "+key+"\n\thandbill\n\treverse_proxy "+application(t)+"\n}\n")
	transport := &http3.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: "tallowby.test"},
		Dial: func(ctx context.Context, _ string, security *tls.Config, options *quic.Config) (*quic.Conn, error) {
			return quic.DialAddrEarly(ctx, e.address(), security, options)
		},
	}
	t.Cleanup(func() { _ = transport.Close() })
	e.client.Transport = transport
	s := e.listen("https://tallowby.test/")
	if s.answer.ProtoMajor != 3 {
		t.Errorf("the stream came over %s", s.answer.Proto)
	}
	writeMessages(t, path, "monday", "tuesday")
	s.expect("poll")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	s.expect("")
}

// selfSigned makes a certificate and its key, as files.
func selfSigned(t *testing.T, host string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	certificate, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	writeFile(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})))
	writeFile(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return certificate, key
}
