package caddymodule

import (
	"strings"
	"testing"
)

func TestAClientInJSONIsChecked(t *testing.T) {
	for name, test := range map[string]struct {
		handler *Handler
		want    string
	}{
		"no folder":                     {&Handler{Client: &Client{}}, "client needs a folder as reference, such as /srv/node_modules/"},
		"a shim for nobody":             {&Handler{Snippet: "shim"}, "snippet shim is for sites that load the reference client themselves; it needs: client reference <path>"},
		"routes that it does not see":   {&Handler{Client: &Client{Reference: "/srv/umd"}, SPARoutes: true}, "spa_routes on needs Handbill's own client"},
		"a folder":                      {&Handler{Client: &Client{Reference: "/srv/umd"}}, ""},
		"a folder and a shim":           {&Handler{Client: &Client{Reference: "/srv/umd"}, Snippet: "shim"}, ""},
		"our own client sees routes":    {&Handler{SPARoutes: true}, ""},
		"a snippet that does not exist": {&Handler{Snippet: "stub"}, "snippet cannot be"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.handler.Validate()
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestNothingOutsideOfTheFolderIsOpened(t *testing.T) {
	folder := scriptFolder(t.TempDir())
	for _, name := range []string{"../client_test.go", "/etc/passwd", "a/../../b", ""} {
		if file, err := folder.Open(name); err == nil {
			_ = file.Close()
			t.Errorf("%q was opened", name)
		}
	}
}
