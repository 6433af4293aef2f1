package wire_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"handbill/engine/wire"
)

func TestTheExternalSnippetIsShortASCIIAndSaysNothingOfTheVisitor(t *testing.T) {
	for _, test := range []struct {
		site wire.Site
		want string
	}{
		{wire.Site{Anonymous: true}, `<script async src="/_handbill/client.js" data-anonymous-in-app></script>`},
		{wire.Site{}, `<script async src="/_handbill/client.js"></script>`},
		{wire.Site{Prefix: `/a"b&c`, Anonymous: true}, `<script async src="/a&#34;b&amp;c/client.js" data-anonymous-in-app></script>`},
	} {
		snippet, ok := newHandler(t, test.site, shop).Snippet()
		if !ok || string(snippet.Markup) != test.want || len(snippet.Markup) > 200 {
			t.Errorf("%t, %d bytes: %s", ok, len(snippet.Markup), snippet.Markup)
		}
		if got := string(snippet.Markup[:snippet.NonceAt]); got != "<script" {
			t.Errorf("the nonce would come after %q", got)
		}
	}
}

func TestTheInlineSnippetIsTheReferenceStub(t *testing.T) {
	for name, writeKey := range map[string]string{"plain": "", "hostile names": "</script><script>alert(1)</script>é\u2028"} {
		t.Run(name, func(t *testing.T) {
			snippet, ok := newHandler(t, wire.Site{Anonymous: true, Snippet: wire.Inline, WriteKey: writeKey}, shop).Snippet()
			if !ok {
				t.Fatal("no snippet")
			}
			markup := string(snippet.Markup)
			for _, b := range snippet.Markup {
				if b >= 0x80 {
					t.Fatalf("byte %#x is not ASCII", b)
				}
			}
			for _, want := range []string{"a.invoked", `"4.15.3"`, `"anonymousInApp":true`, "a.page()", "data-global-customerio-analytics-key", "addDestinationMiddleware", "/_handbill/v1/analytics-js/snippet/"} {
				if !strings.Contains(markup, want) {
					t.Errorf("the snippet lacks %s", want)
				}
			}
			root, err := html.Parse(strings.NewReader("<!doctype html><head>" + markup + "<title>t</title></head>"))
			if err != nil {
				t.Fatal(err)
			}
			scripts := 0
			for n := range root.Descendants() {
				if n.Type == html.ElementNode && n.Data == "script" {
					scripts++
				}
			}
			if scripts != 1 {
				t.Errorf("the snippet is %d script elements", scripts)
			}
		})
	}
}

func TestNoSnippetWithoutAWorkspaceOrWhenOff(t *testing.T) {
	if _, ok := newHandler(t, wire.Site{}, "").Snippet(); ok {
		t.Error("a snippet without a workspace")
	}
	if _, ok := newHandler(t, wire.Site{Snippet: wire.Off}, shop).Snippet(); ok {
		t.Error("a snippet although it is off")
	}
}

func TestTheSnippetsVersionChangesWithItsMarkupOnly(t *testing.T) {
	a, _ := newHandler(t, wire.Site{Anonymous: true}, shop).Snippet()
	b, _ := newHandler(t, wire.Site{Anonymous: true}, shop+"\n# edited\n").Snippet()
	c, _ := newHandler(t, wire.Site{}, shop).Snippet()
	if a.Version == "" || a.Version != b.Version || a.Version == c.Version {
		t.Errorf("versions %q %q %q", a.Version, b.Version, c.Version)
	}
}
