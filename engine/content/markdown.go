package content

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	renderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

const (
	// maximumTextLength bounds one text, in bytes.
	maximumTextLength = 64 << 10
	// maximumDepth bounds how deep quotes, lists and emphasis stand in each other.
	maximumDepth = 16
)

// markdown knows CommonMark without HTML and horizontal rules. What it does
// not know stays text: a tag can never become markup.
var markdown = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(parser.NewSetextHeadingParser(), 100),
		util.Prioritized(parser.NewListParser(), 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(parser.NewCodeBlockParser(), 500),
		util.Prioritized(parser.NewATXHeadingParser(), 600),
		util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
		util.Prioritized(parser.NewBlockquoteParser(), 800),
		util.Prioritized(parser.NewParagraphParser(), 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewLinkParser(), 200),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewEmphasisParser(), 500),
	),
	parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
)

// Markdown turns an author's text into nodes. It knows CommonMark's
// paragraphs, line breaks, emphasis, code, links, lists, quotes and headings
// (all as h3); anything else, HTML above all, stays text. An address that
// [CheckLink] refuses, an image, a text over 64 KiB or one nested deeper than
// 16 levels is an *[Error].
func Markdown(source string) ([]Node, error) {
	if len(source) > maximumTextLength {
		return nil, &Error{fmt.Sprintf("the text has %d bytes", len(source)), fmt.Sprintf("shorten it to %d", maximumTextLength)}
	}
	w := writer{source: []byte(withoutIndent(source))}
	document := markdown.Parse(text.NewReader(w.source))
	nodes := w.blocks(document, 0)
	if w.err != nil {
		return nil, w.err
	}
	return nodes, nil
}

// withoutIndent takes the blanks away that all lines begin with, so that a text
// which is indented along with the TOML around it does not turn into code.
func withoutIndent(source string) string {
	lines := strings.SplitAfter(source, "\n")
	common := -1
	for _, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if strings.TrimSpace(line) != "" && (common < 0 || indent < common) {
			common = indent
		}
	}
	if common <= 0 {
		return source
	}
	for i, line := range lines {
		lines[i] = line[min(common, len(line)-len(strings.TrimLeft(line, " \t"))):]
	}
	return strings.Join(lines, "")
}

// tag is what looks like an HTML tag or comment.
var tag = regexp.MustCompile(`</?[A-Za-z][^<>]*>|<!--`)

// HTMLInText returns the first thing in the trees that looks like an HTML tag
// and will be shown as it was written, or "". Code may hold tags.
func HTMLInText(nodes []Node) string {
	for _, node := range nodes {
		if node.Tag == "code" || node.Tag == "pre" {
			continue
		}
		if found := tag.FindString(node.Text); found != "" {
			return found
		}
		if found := HTMLInText(node.Children); found != "" {
			return found
		}
	}
	return ""
}

// writer walks goldmark's tree and keeps the first error.
type writer struct {
	source []byte
	err    error
}

func (w *writer) fail(problem, fix string) {
	if w.err == nil {
		w.err = &Error{problem, fix}
	}
}

// tooDeep stops a walk that would nest deeper than the client should have to build.
func (w *writer) tooDeep(depth int) bool {
	if depth > maximumDepth {
		w.fail(fmt.Sprintf("the text nests quotes, lists or emphasis deeper than %d levels", maximumDepth), "make it flatter")
	}
	return w.err != nil
}

func (w *writer) blocks(parent ast.Node, depth int) []Node {
	if w.tooDeep(depth) {
		return nil
	}
	var nodes []Node
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		switch block := child.(type) {
		case *ast.Paragraph:
			nodes = append(nodes, Node{Tag: "p", Children: trimmed(w.inlines(block, depth+1))})
		case *ast.TextBlock:
			nodes = append(nodes, trimmed(w.inlines(block, depth+1))...)
		case *ast.Heading:
			nodes = append(nodes, Node{Tag: "h3", Children: trimmed(w.inlines(block, depth+1))})
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			code := Node{Tag: "code", Children: appendText(nil, string(block.Lines().Value(w.source)))}
			nodes = append(nodes, Node{Tag: "pre", Children: []Node{code}})
		case *ast.Blockquote:
			nodes = append(nodes, Node{Tag: "blockquote", Children: w.blocks(block, depth+1)})
		case *ast.List:
			list := Node{Tag: "ul"}
			if block.IsOrdered() {
				list.Tag = "ol"
			}
			for item := block.FirstChild(); item != nil; item = item.NextSibling() {
				list.Children = append(list.Children, Node{Tag: "li", Children: w.blocks(item, depth+2)})
			}
			nodes = append(nodes, list)
		case *ast.LinkReferenceDefinition:
			// Shows nothing: the links that use it carry its address.
		default:
			w.fail(fmt.Sprintf("the text holds Markdown that messages do not have (%s)", block.Kind()), "write it as plain text")
		}
	}
	return nodes
}

func (w *writer) inlines(parent ast.Node, depth int) []Node {
	if w.tooDeep(depth) {
		return nil
	}
	var nodes []Node
	for child := parent.FirstChild(); child != nil; child = child.NextSibling() {
		switch inline := child.(type) {
		case *ast.Text:
			nodes = appendText(nodes, w.plain(inline.Value(w.source), inline.IsRaw()))
			switch {
			case inline.HardLineBreak():
				nodes = append(nodes, Node{Tag: "br"})
			case inline.SoftLineBreak():
				nodes = appendText(nodes, " ")
			}
		case *ast.String:
			nodes = appendText(nodes, w.plain(inline.Value, inline.IsRaw()))
		case *ast.CodeSpan:
			nodes = append(nodes, Node{Tag: "code", Children: []Node{{Text: w.code(inline)}}})
		case *ast.Emphasis:
			emphasis := Node{Tag: "em", Children: w.inlines(inline, depth+1)}
			if inline.Level > 1 {
				emphasis.Tag = "strong"
			}
			nodes = append(nodes, emphasis)
		case *ast.Link:
			address := escaped(inline.Destination, true)
			nodes = append(nodes, w.link(address, w.inlines(inline, depth+1)))
		case *ast.AutoLink:
			address := escaped(inline.URL(w.source), false)
			if inline.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(address), "mailto:") {
				address = "mailto:" + address
			}
			nodes = append(nodes, w.link(address, []Node{{Text: string(inline.Label(w.source))}}))
		case *ast.Image:
			w.fail(fmt.Sprintf("the text holds the image %q", inline.Destination),
				fmt.Sprintf("put it beside the text: image = { src = %q, alt = \"what it shows\" }", inline.Destination))
		default:
			w.fail(fmt.Sprintf("the text holds Markdown that messages do not have (%s)", inline.Kind()), "write it as plain text")
		}
	}
	return nodes
}

func (w *writer) link(address string, children []Node) Node {
	var refused *Error
	// An address that begins with a value is checked when it has one.
	if !startsWithSlot(address) && errors.As(CheckLink(withoutSlots(address)), &refused) {
		w.fail("a link in the text: "+refused.Problem, refused.Fix)
	}
	return Node{Tag: "a", Href: address, Children: children}
}

// escaped encodes what an address may not hold, and leaves the slots of values alone.
func escaped(address []byte, resolve bool) string {
	var made strings.Builder
	rest := string(address)
	for rest != "" {
		at := strings.IndexFunc(rest, isSlot)
		if at < 0 {
			at = len(rest)
		}
		made.Write(util.URLEscape([]byte(rest[:at]), resolve))
		rest = rest[at:]
		if rest != "" {
			_, size := utf8.DecodeRuneInString(rest)
			made.WriteString(rest[:size])
			rest = rest[size:]
		}
	}
	return made.String()
}

// plain resolves backslash escapes and entities. goldmark does that while it
// writes HTML, so its HTML is read back.
func (w *writer) plain(value []byte, raw bool) string {
	if raw || !bytes.ContainsAny(value, "\\&\x00") {
		return string(value)
	}
	var written bytes.Buffer
	buffered := &discardingFlush{Buffer: &written}
	renderer.DefaultWriter.Write(buffered, value)
	return html.UnescapeString(written.String())
}

// discardingFlush makes a buffer goldmark's kind of writer.
type discardingFlush struct{ *bytes.Buffer }

func (discardingFlush) Buffered() int { return 0 }
func (discardingFlush) Flush() error  { return nil }

// code is a code span's text: no escapes, line ends are blanks.
func (w *writer) code(span *ast.CodeSpan) string {
	var code strings.Builder
	for child := span.FirstChild(); child != nil; child = child.NextSibling() {
		if part, ok := child.(*ast.Text); ok {
			code.Write(bytes.ReplaceAll(part.Segment.Value(w.source), []byte("\n"), []byte(" ")))
		}
	}
	return code.String()
}

// appendText adds text to the text before it, so that the tree has one text
// node where a reader sees one text.
func appendText(nodes []Node, added string) []Node {
	if added == "" {
		return nodes
	}
	if last := len(nodes) - 1; last >= 0 && nodes[last].Tag == "" {
		nodes[last].Text += added
		return nodes
	}
	return append(nodes, Node{Text: added})
}

// trimmed takes away the blank that a line break leaves at a block's end.
func trimmed(nodes []Node) []Node {
	if last := len(nodes) - 1; last >= 0 && nodes[last].Tag == "" {
		nodes[last].Text = strings.TrimRight(nodes[last].Text, " \n")
		if nodes[last].Text == "" {
			return nodes[:last]
		}
	}
	return nodes
}
