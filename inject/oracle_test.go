package inject

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The oracle knows nothing of the scanner: it parses a document with
// golang.org/x/net/html, with and without the insertion, and compares the trees.

const marker = `<script data-marker></script>`

// parse builds a document's tree, without a byte order mark, which x/net would
// take for text.
func parse(t testing.TB, document string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(strings.TrimPrefix(document, "\ufeff")))
	if err != nil {
		t.Fatalf("parsing %q: %v", document, err)
	}
	return root
}

// takeMarker removes the marker from a tree and returns the element it stood in;
// nil unless it is there once.
func takeMarker(root *html.Node) *html.Node {
	var found []*html.Node
	for node := range root.Descendants() {
		if node.DataAtom == atom.Script && len(node.Attr) == 1 && node.Attr[0].Key == "data-marker" {
			found = append(found, node)
		}
	}
	if len(found) != 1 {
		return nil
	}
	parent := found[0].Parent
	parent.RemoveChild(found[0])
	return parent
}

// difference describes where two trees differ; "" when they do not.
func difference(a, b *html.Node) string {
	if a.Type != b.Type || a.DataAtom != b.DataAtom || a.Data != b.Data || a.Namespace != b.Namespace || fmt.Sprint(a.Attr) != fmt.Sprint(b.Attr) {
		return fmt.Sprintf("%v %q %v, and %v %q %v", a.Type, a.Data, a.Attr, b.Type, b.Data, b.Attr)
	}
	ca, cb := children(a), children(b)
	for i := range min(len(ca), len(cb)) {
		if d := difference(ca[i], cb[i]); d != "" {
			return a.Data + " > " + d
		}
	}
	if len(ca) != len(cb) {
		return fmt.Sprintf("%q has %d children, and %d", a.Data, len(ca), len(cb))
	}
	return ""
}

// children lists a node's children; text that the marker split is joined again.
func children(node *html.Node) []*html.Node {
	var list []*html.Node
	for child := range node.ChildNodes() {
		if last := len(list) - 1; child.Type == html.TextNode && last >= 0 && list[last].Type == html.TextNode {
			joined := *list[last]
			joined.Data += child.Data
			list[last] = &joined
			continue
		}
		list = append(list, child)
	}
	return list
}

// judgement is what a document's tokens say, read with x/net's tokenizer.
type judgement uint8

const (
	endsEarly judgement = iota
	isFragment
	isDocument
)

func judge(text string) judgement {
	text = strings.TrimPrefix(text, "\ufeff")
	tokenizer := html.NewTokenizer(strings.NewReader(text))
	evidence := endsEarly
	read := 0
	decide := func() judgement {
		if evidence == endsEarly {
			return isFragment
		}
		return evidence
	}
	for {
		token := tokenizer.Next()
		read += len(tokenizer.Raw())
		switch token {
		case html.ErrorToken:
			return endsEarly
		case html.DoctypeToken:
			evidence = isDocument
		case html.TextToken:
			switch raw := string(bytes.TrimLeft(tokenizer.Raw(), " \t\r\n\f")); raw {
			case "":
			case "<", "</": // at the end, the beginning of a tag
				if read == len(text) {
					return endsEarly
				}
				return decide()
			default:
				return decide()
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := tokenizer.TagName()
			switch string(name) {
			case "html":
				evidence = isDocument
				continue
			case "head", "body":
				return isDocument
			}
			return decide()
		case html.EndTagToken:
			name, _ := tokenizer.TagName()
			switch string(name) {
			case "head", "body", "html", "br":
				return decide()
			}
		}
	}
}

// inserted runs a document through the scanner in pieces that end at the given
// offsets, as the writer does.
func inserted(t testing.TB, text string, d document, markup string, ends ...int) (output string, reason Reason) {
	t.Helper()
	var sent, heldBack []byte
	begin := 0
	for _, end := range append(ends, len(text)) {
		piece := []byte(text[begin:end])
		begin = end
		result, place := d.scan(piece)
		all := append(bytes.Clone(heldBack), piece...)
		switch place += len(heldBack); result {
		case insertAt:
			if place < 0 || place > len(all) {
				t.Fatalf("%q: the place is %d bytes into %d", text, place, len(all))
			}
			sent = append(sent, all[:place]...)
			sent = append(sent, d.encode(nil, []byte(markup))...)
			return string(sent) + string(all[place:]) + text[end:], ReasonNone
		case refused:
			return text, d.scanner.reason
		}
		keep := d.held()
		if limit := maxHeldBytes; keep > limit || d.encoding == asciiCompatible && keep > 7 {
			t.Fatalf("%q: %d bytes are held back", text, keep)
		}
		sent = append(sent, all[:len(all)-keep]...)
		heldBack = bytes.Clone(all[len(all)-keep:])
	}
	return text, ReasonEndedEarly
}

// checkDocument compares what the scanner does with a document with what the
// oracle says.
func checkDocument(t testing.TB, text string) {
	t.Helper()
	for _, position := range []Position{Head, AfterCharset} {
		d := document{scanner: scanner{position: position}}
		output, reason := inserted(t, text, d, marker)
		switch want := judge(text); {
		case reason == ReasonOptedOutByPage || reason == ReasonAMP || reason == ReasonEscape:
			continue
		case reason == ReasonPolicyInPage && position == AfterCharset:
			continue
		case want == isFragment && reason != ReasonFragment,
			want == endsEarly && reason != ReasonEndedEarly && !isEmpty(parse(t, text)),
			want == isDocument && position == Head && reason != ReasonNone:
			t.Errorf("%q: reason %v, want it judged as %v", text, reason, want)
			continue
		case reason != ReasonNone:
			continue
		}
		root := parse(t, output)
		parent := takeMarker(root)
		if parent == nil || parent.DataAtom != atom.Head {
			t.Errorf("%q: not one insertion in the head: %q", text, output)
			continue
		}
		if d := difference(parse(t, text), root); d != "" {
			t.Errorf("%q: the trees differ: %s", output, d)
		}
	}
}

// isEmpty reports whether nothing shows: where a document breaks off in a tag, a
// parser forgets that tag, and the scanner may have decided about it.
func isEmpty(root *html.Node) bool {
	for node := range root.Descendants() {
		switch {
		case node.Type == html.TextNode, node.Type == html.ElementNode && node.DataAtom != atom.Html &&
			node.DataAtom != atom.Head && node.DataAtom != atom.Body:
			return false
		}
	}
	return true
}

// checkSplits compares every division of a document in two pieces, and the one in
// single bytes, with the whole.
func checkSplits(t testing.TB, text string, d document) {
	t.Helper()
	want, wantReason := inserted(t, text, d, marker)
	single := make([]int, len(text))
	for i := range text {
		if got, reason := inserted(t, text, d, marker, i); got != want || reason != wantReason {
			t.Errorf("%q split at %d: %q (%v), want %q (%v)", text, i, got, reason, want, wantReason)
		}
		single[i] = i
	}
	for i := range single {
		single[i] = i
	}
	if got, reason := inserted(t, text, d, marker, single...); got != want || reason != wantReason {
		t.Errorf("%q byte by byte: %q (%v), want %q (%v)", text, got, reason, want, wantReason)
	}
}

// html5libDocuments are the whole documents among the tree-construction tests of
// html5lib, which golang.org/x/net ships.
func html5libDocuments(t testing.TB) []string {
	t.Helper()
	module, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/net").Output()
	if err != nil {
		t.Fatalf("finding golang.org/x/net: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(module)), "html/testdata/html5lib-tests/tree-construction/*.dat"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no html5lib tests below %s (%v)", module, err)
	}
	var documents []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range strings.Split("\n"+string(content), "\n#data\n")[1:] {
			text, rest, ok := strings.Cut("\n"+test, "\n#errors")
			if !ok {
				t.Fatalf("%s: a test without #errors: %q", file, test)
			}
			if !strings.Contains(rest, "\n#document-fragment\n") {
				documents = append(documents, strings.TrimPrefix(text, "\n"))
			}
		}
	}
	return documents
}

func TestHTML5LibDocuments(t *testing.T) {
	documents := html5libDocuments(t)
	if len(documents) < 1500 {
		t.Fatalf("only %d documents", len(documents))
	}
	judged := map[judgement]int{}
	for _, text := range documents {
		judged[judge(text)]++
		checkDocument(t, text)
	}
	t.Logf("%d documents: %d injected, %d fragments, %d without a place", len(documents),
		judged[isDocument], judged[isFragment], judged[endsEarly])
}

func TestHTML5LibDocumentsSplitAnywhere(t *testing.T) {
	for _, text := range html5libDocuments(t) {
		if len(text) > 400 {
			text = text[:400]
		}
		checkSplits(t, text, document{})
		checkSplits(t, text, document{scanner: scanner{position: AfterCharset, stopAtEscape: true}})
	}
}
