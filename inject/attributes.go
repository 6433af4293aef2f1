package inject

// attributes reads the few attributes of <html> and <meta> that matter to the
// scanner, byte by byte and without keeping more than the beginning of a value:
// data-handbill, amp, charset, http-equiv and content. As in the standard, the
// first of several attributes with one name counts.
type attributes struct {
	// Of the attribute being read.
	open           bool
	name           [16]byte // lower case
	nameLen        int      // beyond len(name) it is none of ours
	watched        bool     // its name may be one of ours
	text           [24]byte // the value's beginning, lower case
	textLen        int
	charsetMatched int  // letters of "charset" that end at this byte of the value
	hasCharset     bool // the value holds "charset"

	// Of <html>, whose repetitions merge.
	optOutSeen, optOut, amp bool

	// Of the <meta> being read.
	charset                             bool
	equivSeen, equivType, equivPolicy   bool
	contentSeen, contentNamesItsCharset bool
}

// startTag forgets what belongs to the tag before.
func (a *attributes) startTag() {
	a.open = false
	a.charset = false
	a.equivSeen, a.equivType, a.equivPolicy = false, false, false
	a.contentSeen, a.contentNamesItsCharset = false, false
}

// startName begins an attribute.
func (a *attributes) startName(c byte) {
	a.open = true
	a.nameLen, a.textLen, a.charsetMatched, a.hasCharset = 0, 0, 0, false
	a.nameByte(c)
}

func (a *attributes) nameByte(c byte) {
	if a.nameLen < len(a.name) {
		a.name[a.nameLen] = toLower(c)
	}
	a.nameLen++
}

// startValue begins an attribute's value. Most attributes can be told by the
// length of their name not to matter.
func (a *attributes) startValue() {
	switch a.nameLen {
	case len("data-handbill"), len("http-equiv"), len("content"):
		a.watched = true
	default:
		a.watched = false
	}
}

func (a *attributes) value(text []byte) {
	if !a.watched {
		return
	}
	for _, c := range text {
		a.valueByte(c)
	}
}

func (a *attributes) valueByte(c byte) {
	if !a.watched {
		return
	}
	const word = "charset"
	c = toLower(c)
	if a.textLen < len(a.text) {
		a.text[a.textLen] = c
	}
	a.textLen++
	switch c {
	case word[a.charsetMatched]:
		a.charsetMatched++
		if a.charsetMatched == len(word) {
			a.hasCharset, a.charsetMatched = true, 0
		}
	case word[0]:
		a.charsetMatched = 1
	default:
		a.charsetMatched = 0
	}
}

// endAttribute keeps what the attribute says.
func (a *attributes) endAttribute() {
	if !a.open {
		return
	}
	a.open = false
	if a.nameLen > len(a.name) {
		return
	}
	switch name := a.name[:a.nameLen]; string(name) {
	case "data-handbill":
		if !a.optOutSeen {
			a.optOutSeen, a.optOut = true, a.valueIs("off")
		}
	case "charset":
		a.charset = true
	case "http-equiv":
		if !a.equivSeen {
			a.equivSeen = true
			a.equivType, a.equivPolicy = a.valueIs("content-type"), a.valueIs("content-security-policy")
		}
	case "content":
		if !a.contentSeen {
			a.contentSeen, a.contentNamesItsCharset = true, a.hasCharset
		}
	case "amp", "amp4ads", "amp4email", "⚡", "⚡4ads", "⚡4email", "\u26a1\ufe0f":
		a.amp = true
	}
}

func (a *attributes) valueIs(word string) bool {
	return a.textLen == len(word) && string(a.text[:a.textLen]) == word
}

// htmlReason says why the attributes of <html> forbid an insertion, if they do.
func (a *attributes) htmlReason() Reason {
	switch {
	case a.optOut:
		return ReasonOptedOutByPage
	case a.amp:
		return ReasonAMP
	}
	return ReasonNone
}

// declaresCharset reports whether the <meta> just read names the document's
// charset (HTML standard 13.2.3.2, the prescan).
func (a *attributes) declaresCharset() bool {
	return a.charset || a.equivType && a.contentNamesItsCharset
}

// declaresPolicy reports whether the <meta> just read sets a
// Content-Security-Policy for all that follows it.
func (a *attributes) declaresPolicy() bool {
	return a.equivPolicy
}
