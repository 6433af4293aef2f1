package wire

import "unicode/utf8"

// parsePoll reads the body of a poll as our client writes it: one object whose values are short texts, numbers and true or
// false, and one object for the page. It is for speed alone: whatever is written in another way, such as a text with an
// escape, it leaves to encoding/json, by returning false, and where it returns true it has read what that would have.
func parsePoll(text string, sent *pollBodySent) bool {
	p := pollParser{text: text}
	if !p.fields(sent, false) {
		return false
	}
	p.space()
	return p.at == len(p.text)
}

// pollParser reads a text from a place on. Its methods return false for what it does not read.
type pollParser struct {
	text string
	at   int
}

// fields reads the object that the body is, or the page in it.
func (p *pollParser) fields(sent *pollBodySent, ofPage bool) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	for {
		name, ok := p.string()
		if !ok || !p.take(':') {
			return false
		}
		if ofPage {
			ok = p.pageField(&sent.room, name)
		} else {
			ok = p.field(sent, name)
		}
		if !ok {
			return false
		}
		if !p.take(',') {
			return p.take('}')
		}
	}
}

// field reads one value of the body.
func (p *pollParser) field(sent *pollBodySent, name string) bool {
	switch name {
	case "page":
		if sent.Page != nil { // a second one changes the first
			return false
		}
		sent.Page = &sent.room
		return p.fields(sent, true)
	case "tab":
		return p.stringInto(&sent.Tab)
	case "view":
		return p.stringInto(&sent.View)
	case "generation":
		return p.stringInto(&sent.Generation)
	case "zone":
		return p.stringInto(&sent.Zone)
	case "userId":
		return p.stringInto(&sent.UserID)
	case "referrer":
		return p.stringInto(&sent.Referrer)
	case "consent":
		return p.stringInto(&sent.Consent)
	case "inbox":
		return p.stringInto(&sent.Inbox)
	case "stream":
		return p.stringInto(&sent.Stream)
	case "reset":
		return p.boolInto(&sent.Reset)
	case "show":
		return p.take('{') && p.take('}')
	case "fired":
		return p.take('[') && p.take(']')
	}
	return false
}

// pageField reads one value of the page.
func (p *pollParser) pageField(page *pageSent, name string) bool {
	switch name {
	case "url":
		return p.stringInto(&page.URL)
	case "name":
		return p.stringInto(&page.Name)
	case "number":
		return p.numberInto(&page.Number)
	}
	return false
}

func (p *pollParser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

func (p *pollParser) take(c byte) bool {
	p.space()
	if p.at == len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	return true
}

// string reads a text without escapes.
func (p *pollParser) string() (string, bool) {
	if !p.take('"') {
		return "", false
	}
	ascii := true
	for start := p.at; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			value := p.text[start:p.at]
			p.at++
			return value, ascii || utf8.ValidString(value)
		case c == '\\', c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}

func (p *pollParser) stringInto(into *string) (ok bool) {
	*into, ok = p.string()
	return ok
}

func (p *pollParser) boolInto(into *bool) bool {
	p.space()
	for _, word := range [...]string{"true", "false"} {
		if len(p.text)-p.at >= len(word) && p.text[p.at:p.at+len(word)] == word {
			p.at += len(word)
			*into = word == "true"
			return true
		}
	}
	return false
}

// numberInto reads a small whole number.
func (p *pollParser) numberInto(into *int) bool {
	const mostDigits = 9
	p.space()
	start, value := p.at, 0
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' && p.at-start <= mostDigits {
		value = value*10 + int(p.text[p.at]-'0')
		p.at++
	}
	if digits := p.at - start; digits == 0 || digits > mostDigits || digits > 1 && p.text[start] == '0' {
		return false
	}
	*into = value
	return true
}
