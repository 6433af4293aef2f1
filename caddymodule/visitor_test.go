package caddymodule

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"handbill/engine/eventlog"
	"handbill/engine/store"
)

// identify says that the browser's visitor is somebody.
func (e *edge) identify(user, email string) {
	e.t.Helper()
	body := `{"type":"identify","userId":"` + user + `","traits":{"email":"` + email + `"}}`
	if done := e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", body, "Content-Type", "text/plain"); done.StatusCode != 200 {
		e.t.Fatalf("identify: %s %s", done.Status, done.body)
	}
}

func TestAPersonIsExportedAndDeleted(t *testing.T) {
	database := filepath.Join(t.TempDir(), "handbill.db")
	e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), "bbolt "+database, application(t))
	e.dismiss("http://tallowby.test/")
	e.identify("ines", "ines@tallowby.test")
	visitor := func(arguments ...string) (string, error) {
		return run(visitorCommand(), append(arguments, "--address", admin, "--workspace", "shop")...)
	}
	for _, arguments := range [][]string{{"export", "ines"}, {"export", "--email", "Ines@tallowby.test"}} {
		out, err := visitor(arguments...)
		var person struct {
			Visitors []string
			Records  []map[string]any
			Events   []map[string]any
		}
		if err != nil || json.Unmarshal([]byte(out), &person) != nil || len(person.Visitors) != 2 || len(person.Records) != 2 || len(person.Events) != 3 {
			t.Errorf("%q: %v\n%s", arguments, err, out)
		}
	}
	out, err := visitor("delete", "ines")
	if err != nil || !strings.Contains(out, "Deleted 2 records and 3 events of the log, of u:ines, a:") || !strings.Contains(out, "Not reached: backups") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, test := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{"deleting again", []string{"delete", "ines"}, "nothing is kept about this visitor"},
		{"exporting then", []string{"export", "u:ines"}, "nothing is kept about this visitor"},
		{"an address that nobody has", []string{"delete", "--email", "ines@tallowby.test"}, "no record has this e-mail address"},
		{"nobody", []string{"export", " "}, "say whom"},
	} {
		if out, err := visitor(test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\n%s", test.name, err, out)
		}
	}
	// The browser is still here, as somebody who is new.
	if ids := e.poll("http://tallowby.test/"); len(ids) != 1 {
		t.Errorf("who comes back is shown %v", ids)
	}
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	log, err := filepath.Glob(filepath.Join(filepath.Dir(database), "handbill.events", "*.events"))
	if err != nil || len(log) == 0 {
		t.Fatalf("the log is %q, error %v", log, err)
	}
	for _, path := range log {
		if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "ines") {
			t.Errorf("something of hers is in %s, error %v", path, err)
		}
	}
}

func TestABackupOfARunningServerIsRestored(t *testing.T) {
	app, folder, path := application(t), t.TempDir(), messages(t, "monday")
	database, copied := filepath.Join(folder, "handbill.db"), filepath.Join(folder, "backup.db")
	e, admin, globals := startWithAdmin(t, "workspace shop "+path, "bbolt "+database, app)
	e.dismiss("http://tallowby.test/")
	if out, err := run(backupCommand(), copied, "--address", admin); err != nil || !strings.Contains(out, "Copied the store into "+copied) {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, error %v", info.Mode(), err)
	}
	if _, err := run(backupCommand(), filepath.Join(folder, "not-there", "backup.db"), "--address", admin); err == nil || !strings.Contains(err.Error(), "not-there") {
		t.Errorf("into a folder that is not there: %v", err)
	}
	e.identify("ines", "ines@tallowby.test") // after the backup
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(copied, database); err != nil {
		t.Fatal(err)
	}
	file, err := store.OpenBolt(database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := file.Load(t.Context(), store.Key{Workspace: "shop", Visitor: "u:ines"}); err != nil || r != nil {
		t.Errorf("the backup knows what came after it: %+v, error %v", r, err)
	}
	if counts, err := file.Statistics(t.Context(), "shop"); err != nil || counts["monday"][store.MetricDismissed] != 1 || counts["monday"][store.MetricDelivered] != 1 {
		t.Errorf("the backup counts %v, error %v", counts, err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	e.load(globals, "http://tallowby.test:PORT {\n\thandbill shop\n\treverse_proxy "+app+"\n}\n")
	if ids := e.poll("http://tallowby.test/"); len(ids) != 0 {
		t.Errorf("what was dismissed before the backup is shown: %v", ids)
	}
}

func TestACopyOfAFileHasNothingOfWhoWasDeleted(t *testing.T) {
	folder := t.TempDir()
	database, compact := filepath.Join(folder, "handbill.db"), filepath.Join(folder, "compact.db")
	e, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), "bbolt "+database, application(t))
	e.dismiss("http://tallowby.test/")
	e.identify("ines", "ines@tallowby.test")
	if out, err := run(visitorCommand(), "delete", "ines", "--address", admin); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", `{"type":"identify","userId":"rosa"}`, "Content-Type", "text/plain")
	if err := caddy.Stop(); err != nil {
		t.Fatal(err)
	}
	out, err := run(storeCommand(), "copy", database, compact)
	if err != nil || !strings.Contains(out, "Copied 1 visitor, ") {
		t.Fatalf("%v\n%s", err, out)
	}
	if text, err := os.ReadFile(compact); err != nil || strings.Contains(string(text), "ines") || !strings.Contains(string(text), "rosa") {
		t.Errorf("the copy is not of what is left, error %v", err)
	}
	if _, err := run(storeCommand(), "copy", database, compact); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("over a file that is there: %v", err)
	}
	file, err := store.OpenBolt(compact, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if r, err := file.Load(t.Context(), store.Key{Workspace: "shop", Visitor: "u:rosa"}); err != nil || r == nil {
		t.Errorf("of who is left the copy has %+v, error %v", r, err)
	}
}

func TestOfAStoreThatIsNoFileThereIsNoBackup(t *testing.T) {
	_, admin, _ := startWithAdmin(t, "workspace shop "+messages(t, "monday"), "memory", application(t))
	path := filepath.Join(t.TempDir(), "backup.db")
	if _, err := run(backupCommand(), path, "--address", admin); err == nil || !strings.Contains(err.Error(), "by its own means") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is a file all the same")
	}
}

func TestTheLogIsNoOlderThanTheRetention(t *testing.T) {
	database := filepath.Join(t.TempDir(), "handbill.db")
	opened, events, err := (&BoltStore{Path: database}).Open(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = events.Close(), opened.Close() })
	for range 2 {
		if err := events.Append(t.Context(), eventlog.Event{Type: "track", Workspace: "shop", Visitor: "u:ines", At: time.Now().AddDate(0, -2, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	segments, err := filepath.Glob(filepath.Join(filepath.Dir(database), "handbill.events", "*.events"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments %q, error %v", segments, err)
	}
	s := &storage{store: opened, events: events}
	s.retention.Store(int64(30 * 24 * time.Hour))
	left := func() (n int) {
		for range events.All() {
			n++
		}
		return n
	}
	if s.sweep(t.Context()); left() != 2 {
		t.Errorf("of what was written now %d are left", left())
	}
	old := time.Now().AddDate(0, 0, -31)
	if err := os.Chtimes(segments[0], old, old); err != nil {
		t.Fatal(err)
	}
	if s.sweep(t.Context()); left() != 0 {
		t.Errorf("of what was written 31 days ago %d are left", left())
	}
}
