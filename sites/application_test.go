//go:build sites

package sites

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"handbill/engine/porttest"
)

// patience bounds every wait.
const patience = 30 * time.Second

// binary is what make build makes.
const binary = "../bin/handbill"

// application is a framework's application, and what is in front of it.
type application struct {
	site    string // the application itself
	with    string // behind Handbill
	without string // behind the same Caddy without it
}

// serve starts an application by a command in its folder, and a Caddy in front of it. PORT stands for the application's port.
func serve(t *testing.T, folder string, environment []string, command ...string) application {
	t.Helper()
	app := application{site: porttest.Address(t), with: porttest.Address(t), without: porttest.Address(t)}
	port := app.site[strings.LastIndexByte(app.site, ':')+1:]
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "PORT", port)
	}
	start(t, app.site+"/", folder, append(environment, "PORT="+port, "HOST=127.0.0.1"), command...)

	home, admin := t.TempDir(), porttest.Address(t)
	workspace := filepath.Join(home, "messages.toml")
	write(t, workspace, "[[messages]]\nid = \"closing-day\"\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"The workshop is closed on Monday.\"\n")
	caddyfile := filepath.Join(home, "Caddyfile")
	write(t, caddyfile, fmt.Sprintf("{\n\tadmin %s\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill %s\n}\n"+
		"http://%s {\n\thandbill {\n\t\tspa_routes on\n\t}\n\treverse_proxy %s\n}\nhttp://%s {\n\treverse_proxy %s\n}\n",
		admin, workspace, app.with, app.site, app.without, app.site))
	server, err := filepath.Abs(binary)
	if err != nil {
		t.Fatal(err)
	}
	start(t, admin+"/handbill/health/ready", home, []string{"XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home}, server, "run", "--config", caddyfile)
	return app
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start runs a server, waits until an address of it, the sign, is answered well, and ends it with the test, together with what it has started.
func start(t *testing.T, sign, folder string, environment []string, command ...string) {
	t.Helper()
	var output bytes.Buffer
	process := exec.Command(command[0], command[1:]...)
	process.Dir = folder
	process.Env = append(os.Environ(), environment...)
	process.Stdout, process.Stderr = &output, &output
	process.WaitDelay = 5 * time.Second
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := process.Start(); err != nil {
		t.Fatalf("%v; run make sites", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- process.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-process.Process.Pid, syscall.SIGTERM) // it may have ended
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", command[0], output.String())
		}
	})
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get("http://" + sign); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", command[0], err, output.String())
		default:
		}
	}
	t.Fatalf("%s does not answer http://%s", command[0], sign)
}
