package caddymodule

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/goleak"

	"handbill/engine/porttest"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) {
	home, err := os.MkdirTemp("", "handbill-test-")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"} {
		if err := os.Setenv(name, home); err != nil {
			panic(err)
		}
	}
	if path := os.Getenv("HANDBILL_TEST_HOLD_STORE"); path != "" {
		holdStore(path)
		return
	}
	if path := os.Getenv(edgeConfig); path != "" {
		runEdge(path)
	}
	status := leaks(m.Run())
	_ = os.RemoveAll(home)
	os.Exit(status)
}

// leaks looks for goroutines that are left when every edge has ended. Caddy itself leaves some: those of its logs, of the last
// admin endpoint, of locks, and of connections that reverse_proxy keeps.
func leaks(status int) int {
	status = leaktest.Status(status,
		goleak.IgnoreAnyFunction("github.com/DeRuina/timberjack.(*Logger).millRun"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/caddy/v2.replaceLocalAdminServer.func2"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
	)
	for deadline := time.Now().Add(time.Minute); status == 0 && ourGoroutines() != ""; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			fmt.Println("goroutines of Handbill's are left:", ourGoroutines())
			status = 1
		}
	}
	return status
}

// edge is a real Caddy in this process. Every host name leads to its one port.
type edge struct {
	t      *testing.T
	port   int
	log    string
	client *http.Client
}

// newEdge returns an edge that is not running yet.
func newEdge(t *testing.T) *edge {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	e := &edge{t: t, port: porttest.Free(t), log: filepath.Join(t.TempDir(), "caddy.log")}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, e.address())
	}
	e.client = &http.Client{
		// Without keeping connections: a reload closes those that are idle, and a client that uses one at that moment
		// cannot tell whether its request arrived.
		Transport: connectAgain{&http.Transport{DialContext: dial, DisableCompression: true, DisableKeepAlives: true}},
		Jar:       jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(func() {
		e.client.CloseIdleConnections()
		if err := caddy.Stop(); err != nil {
			t.Errorf("stopping Caddy: %v", err)
		}
	})
	return e
}

// start runs sites; PORT in them stands for the edge's port. The globals are more global options.
func start(t *testing.T, globals, sites string) *edge {
	t.Helper()
	e := newEdge(t)
	e.load(globals, sites)
	return e
}

// load runs other sites on the same edge: a reload.
func (e *edge) load(globals, sites string) {
	e.t.Helper()
	if err := e.tryLoad(globals, sites); err != nil {
		e.t.Fatalf("loading the configuration: %v", err)
	}
	until(e.t, "every source was looked at", func() bool { // Caddy goes on without a source that takes some seconds
		looked := true
		services.Range(func(_, value any) bool {
			if s, ok := value.(*service); ok {
				looked = !s.sourceStatus().Checked.IsZero()
			}
			return looked
		})
		return looked
	})
}

func (e *edge) tryLoad(globals, sites string) error {
	config, err := e.adapt(globals, sites)
	if err != nil {
		return err
	}
	return caddy.Load([]byte(config), true)
}

func (e *edge) adapt(globals, sites string) (string, error) {
	if !strings.Contains(globals, "admin ") {
		globals += "\nadmin off"
	}
	options := fmt.Sprintf("persist_config off\nauto_https off\ndefault_bind 127.0.0.1\nstorage file_system %s\nlog {\noutput file %s\nformat json\nlevel DEBUG\n}\n", os.Getenv("HOME"), e.log)
	return adapt(strings.ReplaceAll("{\n"+options+globals+"\n}\n"+sites, "PORT", fmt.Sprint(e.port)))
}

func (e *edge) address() string { return fmt.Sprintf("127.0.0.1:%d", e.port) }

// logs is everything that Caddy has logged.
func (e *edge) logs() string {
	e.t.Helper()
	text, err := os.ReadFile(e.log)
	if err != nil {
		e.t.Fatal(err)
	}
	return string(text)
}

// answer is a response that was read whole and decompressed.
type answer struct {
	*http.Response
	body string
}

// injected says whether a page loads the client.
func (a answer) injected() bool { return strings.Contains(a.body, "<script async src=") }

// get asks as a browser asks for a page.
func (e *edge) get(url string, headers ...string) answer {
	e.t.Helper()
	return e.do(http.MethodGet, url, "", append([]string{"Accept", "text/html", "Sec-Fetch-Dest", "document"}, headers...)...)
}

// do sends a request; headers are names and values in turn. It tries again, as a browser does, when the connection is
// reset: after a reload Caddy closes a listener, and what waits for it.
func (e *edge) do(method, url, body string, headers ...string) answer {
	e.t.Helper()
	for tries := 1; ; tries++ {
		a, err := e.try(method, url, body, headers...)
		if err == nil {
			return a
		}
		if tries == 10 {
			e.t.Fatal(err)
		}
	}
}

func (e *edge) try(method, url, body string, headers ...string) (answer, error) {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := e.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	reader := io.Reader(response.Body)
	if response.Header.Get("Content-Encoding") == "gzip" {
		if reader, err = gzip.NewReader(response.Body); err != nil {
			return answer{}, err
		}
	}
	text, err := io.ReadAll(reader)
	return answer{response, string(text)}, err
}

// poll asks as the client does what a page should show, and returns the ids of the messages.
func (e *edge) poll(page string) []string {
	e.t.Helper()
	return e.pollAt(page, "/_handbill")
}

func (e *edge) pollAt(page, prefix string) []string {
	e.t.Helper()
	a := e.tryPoll(page, prefix)
	switch a.StatusCode {
	case http.StatusNoContent:
		return nil
	case http.StatusOK:
	default:
		e.t.Fatalf("poll for %s: %s %s", page, a.Status, a.body)
	}
	var answer struct {
		InAppMessages []struct{ MessageID string } `json:"inAppMessages"`
	}
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
		e.t.Fatalf("poll for %s: %v in %s", page, err, a.body)
	}
	var ids []string
	for _, m := range answer.InAppMessages {
		ids = append(ids, m.MessageID)
	}
	return ids
}

func (e *edge) tryPoll(page, prefix string) answer {
	e.t.Helper()
	scheme, rest, _ := strings.Cut(page, "://")
	host, _, _ := strings.Cut(rest, "/")
	return e.do(http.MethodPost, scheme+"://"+host+prefix+"/api/v4/users?sessionId=1", pollBody(page), "Content-Type", "application/json")
}

// pollBody is what the client sends from a page.
func pollBody(page string) string {
	return fmt.Sprintf(`{"page":{"url":%q},"tab":"tab-1","view":"view-1"}`, page)
}

// until waits for something that takes a moment.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

// messages writes a workspace whose message ids are given, each for every page, and returns its path.
func messages(t *testing.T, ids ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeMessages(t, path, ids...)
	return path
}

func writeMessages(t *testing.T, path string, ids ...string) {
	t.Helper()
	text := "[workspace]\nname = \"Tallowby\"\n"
	for _, id := range ids {
		text += fmt.Sprintf("\n[[messages]]\nid = %q\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"The workshop is closed on Monday.\"\n", id)
	}
	writeFile(t, path, text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// connectAgain connects once more, as a browser does, where a connection is reset, or closed before a word was said: a
// reload of Caddy closes the listener before, and with it the connections that wait in its queue and no server has taken yet,
// and those that the server before has only just taken.
type connectAgain struct{ *http.Transport }

func (c connectAgain) RoundTrip(r *http.Request) (*http.Response, error) {
	for tries := 1; ; tries++ {
		response, err := c.Transport.RoundTrip(r)
		if !errors.Is(err, syscall.ECONNRESET) && (!errors.Is(err, io.EOF) || r.Method != http.MethodGet) || tries == 3 || r.Body != nil && r.GetBody == nil {
			return response, err
		}
		if r.GetBody != nil {
			r = r.Clone(r.Context())
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}
