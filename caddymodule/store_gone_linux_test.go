package caddymodule

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAStoreThatIsTakenAwayHarmsNoPageAndHealthSaysSo(t *testing.T) {
	folder := t.TempDir()
	path, aside := filepath.Join(folder, "handbill.db"), filepath.Join(folder, "aside.db")
	e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), "bbolt "+path, application(t))
	e.poll("http://tallowby.test/") // the visitor has the cookie from now on
	e.identify("ines", "ines@tallowby.test")
	identify := func(email string) int {
		body := fmt.Sprintf(`{"type":"identify","userId":"ines","traits":{"email":%q}}`, email)
		return e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", body, "Content-Type", "text/plain").StatusCode
	}
	health := func() string {
		_, body := ask(t, "GET", "http://"+admin+"/handbill/health/ready", "")
		return body
	}
	if err := os.Rename(path, aside); err != nil {
		t.Fatal(err)
	}
	if body := health(); !strings.Contains(body, "degraded") || !strings.Contains(body, path+" was removed or moved while it was in use") {
		t.Errorf("health says %s", body)
	}
	if status := identify("ines@example.com"); status != 503 {
		t.Errorf("who is there is answered with %d, and would be forgotten at the restart", status)
	}
	if home := e.get("http://tallowby.test/"); home.StatusCode != 200 || !home.injected() {
		t.Errorf("a page is %s, injected: %t", home.Status, home.injected())
	}
	if log := e.logs(); strings.Count(log, "the store cannot be written to") != 1 || !strings.Contains(log, "put the file back, or restart Caddy") {
		t.Errorf("the log does not tell of it once:\n%s", log)
	}
	if err := os.Rename(aside, path); err != nil {
		t.Fatal(err)
	}
	if status := identify("ines@example.com"); status != 200 {
		t.Errorf("with the file in its place again, who is there is answered with %d", status)
	}
	if body := health(); strings.Contains(body, "degraded") {
		t.Errorf("health says %s", body)
	}
}
