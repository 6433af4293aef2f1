package content

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/util"
)

// Kind is where a text stands, and so how the values in it are escaped.
type Kind int

const (
	// Plain texts are titles, what is written on buttons, and what pictures say.
	Plain Kind = iota
	// Rich texts are Markdown.
	Rich
	// ActionAddress is a button's action.
	ActionAddress
	// ImageAddress is where a picture is.
	ImageAddress
	// Markup texts are HTML.
	Markup
)

// Text is one text of a message as its author wrote it, read and checked: it
// is the same for everybody, or a Liquid template. It is never changed.
type Text struct {
	kind Kind
	// program is nil for a text that is the same for everybody.
	program *program
	// plain is what such a text says, and of a template without tags what it says with slots for the values.
	plain string
	// nodes are the tree of either, if it is Rich or Markup.
	nodes []Node
}

// ParseText reads a text and checks it: its Liquid, its Markdown, its
// addresses as far as they do not depend on values. Params are the names that
// {{ params.… }} has; nil where there is no template. The error is an *[Error].
func ParseText(kind Kind, source string, params []string) (*Text, error) {
	if len(source) > maximumTextLength {
		return nil, &Error{fmt.Sprintf("the text has %d bytes", len(source)), fmt.Sprintf("shorten it to %d", maximumTextLength)}
	}
	if strings.ContainsFunc(source, isSlot) {
		return nil, &Error{"the text holds a character of a private use area (U+F0000 to U+FFFFD)", "take it away: no font shows it"}
	}
	t := &Text{kind: kind, plain: source}
	if !hasLiquid(source) {
		return t, t.read()
	}
	var err error
	if kind == Rich {
		source = withoutIndent(source)
	}
	if t.program, err = parseLiquid(source, params); err != nil {
		return nil, err
	}
	// Each alternative of its tags is read once, so that what is wrong in one is known before somebody gets it.
	for arm := range t.program.arms {
		tried := &Text{kind: kind}
		if tried.plain, _, err = t.program.execute(map[string]any{}, arm, newBudget(defaultLimits)); err != nil {
			return nil, &Error{err.Error(), liquidExample}
		}
		if err := tried.read(); err != nil && (t.program.plain || kind == Rich || kind == Markup) {
			return nil, err
		}
		if t.program.plain {
			t.plain, t.nodes = tried.plain, tried.nodes
		}
	}
	return t, nil
}

// read checks what the text says, and makes the tree of a Rich one. Slots may stand for anything.
func (t *Text) read() error {
	switch t.kind {
	case Rich:
		nodes, err := Markdown(t.plain)
		t.nodes = nodes
		return err
	case Markup:
		nodes, err := HTML(t.plain)
		t.nodes = nodes
		return err
	case ActionAddress:
		if startsWithSlot(t.plain) {
			return nil
		}
		if t.leavesFixed() {
			return nil // read when its params are in it; Localize refuses what is left
		}
		_, err := ParseAction(withoutSlots(t.plain))
		return err
	case ImageAddress:
		if startsWithSlot(t.plain) {
			return nil
		}
		return CheckImage(withoutSlots(t.plain))
	}
	return nil
}

// Static reports whether the text is the same for everybody. A nil text is.
func (t *Text) Static() bool { return t == nil || t.program == nil }

// Plain is what the text says to everybody, as it was written; empty for a template.
func (t *Text) Plain() string {
	if t == nil || t.program != nil {
		return ""
	}
	return t.plain
}

// Nodes are the tree of a Rich or Markup text, with placeholders for values, and none where the tree depends on them.
func (t *Text) Nodes() []Node {
	if t == nil {
		return nil
	}
	return t.nodes
}

// Undefended are the traits that the text puts out without a default, outside of any tag.
func (t *Text) Undefended() []string {
	if t.Static() || !t.program.plain {
		return nil
	}
	return t.program.undefended
}

// fixed is the text with params and a locale in it, if it depends on nothing else, or else the text itself.
func (t *Text) fixed(params map[string]any, locale string) (*Text, error) {
	if t.Static() || t.program.clock || slices.ContainsFunc(t.program.roots, func(root string) bool { return root != "params" && root != "locale" }) {
		return t, nil
	}
	r := &rendering{bindings: map[string]any{"params": native(params), "locale": locale}, budget: newBudget(defaultLimits)}
	text, slots, err := r.run(t)
	if err != nil {
		return nil, &Error{err.Error(), liquidExample}
	}
	made := &Text{kind: t.kind}
	switch t.kind {
	case Plain:
		made.plain = inserted(text, slots)
	case Rich, Markup:
		if made.nodes, err = r.rich(t, text, slots); err != nil {
			return nil, err
		}
		if len(r.dropped) > 0 {
			return nil, r.dropped[0]
		}
	default:
		made.plain = address(text, slots)
		if err := made.read(); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// leavesFixed reports whether values stand in an action that has to be the same for everybody.
func (t *Text) leavesFixed() bool {
	word, _, _ := strings.Cut(t.plain, ":")
	return t.kind == ActionAddress && strings.ContainsFunc(t.plain, isSlot) && fixedWords[word]
}

// startsWithSlot reports whether an address begins with a value, which then is an address itself and not a part of one.
func startsWithSlot(text string) bool {
	for _, r := range text {
		return isSlot(r)
	}
	return false
}

// withoutSlots puts something harmless in the place of values, for a check of what stands around them.
func withoutSlots(text string) string {
	return strings.Map(func(r rune) rune {
		if isSlot(r) {
			return '0'
		}
		return r
	}, text)
}

// inserted is a plain text with its values.
func inserted(text string, slots []slotValue) string {
	if !strings.ContainsFunc(text, isSlot) {
		return text
	}
	var made strings.Builder
	for _, r := range text {
		if isSlot(r) {
			made.WriteString(slotOf(r, slots).text)
			continue
		}
		made.WriteRune(r)
	}
	return made.String()
}

func slotOf(r rune, slots []slotValue) slotValue {
	if i := int(r - firstSlot); i < len(slots) {
		return slots[i]
	}
	return slotValue{}
}

// address is an address with its values. A value at its beginning is an
// address itself; any other is a part of one and cannot end it: its slashes,
// question marks and the like are encoded. Whether the whole may be an address
// is for the caller to check.
func address(text string, slots []slotValue) string {
	if strings.HasPrefix(text, copyPrefix) {
		return inserted(text, slots) // leads nowhere
	}
	var made strings.Builder
	for i, r := range text {
		if !isSlot(r) {
			made.WriteRune(r)
			continue
		}
		slot := slotOf(r, slots)
		if i == 0 {
			made.Write(util.URLEscape([]byte(strings.TrimSpace(slot.text)), false))
			continue
		}
		writePart(&made, slot)
	}
	return made.String()
}

// writePart writes a value as a part of an address (RFC 3986, section 2.3): all but unreserved characters are encoded.
// What a filter has encoded already is not encoded again.
func writePart(out *strings.Builder, slot slotValue) {
	const hexadecimal = "0123456789ABCDEF"
	for i := range len(slot.text) {
		b := slot.text[i]
		unreserved := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-._~", b) >= 0
		if unreserved || slot.encoded && (b == '%' || b == '+') {
			out.WriteByte(b)
			continue
		}
		out.WriteByte('%')
		out.WriteByte(hexadecimal[b>>4])
		out.WriteByte(hexadecimal[b&15])
	}
}
