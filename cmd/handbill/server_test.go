package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"handbill/engine/porttest"
	"handbill/internal/leaktest"
)

// checkout is the top of the source tree, as seen from this package.
const checkout = "../.."

// binary is the program under test, built once.
var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "handbill-binary-")
	if err != nil {
		return "", err
	}
	builtIn = folder
	path := filepath.Join(folder, "handbill")
	if out, err := exec.Command("go", slices.Concat([]string{"build"}, buildFlags, []string{"-o", path, "."})...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the binary: %w\n%s", err, out)
	}
	return path, nil
})

// builtIn is the folder that the binary was built in; TestMain removes it.
var builtIn string

func TestMain(m *testing.M) {
	status := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	closeBrowser()
	if races := racesFound(); races != "" { // of a process that ended after its test
		fmt.Fprintln(os.Stderr, races)
		status = 1
	}
	forgetRaces()
	os.Exit(leaktest.Status(status)) // Caddy, of which one test has one in this process, takes a moment to end
}

// server is the real binary with a configuration and a data directory of its own.
type server struct {
	t       *testing.T
	edge    string // the address of the site behind Handbill
	site    string // the address of a site that the same Caddy serves
	admin   string // the address of Caddy's admin API
	config  string
	data    string
	log     string
	process *exec.Cmd
}

// newServer writes a configuration in which EDGE, SITE and ADMIN stand for addresses, and does not start it yet.
func newServer(t *testing.T, caddyfile string) *server {
	t.Helper()
	folder := t.TempDir()
	s := &server{t: t, edge: porttest.Address(t), site: porttest.Address(t), admin: porttest.Address(t), config: filepath.Join(folder, "Caddyfile"), data: filepath.Join(folder, "data"), log: filepath.Join(folder, "log")}
	text := strings.NewReplacer("EDGE", s.edge, "ADMIN", s.admin, "SITE", s.site).Replace(caddyfile)
	writeFile(t, s.config, text)
	return s
}

// demo is the server of Caddyfile.example with its site; more are TOML files that its messages folder has besides its own.
func demo(t *testing.T, more map[string]string) *server {
	t.Helper()
	example, err := os.ReadFile(filepath.Join(checkout, "Caddyfile.example"))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(checkout, "examples/messages"))); err != nil {
		t.Fatal(err)
	}
	for name, text := range more {
		writeFile(t, filepath.Join(folder, name), text)
	}
	caddyfile := string(example)
	for _, change := range []struct{ from, to string }{
		{"\n{\n", "\n{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n"},
		{"./examples/messages", folder},
		{"\n:8080 {", "\nhttp://EDGE {"},
		{"localhost:8081", "SITE"},
		{"\n:8081 {", "\nhttp://SITE {"},
	} {
		if strings.Count(caddyfile, change.from) != 1 {
			t.Fatalf("Caddyfile.example does not have %q once, so this test cannot move it to free ports", change.from)
		}
		caddyfile = strings.Replace(caddyfile, change.from, change.to, 1)
	}
	s := newServer(t, caddyfile)
	s.start()
	return s
}

// start runs the server and returns when it answers.
func (s *server) start() {
	s.t.Helper()
	s.launch()
	s.await()
}

// launch runs the server.
func (s *server) launch() {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.process = exec.Command(path, "run", "--config", s.config)
	s.process.Dir = checkout
	s.process.Env = append(os.Environ(), "XDG_DATA_HOME="+s.data, "XDG_CONFIG_HOME="+s.data)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { s.end(syscall.SIGKILL) })
}

// await waits until the server is ready.
func (s *server) await() {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		response, err := http.Get("http://" + s.admin + "/handbill/health/ready")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			s.end(syscall.SIGKILL)
			text, _ := os.ReadFile(s.log)
			s.t.Fatalf("the server is not ready: %v\n%s", err, text)
		}
	}
}

// end ends the server with a signal: SIGTERM as a service manager does, SIGKILL as a power cut does.
func (s *server) end(signal syscall.Signal) {
	s.t.Helper()
	if s.process == nil {
		return
	}
	_ = s.process.Process.Signal(signal) // it may have ended
	_ = s.process.Wait()                 // a killed process has no good status
	s.process = nil
	if races := racesFound(); races != "" {
		s.t.Errorf("the server has a race:\n%s", races)
	}
}

// messages runs `handbill messages` against the server and returns what it printed.
func (s *server) messages(arguments ...string) (string, error) {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	command := exec.Command(path, append([]string{"messages"}, append(arguments, "--address", s.admin)...)...)
	command.Dir = checkout
	out, err := command.CombinedOutput()
	return string(out), err
}

// statistics are the counts of `messages stats` that are not zero, such as "OPENED 1, DISMISSED 1", by message.
func (s *server) statistics() map[string]string {
	s.t.Helper()
	out, err := s.messages("stats")
	if err != nil {
		s.t.Fatalf("messages stats: %v\n%s", err, out)
	}
	table, _, _ := strings.Cut(out, "\n\n")
	header, rows, _ := strings.Cut(table, "\n")
	columns, counts := strings.Fields(header), map[string]string{}
	for line := range strings.Lines(rows) {
		var told []string
		fields := strings.Fields(line)
		for i, field := range fields {
			if count, err := strconv.Atoi(field); err == nil && count > 0 && i < len(columns) {
				told = append(told, columns[i]+" "+field)
			}
		}
		counts[fields[0]] = strings.Join(told, ", ")
	}
	return counts
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

// until waits for something outside the browser.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}
