package content

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The tags of a text in HTML, and what each becomes: a tree holds fewer of them, and nothing else. What an author may not
// write is an error and not taken away, so that nobody wonders where it went.
var markupTags = map[string]string{
	"p": "p", "br": "br", "hr": "hr", "div": "div", "span": "span",
	"strong": "strong", "b": "strong", "em": "em", "i": "em", "u": "u", "s": "s", "del": "s", "small": "small", "mark": "mark",
	"sub": "sub", "sup": "sup", "kbd": "kbd", "code": "code", "pre": "pre", "a": "a", "img": "img",
	"ul": "ul", "ol": "ol", "li": "li", "dl": "dl", "dt": "dt", "dd": "dd", "blockquote": "blockquote",
	"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4",
	"figure": "figure", "figcaption": "figcaption", "video": "video", "track": "track",
	"table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot", "tr": "tr", "th": "th", "td": "td",
}

// markupAttributes are those that a tag may have.
var markupAttributes = map[string][]string{
	"a": {"href"}, "img": {"src", "alt", "width", "height"},
	"video": {"src", "alt", "width", "height", "poster"}, "track": {"src", "srclang", "label"},
}

// HTML reads an author's HTML into the tree that a message shows. Only the tags and attributes above are allowed, and only
// addresses that [CheckLink] and [CheckImage] accept; anything else is an *[Error]. Since a tree of these is all that
// comes out of it, nothing in a workspace, and no value of a visitor, can become markup of another kind.
func HTML(source string) ([]Node, error) {
	if len(source) > maximumTextLength {
		return nil, &Error{fmt.Sprintf("the HTML has %d bytes", len(source)), fmt.Sprintf("shorten it to %d", maximumTextLength)}
	}
	parsed, err := html.ParseFragment(strings.NewReader(source), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return nil, &Error{fmt.Sprintf("the HTML cannot be read (%v)", err), "write for example <p>20 % off</p>"}
	}
	return readMarkup(parsed, 0)
}

func readMarkup(parsed []*html.Node, depth int) ([]Node, error) {
	if depth > 2*maximumDepth {
		return nil, &Error{fmt.Sprintf("the HTML is nested deeper than %d levels", 2*maximumDepth), "make it flatter"}
	}
	var nodes []Node
	for _, n := range parsed {
		switch n.Type {
		case html.TextNode:
			nodes = appendText(nodes, n.Data)
		case html.CommentNode:
			if strings.ContainsFunc(n.Data, isSlot) {
				return nil, misplaced("a comment")
			}
		case html.ElementNode:
			node, err := readElement(n, depth)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, node)
		}
	}
	return nodes, nil
}

func readElement(n *html.Node, depth int) (Node, error) {
	tag, allowed := markupTags[n.Data]
	if !allowed {
		return Node{}, &Error{fmt.Sprintf("the HTML holds <%s>, which is not allowed", withoutSlots(n.Data)), "the tags are " + strings.Join(slices.Sorted(maps.Keys(markupTags)), ", ")}
	}
	node := Node{Tag: tag}
	for _, attribute := range n.Attr {
		if err := readAttribute(&node, n.Data, attribute); err != nil {
			return Node{}, err
		}
	}
	if err := checkElement(node, n); err != nil {
		return Node{}, err
	}
	var err error
	node.Children, err = readMarkup(slices.Collect(n.ChildNodes()), depth+1)
	return node, err
}

// checkElement says what an element lacks.
func checkElement(node Node, n *html.Node) error {
	switch node.Tag {
	case "img":
		if node.Src == "" {
			return &Error{"the HTML holds an <img> without src", `write <img src="/img/sale.png" alt="The sale">`}
		}
	case "a":
		if node.Href == "" {
			return &Error{"the HTML holds an <a> without href", `write <a href="/offers">`}
		}
	case "video":
		if node.Src == "" || node.Alt == "" || node.Width == 0 || node.Height == 0 {
			return &Error{
				"the HTML holds a <video> that lacks src, alt, width or height",
				`write <video src="/video/tour.mp4" alt="A tour of the board" width="640" height="360"></video>: so nothing moves when it arrives, and everybody knows what it is`,
			}
		}
		for child := range n.ChildNodes() {
			if child.Type == html.ElementNode && child.Data != "track" || child.Type == html.TextNode && strings.TrimSpace(child.Data) != "" {
				return &Error{"the HTML holds a <video> with something else in it than <track>", "put it behind the video"}
			}
		}
	case "track":
		if node.Src == "" || node.Language == "" || n.Parent == nil || n.Parent.Data != "video" {
			return &Error{"the HTML holds a <track> that is not in a <video>, or lacks src or srclang", `write <track src="/video/tour.en.vtt" srclang="en" label="English"> in the <video>`}
		}
	}
	return nil
}

func readAttribute(node *Node, tag string, attribute html.Attribute) error {
	name, value := attribute.Key, attribute.Val
	if !slices.Contains(markupAttributes[tag], name) {
		fix := "take it away: a theme says how messages look"
		if len(markupAttributes[tag]) > 0 {
			fix = fmt.Sprintf("<%s> may have %s", tag, strings.Join(markupAttributes[tag], ", "))
		}
		return &Error{fmt.Sprintf("the HTML holds <%s %s>, which is not allowed", tag, withoutSlots(name)), fix}
	}
	switch name {
	case "href":
		node.Href = value
		if !startsWithSlot(value) {
			return CheckLink(withoutSlots(value))
		}
	case "src":
		node.Src = value
		if !startsWithSlot(value) {
			return CheckImage(withoutSlots(value))
		}
	case "alt":
		node.Alt = value
	case "poster", "srclang", "label":
		if strings.ContainsFunc(value, isSlot) {
			return misplaced("the attribute " + name)
		}
		switch name {
		case "poster":
			node.Poster = value
			return CheckImage(value)
		case "srclang":
			node.Language = value
		default:
			node.Label = value
		}
	default:
		pixels, err := strconv.Atoi(value)
		if err != nil || pixels < 1 || pixels > 10_000 {
			return &Error{fmt.Sprintf("the HTML holds <%s %s=%q>", tag, name, withoutSlots(value)), "write the size in pixels, 1 to 10000"}
		}
		if name == "width" {
			node.Width = pixels
		} else {
			node.Height = pixels
		}
	}
	return nil
}

func misplaced(where string) *Error {
	return &Error{"a value stands in " + where + " of the HTML", "put values in texts, in href, src and alt"}
}

// coreTags are those that the client's core can show. For the others, and for pictures in a text, it loads a part.
var coreTags = map[string]bool{"p": true, "br": true, "strong": true, "em": true, "a": true, "ul": true, "ol": true, "li": true}

// needsMarkup reports whether a tree holds more than the client's core can show.
func needsMarkup(nodes []Node) bool {
	return slices.ContainsFunc(nodes, func(node Node) bool {
		return node.Tag != "" && !coreTags[node.Tag] || needsMarkup(node.Children)
	})
}
