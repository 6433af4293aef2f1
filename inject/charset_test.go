package inject_test

import (
	"strings"
	"testing"
)

// Programs name encodings that browsers do not know. These then look in the page, whose declaration must not move out of
// their window.
func TestAnUnknownCharsetDeclaresNothing(t *testing.T) {
	const declaration = "<meta charset=utf-8>"
	text := "<!doctype html><html><head><!--" + strings.Repeat("x", 950) + "-->" + declaration + "<title>Shop</title>"
	for header, moves := range map[string]bool{
		"text/html; charset=utf8mb4": false,
		"text/html; charset=None":    false,
		"text/html; charset=":        false,
		"text/html":                  false,
		"text/html; charset=utf8":    true,
		"text/html; charset=latin1":  true,
	} {
		s := serve(t, reply(200, text, "Content-Type: "+header))
		want := strings.Replace(text, "<head>", "<head>"+markup, 1)
		if !moves {
			want = strings.Replace(text, declaration, declaration+markup, 1)
		}
		if _, body := s.get(t); body != want {
			t.Errorf("%s: got %q", header, body)
		}
	}
}
