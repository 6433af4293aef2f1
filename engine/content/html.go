package content

import (
	"cmp"
	"html"
	"strconv"
	"strings"
)

// HTML writes the content as the client builds it in the page: one section per
// step with its title, image, text, frame, fields and buttons in this order. All text and
// every attribute is escaped.
func (c Content) HTML() string {
	var out strings.Builder
	for _, step := range c.Steps {
		writeStep(&out, step)
	}
	return out.String()
}

func writeStep(out *strings.Builder, step Step) {
	open(out, "section", "data-step", step.Name)
	if step.Title != "" {
		open(out, "h2")
		out.WriteString(html.EscapeString(step.Title))
		out.WriteString("</h2>")
	}
	if image := step.Image; image != nil {
		attributes := []string{"src", image.Src, "alt", image.Alt}
		if image.Width > 0 {
			attributes = append(attributes, "width", strconv.Itoa(image.Width))
		}
		if image.Height > 0 {
			attributes = append(attributes, "height", strconv.Itoa(image.Height))
		}
		open(out, "img", attributes...)
	}
	if len(step.Body) > 0 {
		open(out, "div", "class", "body")
		writeNodes(out, step.Body)
		out.WriteString("</div>")
	}
	if step.Frame != "" {
		open(out, "iframe", "data-frame", step.Frame, "sandbox", SandboxFlags, "title", cmp.Or(step.Title, step.Name))
		out.WriteString("</iframe>")
	}
	if len(step.Fields) > 0 {
		open(out, "div", "class", "fields")
		for _, field := range step.Fields {
			writeField(out, field)
		}
		out.WriteString("</div>")
	}
	if len(step.Buttons) > 0 {
		open(out, "div", "class", "buttons")
		for _, button := range step.Buttons {
			open(out, "button", "type", "button", "name", button.Name, "value", button.Action)
			out.WriteString(html.EscapeString(button.Text))
			out.WriteString("</button>")
		}
		out.WriteString("</div>")
	}
	out.WriteString("</section>")
}

func writeNodes(out *strings.Builder, nodes []Node) {
	for _, node := range nodes {
		switch node.Tag {
		case "":
			out.WriteString(html.EscapeString(node.Text))
			continue
		case "br", "hr":
			open(out, node.Tag)
			continue
		case "img":
			open(out, "img", attributes("src", node.Src, "alt", orSet(node.Alt), "width", pixels(node.Width), "height", pixels(node.Height))...)
			continue
		case "track":
			open(out, "track", attributes("kind", "captions", "src", node.Src, "srclang", node.Language, "label", node.Label)...)
			continue
		case "video":
			open(out, "video", attributes("controls", set, "playsinline", set, "preload", "metadata", "src", node.Src, "aria-label", node.Alt,
				"width", pixels(node.Width), "height", pixels(node.Height), "poster", node.Poster)...)
		case "a":
			open(out, "a", "href", node.Href)
		default:
			open(out, node.Tag)
		}
		writeNodes(out, node.Children)
		out.WriteString("</" + node.Tag + ">")
	}
}

// open writes a start tag with attributes given as name, value, name, value.
func open(out *strings.Builder, name string, attributes ...string) {
	out.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		out.WriteString(" " + attributes[i] + `="` + html.EscapeString(attributes[i+1]) + `"`)
	}
	out.WriteString(">")
}

// orSet keeps an attribute that says nothing.
func orSet(text string) string {
	if text == "" {
		return set
	}
	return text
}

func pixels(size int) string {
	if size == 0 {
		return ""
	}
	return strconv.Itoa(size)
}
