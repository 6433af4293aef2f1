package caddymodule

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handbill/engine/porttest"
)

// startWithAdmin runs a site with Caddy's admin API on, and returns its address.
func startWithAdmin(t *testing.T, workspaces, store, app string) (e *edge, admin, globals string) {
	t.Helper()
	admin = fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	globals = "admin " + admin + "\nhandbill {\n" + workspaces + "\nstore " + store + "\n}"
	return start(t, globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+app+"\n}\n"), admin, globals
}

// ask calls the admin API.
func ask(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	e := edge{t: t, client: http.DefaultClient}
	a := e.do(method, url, body)
	if !json.Valid([]byte(a.body)) {
		t.Errorf("%s %s does not answer JSON: %s", method, url, a.body)
	}
	return a.StatusCode, a.body
}

func TestTheAdminAPIAnswers(t *testing.T) {
	path := messages(t, "sale")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(text)+"\n[[messages]]\nid = \"receipt\"\nkind = \"transactional\"\npages = [\"*\"]\ntext = \"Order {{ data.order }}\"\n")
	e, admin, _ := startWithAdmin(t, "workspace shop "+path, "memory", application(t))
	e.dismiss("http://tallowby.test/")
	for _, test := range []struct {
		call   string
		body   string
		status int
		want   []string
	}{
		{"GET /handbill/", "", 200, []string{`"name":"shop"`, `"messages":2`, `"store":"memory"`}},
		{"GET /handbill/health/live", "", 200, []string{`"live"`}},
		{"GET /handbill/health/ready", "", 200, []string{`"ready":true`}},
		{"GET /handbill/shop/statistics", "", 200, []string{`"message":"sale"`, `"deliveries":1`, `"opened":1`, `"dismissed":1`, `"clicked":0`}},
		{"GET /handbill/shop/explain?url=http://tallowby.test/", "", 200, []string{`"message":"sale","due":true`}},
		{"GET /handbill/shop/explain?url=http://tallowby.test/&at=2020-01-01T00:00:00Z", "", 200, []string{`2020-01-01`}},
		{"GET /handbill/shop/explain?url=pricing", "", 400, []string{"url:", "https://example.com/pricing"}},
		{"GET /handbill/shop/explain?url=http://tallowby.test/&at=tomorrow", "", 400, []string{"is not a time"}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines"}`, 200, []string{`"visitor":"u:ines"`, `"known":false`}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines","message":"sale"}`, 200, []string{`"message":"sale"`}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines","message":"sail"}`, 404, []string{"there is no such message", "sale"}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines@tallowby.test"}`, 404, []string{"must identify first"}},
		{"POST /handbill/shop/send", `{"to":"ines"}`, 400, []string{"say which", "message"}},
		{"POST /handbill/shop/send", `{"message":"sale","to":"ines"}`, 400, []string{"is a broadcast message", "transactional"}},
		{"POST /handbill/shop/send", `{"message":"receipt","to":"ines","key":"order-1","data":{"order":"1001"}}`, 200, []string{`"visitor":"u:ines"`, `"key":"order-1"`, `"sent":"`}},
		{"POST /handbill/shop/send", `{"message":"receipt","to":"ines","data":{"":1}}`, 400, []string{"empty name"}},
		{"POST /handbill/shop/send", `{"test":true,"message":"receipt","to":"ines","data":{"order":"1001"}}`, 200, []string{`"message":"receipt"`}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines","key":"a"}`, 400, []string{"a test has no key"}},
		{"DELETE /handbill/shop/send?to=ines&key=order-1", "", 200, []string{`"key":"order-1"`}},
		{"DELETE /handbill/shop/send?to=ines&key=order-2", "", 404, []string{"nothing was sent"}},
		{"DELETE /handbill/shop/send?to=ines", "", 400, []string{"key is missing"}},
		{"POST /handbill/shop/send", `{"test":true,"to":""}`, 400, []string{"somebody to send to"}},
		{"POST /handbill/shop/send", `{"test":`, 400, []string{"the body is not"}},
		{"POST /handbill/shop/send", `{"test":true,"to":"ines","when":"now"}`, 400, []string{"the body is not", "when"}},
		{"GET /handbill/shop/send", "", 405, []string{"use DELETE or POST"}},
		{"POST /handbill/shop/preview", `{"message":"sale","valid":"5m"}`, 200, []string{`"id":"hbp-`, `"message":"sale"`}},
		{"POST /handbill/shop/preview", `{"valid":"5m"}`, 400, []string{"say which"}},
		{"POST /handbill/shop/preview", `{"message":"sale","valid":5}`, 400, []string{"the body is not"}},
		{"GET /handbill/shop/preview", "", 405, []string{"use POST"}},
		{"POST /handbill/shop/statistics", "", 405, []string{"use GET"}},
		{"GET /handbill/shop/visitors", "", 404, []string{"statistics, explain, preview, send and visitor"}},
		{"GET /handbill/docs/statistics", "", 404, []string{`no workspace "docs"`, "shop"}},
	} {
		method, path, _ := strings.Cut(test.call, " ")
		status, body := ask(t, method, "http://"+admin+path, test.body)
		if status != test.status {
			t.Errorf("%s: status %d, want %d", test.call, status, test.status)
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) && !strings.Contains(body, strings.ReplaceAll(want, `"`, `\"`)) {
				t.Errorf("%s: the answer lacks %s:\n%s", test.call, want, body)
			}
		}
	}
}

func TestAMessageThatIsLeftOutIsAProblemOfAWorkspaceThatIsReady(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, "[workspace]\non_error = \"skip\"\n\n[[messages]]\nid = \"sale\"\npages = [\"*\"]\ntext = \"20 % off\"\n\n[[messages]]\nid = \"trial\"\npages = [\"nowhere\"]\ntext = \"x\"\n")
	_, admin, _ := startWithAdmin(t, "workspace shop "+path, "memory", application(t))
	for call, wants := range map[string][]string{
		"/handbill/":             {`"messages":1`, `messages.toml:11:10: message \"trial\": the page rule \"nowhere\"`},
		"/handbill/health/ready": {`"ready":true`},
		"/handbill/shop/explain?url=http://tallowby.test/": {`"message":"sale","due":true`, `"message":"trial","due":false,"reason":"left_out"`},
	} {
		status, body := ask(t, "GET", "http://"+admin+call, "")
		for _, want := range wants {
			if status != 200 || !strings.Contains(body, want) {
				t.Errorf("%s: status %d, the answer lacks %s:\n%s", call, status, want, body)
			}
		}
	}
}

func TestTheAdminAPIAnswersForTheActiveConfigurationAfterAFailedReload(t *testing.T) {
	app := application(t)
	e, admin, globals := startWithAdmin(t, "workspace shop "+messages(t, "sale"), "memory", app)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other := strings.Replace(globals, "workspace shop ", "workspace docs ", 1)
	if err := e.tryLoad(other, "http://"+taken.Addr().String()+" {\n\thandbill docs\n}\n"); err == nil {
		t.Fatal("a port in use was no error")
	}
	if status, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/shop/statistics", ""); status != 200 {
		t.Errorf("the active configuration's workspace: %d %s", status, body)
	}
	if status, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/docs/statistics", ""); status != 404 {
		t.Errorf("the failed configuration's workspace: %d %s", status, body)
	}
}

func TestReadinessSaysWhatIsWrong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.toml")
	writeFile(t, path, "[[messages]]\nid = \"sale\"\ntext = \"20 % off\"\n")
	_, admin, _ := startWithAdmin(t, "workspace shop "+path, "memory", application(t))
	status, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/health/ready", "")
	if status != 503 || !strings.Contains(body, "shop.toml:") || !strings.Contains(body, "pages") {
		t.Errorf("a workspace without pages: %d %s", status, body)
	}
	status, body = ask(t, http.MethodPost, "http://"+admin+"/handbill/shop/send", `{"test":true,"to":"ines"}`)
	if status != 503 || !strings.Contains(body, "the log say what to fix") {
		t.Errorf("a send without a workspace: %d %s", status, body)
	}
	writeMessages(t, path, "sale")
	until(t, "the mended workspace is ready", func() bool {
		status, _ := ask(t, http.MethodGet, "http://"+admin+"/handbill/health/ready", "")
		return status == 200
	})
}

func TestTheAdminAPIOfACaddyWithoutHandbillSaysSo(t *testing.T) {
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	start(t, "admin "+admin, "http://plain.test:PORT {\n\trespond \"plain\"\n}\n")
	status, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/", "")
	if status != 404 || !strings.Contains(body, "handbill is not configured") {
		t.Errorf("%d %s", status, body)
	}
}
