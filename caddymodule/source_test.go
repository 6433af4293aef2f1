package caddymodule

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/soaktest"
	"handbill/engine/source"
	"handbill/engine/store/redistest"
	"handbill/engine/workspace"
)

// served is a web server with the files of a folder, for those who know a token.
func served(t *testing.T, folder string) *httptest.Server {
	t.Helper()
	files := http.FileServer(http.Dir(folder))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer quarterly" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// ready is what health says of the workspace shop.
func ready(t *testing.T, admin string) (code int, status sourceStatus, body string) {
	t.Helper()
	code, body = ask(t, http.MethodGet, "http://"+admin+"/handbill/health/ready", "")
	var answer readiness
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	return code, answer.Workspaces["shop"], body
}

func fromURL(url, more string) string {
	return "workspace shop {\nsource http " + url + " {\ninterval 1s\nheader Authorization \"Bearer {env.HANDBILL_TEST_TOKEN}\"\n" + more + "\n}\n}"
}

func TestAWorkspaceFromAURLIsServedAndFollowedAndOutlivesItsServer(t *testing.T) {
	t.Setenv("HANDBILL_TEST_TOKEN", "quarterly")
	app, path := application(t), messages(t, "monday")
	server := served(t, filepath.Dir(path))
	workspaces := fromURL(server.URL+"/messages.toml", "")
	e, admin, globals := startWithAdmin(t, workspaces, "memory", app)
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
		t.Fatalf("served: %v\n%s", ids, e.logs())
	}
	if code, status, body := ready(t, admin); code != 200 || status.Serving != servingCurrent || len(status.Revision) != 16 || status.Fetched.IsZero() || strings.Contains(body, "degraded") {
		t.Errorf("health: %d %s", code, body)
	}
	writeMessages(t, path, "tuesday")
	until(t, "the change is served", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[tuesday]" })

	server.Close()
	until(t, "health says that the server is gone", func() bool {
		code, status, body := ready(t, admin)
		return code == 200 && status.Serving == servingLastGood && strings.Contains(body, `"degraded":{"shop":"what the source has cannot be used since `) &&
			strings.Contains(body, server.URL+"/messages.toml: the connection to ") && !status.FailingSince.IsZero()
	})
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	e.load(globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+app+"\n}\n")
	if !e.get("http://tallowby.test/").injected() {
		t.Error("after a restart without the server pages are not injected")
	}
	soaktest.Figure(t, "start.reload_with_last_good_ms", time.Since(began).Milliseconds())
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[tuesday]" {
		t.Errorf("after a restart without the server: %v", ids)
	}
	until(t, "health says what is served", func() bool {
		code, status, _ := ready(t, admin)
		return code == 200 && status.Serving == servingLastGood && status.Error != "" && len(status.Revision) == 16
	})
	if log := e.logs(); strings.Contains(log, "quarterly") {
		t.Error("the log holds the token")
	}
}

func TestWithoutALastGoodWorkspacePagesPassUntilTheSourceAnswers(t *testing.T) {
	t.Setenv("HANDBILL_TEST_TOKEN", "quarterly")
	path := messages(t, "monday")
	var up atomic.Bool
	release := make(chan struct{})
	defer close(release)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			select {
			case <-release:
			case <-r.Context().Done():
			}
			return
		}
		http.ServeFile(w, r, path)
	}))
	defer server.Close()
	began := time.Now()
	e, admin, _ := startWithAdmin(t, fromURL(server.URL+"/shop.toml", "timeout 3s"), "memory", application(t))
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("Caddy waited %s for the source", took)
	}
	if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || home.injected() {
		t.Errorf("the page does not pass as it is: %s\n%s", home.Status, home.body)
	}
	if code, status, body := ready(t, admin); code != 503 || status.Serving != servingNothing {
		t.Errorf("health: %d %s", code, body)
	}
	until(t, "health says why", func() bool {
		_, status, _ := ready(t, admin)
		return strings.Contains(status.Error, "did not answer whole within 3s")
	})
	up.Store(true)
	until(t, "the workspace is taken when the source answers", func() bool { return e.get("http://tallowby.test/").injected() })
	if code, status, body := ready(t, admin); code != 200 || status.Serving != servingCurrent || !status.FailingSince.IsZero() {
		t.Errorf("health: %d %s", code, body)
	}
}

// keyPair writes a pair of keys as openssl does.
func keyPair(t *testing.T) (private, public string) {
	t.Helper()
	publicKey, privateKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	private, public = filepath.Join(folder, "messages.key"), filepath.Join(folder, "messages.pub")
	der, err := x509.MarshalPKCS8PrivateKey(privateKey)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, private, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if der, err = x509.MarshalPKIXPublicKey(publicKey); err != nil {
		t.Fatal(err)
	}
	writeFile(t, public, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	writeFile(t, public+".base64", base64.StdEncoding.EncodeToString(publicKey))
	return private, public
}

func TestAnEdgeTakesWhatMessagesSignHasSignedAndNothingElse(t *testing.T) {
	t.Setenv("HANDBILL_TEST_TOKEN", "quarterly")
	private, public := keyPair(t)
	short, err := os.ReadFile(public + ".base64")
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]string{"a file": public, "base64": string(short)} {
		t.Run(name, func(t *testing.T) {
			path := messages(t, "monday")
			out, err := run(signCommand(), "--key", private, path)
			if err != nil || !strings.Contains(out, "Signed "+path+", revision ") {
				t.Fatalf("%v\n%s", err, out)
			}
			server := served(t, filepath.Dir(path))
			e, admin, _ := startWithAdmin(t, fromURL(server.URL+"/messages.toml", "public_key "+key), "memory", application(t))
			until(t, "what is signed is served", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[monday]" })
			writeMessages(t, path, "monday", "somebody-elses")
			until(t, "health says that it is not signed", func() bool {
				_, status, _ := ready(t, admin)
				return strings.Contains(status.Error, "it is not signed as it should be") && strings.Contains(status.Error, "handbill messages sign --key FILE PATH")
			})
			if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
				t.Errorf("served: %v", ids)
			}
			writeMessages(t, path, "tuesday")
			if out, err := run(signCommand(), "-k", private, path); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			until(t, "what is signed anew is served", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[tuesday]" })
		})
	}
}

func TestSignSaysWhatIsWrong(t *testing.T) {
	private, public := keyPair(t)
	good, bad := messages(t, "monday"), filepath.Join(t.TempDir(), "bad.toml")
	writeFile(t, bad, "[[messages]]\nid = \"a\"\nhologram = true\n")
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"no key", []string{good}, "--key is missing"},
		{"a key that is not there", []string{"--key", private + ".gone", good}, "openssl genpkey -algorithm ed25519 -out messages.key"},
		{"the public key", []string{"--key", public, good}, "holds no private key in PEM"},
		{"a folder", []string{"--key", private, filepath.Dir(good)}, "is a folder, and a URL has one file"},
		{"a workspace that does not check", []string{"--key", private, bad}, "nothing is written, because there are problems"},
		{"a workspace that is not there", []string{"--key", private, good + ".gone"}, "there is no such file or folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if out, err := run(signCommand(), test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	for _, path := range []string{good, bad} {
		if _, err := os.Stat(path + source.SignatureSuffix); err == nil {
			t.Errorf("%s was signed", path)
		}
	}
}

func TestPushChangesWhatAnEdgeServes(t *testing.T) {
	server, path := redistest.Start(t), messages(t, "monday")
	e, admin, _ := startWithAdmin(t, "workspace shop {\nsource redis "+server.URL()+"\n}", "memory", application(t))
	if code, status, body := ready(t, admin); code != 503 || !strings.Contains(status.Error, "there is nothing at the key; put the workspace there: handbill messages push --key handbill:workspace:shop PATH URL") {
		t.Errorf("health: %d %s", code, body)
	}
	out, err := run(pushCommand(), "--workspace", "shop", path, server.URL())
	if err != nil || !strings.Contains(out, "Wrote 1 message to "+server.URL()+" key handbill:workspace:shop, revision ") {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, "what was pushed is served", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[monday]" })

	// The files of a folder are joined.
	folder := t.TempDir()
	writeMessages(t, filepath.Join(folder, "10-week.toml"), "tuesday")
	writeFile(t, filepath.Join(folder, "20-end.toml"), "[[messages]]\nid = \"sunday\"\npages = [\"*\"]\ndisplay = \"toast\"\ntext = \"Closed.\"")
	if out, err := run(pushCommand(), "-k", "handbill:workspace:shop", folder, server.URL()); err != nil || !strings.Contains(out, "Wrote 2 messages") {
		t.Fatalf("%v\n%s", err, out)
	}
	until(t, "both files are served", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[tuesday sunday]" })

	writeFile(t, filepath.Join(folder, "20-end.toml"), "[[messages]]\nid = \"tuesday\"\n")
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"a workspace that does not check", []string{"-w", "shop", folder, server.URL()}, "nothing is written, because there are problems:\n" + folder + " (its files joined):"},
		{"no Redis", []string{path, "localhost:6379"}, `"localhost:6379" is not a URL of Redis`},
		{"a Redis that is not there", []string{path, "redis://127.0.0.1:1"}, "see that Redis runs there"},
		{"a name that cannot be one", []string{"-w", "Shop", path, server.URL()}, "cannot be a workspace's name"},
		{"a path that is not there", []string{path + ".gone", server.URL()}, "there is no such file or folder"},
	} {
		if out, err := run(pushCommand(), test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[tuesday sunday]" {
		t.Errorf("after pushes that failed: %v", ids)
	}
}

func TestWhatJSONSaysWronglyOfASourceIsAnError(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "notes.txt"), "no key")
	for _, test := range []struct{ source, want string }{
		{`{"module": "http"}`, `"" is not a URL of http or https`},
		{`{"module": "http", "url": "https://a.example/", "interval": 1}`, "1ns cannot be the interval at which a source is asked"},
		{`{"module": "http", "url": "https://a.example/", "timeout": 1}`, "1ns cannot be how long a source may take"},
		{`{"module": "http", "url": "https://a.example/", "headers": {"Authorization": ["{env.HANDBILL_TEST_NOTHING}"]}}`, "the header Authorization is empty; is the environment variable set"},
		{`{"module": "http", "url": "https://a.example/", "public_keys": ["` + folder + `/gone.pub"]}`, "public_key is neither an Ed25519 key in base64 nor a file that can be read"},
		{`{"module": "http", "url": "https://a.example/", "public_keys": ["` + folder + `/notes.txt"]}`, "it holds no public key"},
		{`{"module": "redis"}`, "a source in Redis needs a URL"},
		{`{"module": "redis", "urls": ["redis://localhost"], "password": "x"}`, "password"},
	} {
		config := `{"admin": {"disabled": true}, "apps": {"handbill": {"workspaces": {"shop": {"source": ` + test.source + `}}, "store": {"module": "memory"}}}}`
		var parsed caddy.Config
		if err := json.Unmarshal([]byte(config), &parsed); err != nil {
			t.Fatal(err)
		}
		if err := caddy.Validate(&parsed); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.source, err)
		}
	}
}

// clockSource is a source of somebody else's: a message that is named after the module's word.
type clockSource struct {
	Name string `json:"name,omitempty"`
}

func (clockSource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sources.clock", New: func() caddy.Module { return new(clockSource) }}
}

func (s *clockSource) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	name, err := one(d, "noon")
	s.Name = name
	return err
}

func (s *clockSource) Source() source.Source { return clock(s.Name) }

type clock string

func (c clock) Load(context.Context) ([]workspace.File, error) {
	return []workspace.File{{Name: "clock", Data: fmt.Appendf(nil, "[[messages]]\nid = %q\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"Noon.\"\n", string(c))}}, nil
}

func (c clock) Watch(ctx context.Context, changed func()) error {
	changed()
	<-ctx.Done()
	return nil
}

func (c clock) String() string { return "a clock" }

func TestASourceOfSomebodyElsesHasTheSameLife(t *testing.T) {
	if _, err := caddy.GetModule("handbill.sources.clock"); err != nil {
		caddy.RegisterModule(clockSource{})
	}
	t.Cleanup(func() { _ = os.RemoveAll(filepath.Join(caddy.AppDataDir(), "handbill", "last-good")) })
	app := application(t)
	globals := func(name string) string {
		return "handbill {\nworkspace shop {\nsource clock " + name + "\n}\nstore memory\n}"
	}
	e := start(t, globals("noon"), tallowby(app))
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[noon]" {
		t.Errorf("served: %v", ids)
	}
	// Its name in logs is the same, and it is another.
	e.load(globals("midnight"), tallowby(app))
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[midnight]" {
		t.Errorf("after a change of its settings: %v", ids)
	}
}

func TestAWorkspaceThatIsBeingCompiledIsNotReady(t *testing.T) {
	s := &service{opened: make(chan struct{})}
	s.open(&workspace.Opening{SiteID: "tallowby"})
	if got := s.sourceStatus().Serving; got != servingStarting {
		t.Errorf("it serves %s", got)
	}
	s.open(nil)
	if got := s.sourceStatus().Serving; got != servingNothing {
		t.Errorf("when it cannot be compiled it serves %s", got)
	}
}

func TestAStartWithManyMessagesOfBeforeAnswersPagesAndPollsFromTheBeginning(t *testing.T) {
	ids := make([]string, 200)
	for i := range ids {
		ids[i] = fmt.Sprintf("notice-%d", i)
	}
	app, path := application(t), messages(t, ids...)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var silent atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if silent.Load() {
			<-r.Context().Done()
			return
		}
		_, _ = w.Write(text)
	}))
	t.Cleanup(server.Close)
	workspaces := "workspace shop {\nsource http " + server.URL + "/shop.toml\n}"
	e, _, globals := startWithAdmin(t, workspaces, "memory", app)
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	silent.Store(true)
	if err := e.tryLoad(globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+app+"\n}\n"); err != nil {
		t.Fatal(err)
	}
	if page := e.get("http://tallowby.test/"); !page.injected() {
		t.Errorf("a page passed as it is\n%s", e.logs())
	}
	until(t, "a poll finds a message", func() bool { return len(e.poll("http://tallowby.test/")) > 0 })
}

func TestTheLastGoodWorkspacesOfSourcesThatNobodyUsesAreRemovedAfterAMonth(t *testing.T) {
	app, path := application(t), messages(t, "monday")
	e, _, globals := startWithAdmin(t, "workspace shop "+path, "memory", app)
	used := lastGoodPath("shop", source.File(path))
	folder := filepath.Dir(used)
	var text []byte
	until(t, "what is in use is kept", func() (kept bool) {
		var err error
		text, err = os.ReadFile(used)
		return err == nil
	})
	forgotten, recent := filepath.Join(folder, "shop-0123456789ab"), filepath.Join(folder, "shop-ba9876543210")
	writeFile(t, forgotten, string(text))
	writeFile(t, recent, string(text))
	for file, days := range map[string]int{used: 40, forgotten: 40, recent: 20} {
		at := time.Now().AddDate(0, 0, -days)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	e.load(globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+app+"\n}\n")
	until(t, "what nobody uses is removed", func() bool {
		_, err := os.Stat(forgotten)
		return errors.Is(err, fs.ErrNotExist)
	})
	for file, what := range map[string]string{used: "what is in use", recent: "what was in use three weeks ago"} {
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s is gone: %v", what, err)
		}
	}
	if info, err := os.Stat(used); err != nil || time.Since(info.ModTime()) > 30*24*time.Hour {
		t.Errorf("what is in use was not touched: %v", err)
	}
}
