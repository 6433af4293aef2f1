package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/porttest"
	"handbill/engine/store"
)

// dismiss polls for the first message of a page and dismisses it, as a visitor does.
func (e *edge) dismiss(page string) {
	e.t.Helper()
	e.close(e.delivered(page))
}

// delivered is the first delivery that a poll for a page is answered with. Where the store is on the network, a poll does not wait
// long for it, so that a machine under load may have to be asked again.
func (e *edge) delivered(page string) (deliveryID string) {
	e.t.Helper()
	until(e.t, "there is something to dismiss", func() bool {
		a := e.tryPoll(page, "/_handbill")
		var list struct {
			InAppMessages []struct {
				MessageID  string
				DeliveryID string
			} `json:"inAppMessages"`
		}
		if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list.InAppMessages) == 0 {
			e.t.Logf("nothing to dismiss: %s %s", a.Status, a.body)
			return false
		}
		deliveryID = list.InAppMessages[0].DeliveryID
		return true
	})
	return deliveryID
}

// close tells that a delivery was opened and dismissed.
func (e *edge) close(deliveryID string) {
	e.t.Helper()
	for _, metric := range []string{"opened", "dismissed"} {
		report := fmt.Sprintf(`{"type":"track","event":"Report Delivery Event","messageId":"%s-1","properties":{"deliveryId":%q,"metric":%q}}`,
			metric, deliveryID, metric)
		if done := e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/t", report, "Content-Type", "text/plain"); done.StatusCode != 200 {
			e.t.Fatalf("report %s: %s %s", metric, done.Status, done.body)
		}
	}
}

// tallowby is a site with the directive.
func tallowby(app string) string {
	return "http://tallowby.test:PORT {\n\thandbill\n\treverse_proxy " + app + "\n}\n"
}

func TestADismissalSurvivesReloadsRestartsAndChangesOfTheConfiguration(t *testing.T) {
	app, database, path := application(t), filepath.Join(t.TempDir(), "handbill.db"), messages(t, "monday")
	globals := "handbill " + path + " {\n\tstore bbolt " + database + "\n}"
	e := start(t, globals, tallowby(app))
	e.dismiss("http://tallowby.test/")
	still := func(when string) {
		t.Helper()
		if ids := e.poll("http://tallowby.test/"); len(ids) != 0 {
			t.Errorf("after %s the message is back: %v", when, ids)
		}
	}
	still("nothing at all")
	e.load(globals, tallowby(app))
	still("a reload")
	e.load("handbill "+path+" {\n\tstore bbolt "+database+"\n\tpoll_fast 5s\n\tretention 30d\n}", tallowby(app))
	still("a reload with other options")
	e.load("", "http://tallowby.test:PORT {\n\treverse_proxy "+app+"\n}\n")
	e.load(globals, tallowby(app))
	still("a time without Handbill")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	e.load(globals, tallowby(app))
	still("a restart")
	if _, err := os.Stat(filepath.Join(filepath.Dir(database), "handbill.events")); err != nil {
		t.Errorf("the log of reports is not beside the store: %v", err)
	}
}

// ourGoroutines are the stacks of goroutines that run Handbill's code.
func ourGoroutines() string {
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var ours []string
	for _, stack := range strings.Split(string(stacks), "\n\n") {
		if strings.Contains(stack, "handbill/engine") || strings.Contains(stack, "handbill/caddymodule.(*s") {
			ours = append(ours, stack)
		}
	}
	return strings.Join(ours, "\n\n")
}

func TestAReloadThatFailsLeavesEverythingAsItWas(t *testing.T) {
	app := application(t)
	globals := "handbill " + messages(t, "monday") + " {\n\tstore bbolt " + filepath.Join(t.TempDir(), "handbill.db") + "\n}"
	e := start(t, globals, tallowby(app))
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for range 3 {
		if err := e.tryLoad(globals, tallowby(app)+"http://"+taken.Addr().String()+" {\n\thandbill\n}\n"); err == nil {
			t.Fatal("a port in use was no error")
		}
		if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
			t.Fatalf("after the failed reload: %v", ids)
		}
	}
	e.dismiss("http://tallowby.test/")
}

func TestValidateAndAdaptTouchNothing(t *testing.T) {
	folder := t.TempDir()
	e := newEdge(t)
	config, err := e.adapt("handbill "+filepath.Join(folder, "messages.toml")+" {\n\tstore bbolt "+filepath.Join(folder, "state", "handbill.db")+"\n}", tallowby("127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	var parsed caddy.Config
	if err := json.Unmarshal([]byte(config), &parsed); err != nil {
		t.Fatal(err)
	}
	if err := caddy.Validate(&parsed); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) > 0 {
		t.Errorf("validating made files: %v %v", entries, err)
	}
	if connection, err := net.DialTimeout("tcp", e.address(), time.Second); err == nil {
		_ = connection.Close()
		t.Error("validating listens")
	}
	until(t, "no goroutine of Handbill's runs", func() bool { return ourGoroutines() == "" })
	storages.Range(func(key, _ any) bool {
		t.Errorf("validating left the store %v open", key)
		return true
	})
}

// holdStore is what this test binary does as another process: it opens a store, says so, and keeps it until its input ends.
func holdStore(path string) {
	held, err := store.OpenBolt(path, store.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	_, _ = os.Stdin.Read(make([]byte, 1))
	_ = held.Close()
}

func TestASiteIsUnharmedWhileAnotherProcessHoldsTheStore(t *testing.T) {
	app, database := application(t), filepath.Join(t.TempDir(), "handbill.db")
	other := exec.CommandContext(t.Context(), os.Args[0])
	other.Env = append(os.Environ(), "HANDBILL_TEST_HOLD_STORE="+database)
	input, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 4)
	if _, err := output.Read(said); err != nil || string(said) != "held" {
		t.Fatalf("the other process does not hold the store: %q %v", said, err)
	}
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore bbolt "+database+"\n}", tallowby(app))
	if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || home.injected() {
		t.Errorf("the page does not pass as it is: %s\n%s", home.Status, home.body)
	}
	poll := e.tryPoll("http://tallowby.test/", "/_handbill")
	if poll.StatusCode != 503 || poll.Header.Get("Retry-After") == "" || !strings.Contains(poll.body, "the store is not open yet") {
		t.Errorf("the endpoint does not say why it cannot answer: %s %s", poll.Status, poll.body)
	}
	if log := e.logs(); !strings.Contains(log, database) || !strings.Contains(log, "another process has the store open") {
		t.Errorf("the log does not say what to do:\n%s", log)
	}
	if err := errors.Join(input.Close(), other.Wait()); err != nil {
		t.Fatal(err)
	}
	until(t, "messages are served once the store is free", func() bool { return e.get("http://tallowby.test/").injected() })
	if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
		t.Errorf("then: %v", ids)
	}
}

func TestAStoreThatCannotBeReadIsLeftAsItIs(t *testing.T) {
	app, database := application(t), filepath.Join(t.TempDir(), "handbill.db")
	garbage := strings.Repeat("these are not the records you are looking for\n", 500)
	writeFile(t, database, garbage)
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore bbolt "+database+"\n}", tallowby(app))
	if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || home.injected() {
		t.Errorf("the page does not pass as it is: %s\n%s", home.Status, home.body)
	}
	if log := e.logs(); !strings.Contains(log, database) {
		t.Errorf("the log does not name the store:\n%s", log)
	}
	if text, err := os.ReadFile(database); err != nil || string(text) != garbage {
		t.Errorf("the file was changed: %v", err)
	}
}

func TestAStoreThatIsDamagedBeyondRepairIsSetAside(t *testing.T) {
	app, path := application(t), messages(t, "monday")
	database := filepath.Join(t.TempDir(), "handbill.db")
	globals := "handbill " + path + " {\n\tstore bbolt " + database + "\n}"
	e := start(t, globals, tallowby(app))
	e.dismiss("http://tallowby.test/")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(database)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"its beginning is gone": strings.Repeat("\x00", 16<<10) + string(good[16<<10:]),
		"its end is cut off":    string(good[:len(good)/2]),
	} {
		writeFile(t, database, damaged)
		e.load(globals, tallowby(app))
		if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
			t.Errorf("%s: the site shows %v", name, ids)
		}
		e.dismiss("http://tallowby.test/")
		if err := caddy.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	asides, err := filepath.Glob(database + ".damaged-*")
	if err != nil || len(asides) != 2 {
		t.Fatalf("set aside are %q, error %v", asides, err)
	}
	for _, aside := range asides {
		if log := e.logs(); !strings.Contains(log, aside) || !strings.Contains(log, "put a backup in its place") {
			t.Errorf("the log does not say what became of %s:\n%s", aside, log)
		}
	}
	writeFile(t, database, string(good)) // the backup
	e.load(globals, tallowby(app))
	if ids := e.poll("http://tallowby.test/"); len(ids) != 0 {
		t.Errorf("after restoring, what was dismissed is back: %v", ids)
	}
}

func TestABadWorkspaceAtStartLetsPagesPassUntilItIsMended(t *testing.T) {
	for name, bad := range map[string]struct {
		prepare func(path string)
		logged  []string
	}{
		"malformed TOML": {func(path string) { writeFile(t, path, "[[messages]\nid = \n") }, []string{"messages.toml", `"line":1`}},
		"a missing file": {func(string) {}, []string{"messages.toml"}},
		"an unknown key": {func(path string) { writeFile(t, path, "[[messages]]\nid = \"a\"\npage = [\"*\"]\ntext = \"x\"\n") }, []string{"messages.toml", `"line":3`, "pages"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "messages.toml")
			bad.prepare(path)
			e := start(t, "handbill "+path+" {\n\tstore memory\n}", tallowby(application(t)))
			if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || home.injected() {
				t.Errorf("the page does not pass as it is: %s\n%s", home.Status, home.body)
			}
			if ids := e.poll("http://tallowby.test/"); len(ids) != 0 {
				t.Errorf("messages from nowhere: %v", ids)
			}
			log := e.logs()
			for _, want := range bad.logged {
				if !strings.Contains(log, want) {
					t.Errorf("the log does not say %s:\n%s", want, log)
				}
			}
			writeMessages(t, path, "monday")
			until(t, "the mended workspace is taken up", func() bool { return e.get("http://tallowby.test/").injected() })
		})
	}
}

func TestABadEditKeepsTheLastGoodWorkspaceAlsoThroughReloads(t *testing.T) {
	app, path := application(t), messages(t, "monday")
	globals := "handbill " + path + " {\n\tstore memory\n}"
	e := start(t, globals, tallowby(app))
	writeFile(t, path, "[[messages]]\nid = \"half\n")
	until(t, "the log names the line", func() bool { return strings.Contains(e.logs(), `"line":2`) })
	holds := func(when string) {
		t.Helper()
		if ids := e.poll("http://tallowby.test/"); fmt.Sprint(ids) != "[monday]" {
			t.Errorf("after %s: %v", when, ids)
		}
	}
	holds("a bad edit")
	e.load(globals, tallowby(app))
	holds("a reload")
	e.load("handbill "+filepath.Join(t.TempDir(), "nothing.toml")+" {\n\tstore memory\n}", tallowby(app))
	holds("a reload to a file that does not exist")
	writeMessages(t, path, "tuesday")
	e.load(globals, tallowby(app))
	until(t, "the mended file is taken up", func() bool { return fmt.Sprint(e.poll("http://tallowby.test/")) == "[tuesday]" })
}

func TestTheStoreLiesInCaddysDataDirectoryByDefault(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday"), tallowby(application(t)))
	e.dismiss("http://tallowby.test/")
	for _, name := range []string{"handbill.db", "handbill.events"} {
		path := filepath.Join(caddy.AppDataDir(), "handbill", name)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is not there", path)
		}
	}
}

func TestStatisticsSurviveRestarts(t *testing.T) {
	app, admin := application(t), fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	globals := "admin " + admin + "\nhandbill " + messages(t, "monday") + " {\n\tstore bbolt " + filepath.Join(t.TempDir(), "handbill.db") + "\n}"
	e := start(t, globals, tallowby(app))
	e.dismiss("http://tallowby.test/")
	counted := func() string {
		_, body := ask(t, "GET", "http://"+admin+"/handbill/default/statistics", "")
		var answer statistics
		if err := json.Unmarshal([]byte(body), &answer); err != nil || len(answer.Messages) != 1 {
			t.Fatalf("%v in %s", err, body)
		}
		c := answer.Messages[0].Counts
		return fmt.Sprintf("%d deliveries, %d opened, %d dismissed, %d viewers", c.Deliveries, c.Opened, c.Dismissed, c.Viewers)
	}
	const want = "1 deliveries, 1 opened, 1 dismissed, 1 viewers"
	until(t, "it is counted", func() bool { return counted() == want })
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	e.load(globals, tallowby(app))
	if got := counted(); got != want {
		t.Errorf("after a restart there are %s", got)
	}
}
