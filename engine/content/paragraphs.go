package content

import "strings"

// Paragraphs are what a tree says as plain text, one for each block: what is shown where there is no HTML.
func Paragraphs(nodes []Node) []string {
	p := paragraphs{}
	p.add(nodes)
	p.end()
	return p.all
}

type paragraphs struct {
	all  []string
	text strings.Builder
}

// blocks are the tags that begin a line of their own.
var blocks = map[string]bool{
	"p": true, "ul": true, "ol": true, "li": true, "blockquote": true, "pre": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	"div": true, "table": true, "tr": true, "hr": true, "br": true, "section": true, "article": true, "header": true, "footer": true, "figure": true,
	"figcaption": true, "dl": true, "dt": true, "dd": true, "details": true, "summary": true,
}

// end ends a paragraph.
func (p *paragraphs) end() {
	if text := strings.Join(strings.Fields(p.text.String()), " "); text != "" && text != "•" {
		p.all = append(p.all, text)
	}
	p.text.Reset()
}

func (p *paragraphs) add(nodes []Node) {
	for i := range nodes {
		node := &nodes[i]
		switch {
		case node.Tag == "":
			p.text.WriteString(node.Text)
			continue
		case node.Tag == "img", node.Tag == "video":
			p.text.WriteString(node.Alt)
			continue
		case node.Tag == "td", node.Tag == "th":
			p.text.WriteByte(' ')
		case blocks[node.Tag]:
			// The first block of a list's item belongs behind its dot.
			if node.Tag == "li" || strings.TrimSpace(p.text.String()) != "•" {
				p.end()
			}
		}
		if node.Tag == "li" {
			p.text.WriteString("• ")
		}
		p.add(node.Children)
		if blocks[node.Tag] {
			p.end()
		}
	}
}
