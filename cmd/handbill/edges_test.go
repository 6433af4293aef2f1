package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"handbill/engine/porttest"
	"handbill/engine/store/redistest"
)

// edgesWorkspace has a message for all, and one for one person.
const edgesWorkspace = `
[workspace]
site_id = "tallowby"

[[messages]]
id = "closing"
pages = ["*"]
display = "banner"
text = "We close at six today."

[[messages]]
id = "receipt"
kind = "transactional"
pages = ["*"]
display = "modal"
title = "Thank you, {{ data.name }}"
`

// edgesOver are two edges with the same messages over one Redis.
func edgesOver(t *testing.T, redis *redistest.Server, workspace, site string) (one, two *server) {
	t.Helper()
	edges := make([]*server, 2)
	for i := range edges {
		edges[i] = newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
			" {\n\t\tstore redis "+redis.URL()+"\n\t\tstream on\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\tidentity unsigned\n\t}\n\treverse_proxy "+site+"\n}\n")
		edges[i].start()
	}
	return edges[0], edges[1]
}

// The edges have the same host, so a browser sends the same cookie to both.
func TestTwoEdgesOverOneRedisAreOneToAVisitor(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, edgesWorkspace)
	one, two := edgesOver(t, redistest.Start(t), workspace, plainSite(t))
	b := newVisitor(t)
	banner := in(`[data-position="top"] section`)

	b.open("http://" + one.edge + "/")
	b.await(banner)
	// On the other port the tab is another one, which waits for what this one has not said.
	until(t, "the opening is counted", func() bool { return strings.Contains(one.statistics()["closing"], "OPENED 1") })
	b.open("http://" + two.edge + "/")
	b.await(banner)
	b.click("button.close")
	b.await(`!document.querySelector("handbill-message")`)
	until(t, "the dismissal is counted", func() bool { return strings.Contains(one.statistics()["closing"], "DISMISSED 1") })
	for _, edge := range []*server{one, two} {
		b.open("http://" + edge.edge + "/")
		b.expectNothing("after it was dismissed")
	}

	// The tab's stream is on one edge, and the message is sent on the other.
	js[any](b, `cioanalytics.identify("ines").then(() => null)`)
	until(t, "the tab listens", func() bool { return two.streamsOpen() == 1 })
	b.await(streaming)
	one.send(`{"to":"ines","message":"receipt","data":{"name":"Ines"}}`)
	sent := time.Now()
	b.await(in("dialog[open]"))
	t.Logf("from the send on one edge to the screen on the other: at most %s", time.Since(sent))
	b.click("button.close")
	b.await(`!document.querySelector("handbill-message")`)

	// Each edge watches the messages.
	writeFile(t, workspace, strings.Replace(edgesWorkspace, "closing", "opening", 1))
	b.await(banner)
	until(t, "both edges count the dismissal", func() bool {
		counts := two.statistics()["receipt"]
		return counts == one.statistics()["receipt"] && strings.Contains(counts, "DISMISSED 1")
	})
}

func TestTheExampleOfTwoEdgesRuns(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	port := func() string { return strings.TrimPrefix(porttest.Address(t), "127.0.0.1:") }
	balancer, admins := port(), []string{port(), port()}
	command := exec.Command("scripts/run-two-edges.sh")
	command.Dir = checkout
	command.Env = append(os.Environ(), "HANDBILL="+path, "FOLDER="+folder, "BALANCER_PORT="+balancer, "SITE_PORT="+port(), "ONE_PORT="+port(), "TWO_PORT="+port(),
		"BALANCER_ADMIN="+port(), "ONE_ADMIN="+admins[0], "TWO_ADMIN="+admins[1], "REDIS_PORT="+port())
	log, err := os.Create(filepath.Join(folder, "script.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGTERM)
		_ = command.Wait() // it was told to end
	})
	for _, admin := range admins {
		until(t, "both edges are ready", func() bool {
			answer, err := http.Get("http://127.0.0.1:" + admin + "/handbill/health/ready")
			if err != nil {
				return false
			}
			_ = answer.Body.Close()
			return answer.StatusCode == http.StatusOK
		})
	}
	b := newVisitor(t)
	home := "http://127.0.0.1:" + balancer + "/"
	b.open(home)
	b.await(in("dialog[open]"))
	b.click(`button[name="close"], button.close`)
	b.await(`!document.querySelector("handbill-message")`)
	b.await(acknowledged("dismissed")) // the next page may be of the other edge, which knows what was acknowledged
	for range 4 {                      // whichever edge is next
		b.open(home)
		b.expectNothing("after it was dismissed")
	}
}
