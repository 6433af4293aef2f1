package content

import (
	"slices"
	"testing"
)

func TestParagraphsAreWhatATreeSaysInPlainText(t *testing.T) {
	for source, want := range map[string][]string{
		"One **bold** word and [a link](/offers).": {"One bold word and a link."},
		"First.\n\nSecond,\nin two lines.":         {"First.", "Second, in two lines."},
		"Take:\n\n- bread\n- *fresh* milk":         {"Take:", "• bread", "• fresh milk"},
		"1. Loose\n\n2. items":                     {"• Loose", "• items"},
		"> Said\n\n### Heading":                    {"Said", "Heading"},
		"":                                         nil,
	} {
		nodes, err := Markdown(source)
		if err != nil {
			t.Fatal(err)
		}
		if got := Paragraphs(nodes); !slices.Equal(got, want) {
			t.Errorf("%q says %q, want %q", source, got, want)
		}
	}
	nodes, err := HTML(`<table><tr><td>Size</td><td>42</td></tr></table><p><img src="/a.png" alt="A boot">!</p>`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Paragraphs(nodes), []string{"Size 42", "A boot!"}; !slices.Equal(got, want) {
		t.Errorf("HTML says %q, want %q", got, want)
	}
}
