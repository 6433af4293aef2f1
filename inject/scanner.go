package inject

import "bytes"

// Position says where in the document's head the insertion goes.
type Position uint8

const (
	// Head is right after the <head> start tag, or where the parser implies one.
	Head Position = iota
	// AfterCharset is after the <meta> that declares the charset, when only other
	// metadata stands before it; otherwise before the first element that is not
	// metadata.
	AfterCharset
)

// verdict is what the scanner knows after a piece of the document.
type verdict uint8

const (
	undecided verdict = iota // read on
	insertAt                 // the place is found
	refused                  // this document gets no insertion; scanner.reason says why
)

// maxHeld is the number of bytes that a scanner of single bytes holds back at
// most: "</" and four letters, or "<" and five.
const maxHeld = 6

// state is the scanner's place in the grammar, after the tokenizer states of the
// HTML standard (13.2.5) that can occur in a document's prologue.
type state uint8

const (
	stateData state = iota
	stateTagOpen
	stateEndTagOpen
	stateStartTagName
	stateEndTagName
	stateIgnoredTagName
	stateBeforeAttributeName
	stateAttributeName
	stateAfterAttributeName
	stateBeforeAttributeValue
	stateDoubleQuotedValue
	stateSingleQuotedValue
	stateUnquotedValue
	stateAfterQuotedValue
	stateSelfClosing
	stateMarkupDeclaration
	stateMarkupDash
	stateDoctypeWord
	stateBogusComment
	stateCommentStart
	stateCommentStartDash
	stateComment
	stateCommentDash
	stateCommentEnd
	stateCommentBang
	stateTitle
	stateTitleTagOpen
	stateTitleEndTag
)

// tag is a start or end tag that the scanner passes over.
type tag uint8

const (
	tagOther tag = iota
	tagHTML
	tagHead
	tagMeta
	tagTitle
)

// scanner finds the place of the insertion in a document's prologue: after the
// <head> tag, or before the first token that makes the parser imply one (HTML
// standard 13.2.6.4.1 to 13.2.6.4.4). It reads the document in pieces of any
// size, keeps no text but the name of the tag it is in, and stops at the place:
// its cost does not grow with the document.
//
// The zero value is ready to use.
type scanner struct {
	// position is where the insertion shall go.
	position Position
	// stopAtEscape refuses a document with an ESC in its prologue, which may be
	// ISO-2022-JP: there a byte that looks like "<" can be half of a letter.
	stopAtEscape bool

	// reason says why the document was refused.
	reason Reason

	state    state
	tag      tag
	inHead   bool // past <head>, looking for the charset
	document bool // a doctype, <html>, <head> or <body> was seen: no fragment
	isEndTag bool
	// held counts the bytes of an unfinished tag's name that must not be
	// forwarded yet, because the insertion may belong before them.
	held    int
	name    [5]byte // letters of a tag's name, lower case
	nameLen int

	attributes attributes
}

// scan reads the next piece of the document. With insertAt, place is the offset
// of the insertion in piece; it is negative when the insertion belongs that many
// bytes earlier, before bytes held back from earlier pieces. While undecided,
// the last held bytes of what was read must not be forwarded yet.
func (s *scanner) scan(piece []byte) (result verdict, place int) {
	for i := 0; i < len(piece); {
		c := piece[i]
		switch s.state {
		case stateData:
			if isSpace(c) {
				i++
				continue
			}
			if c == escape && s.stopAtEscape {
				return s.refuse(ReasonEscape)
			}
			if c != '<' {
				return s.before(i)
			}
			if n := s.usualToken(piece[i:]); n > 0 {
				i += n
				if s.state == stateData && s.tag == tagHead {
					if result := s.tagEnd(); result != undecided {
						return result, i
					}
				}
				continue
			}
			s.state, s.held, s.nameLen = stateTagOpen, 1, 0
			i++
		case stateTagOpen, stateEndTagOpen, stateStartTagName, stateEndTagName:
			start := i - s.held
			result, consumed := s.tagStart(c)
			if result != undecided {
				if result == insertAt {
					return insertAt, start
				}
				return result, 0
			}
			i += consumed
		case stateBogusComment, stateComment, stateDoubleQuotedValue, stateSingleQuotedValue, stateTitle:
			n, ok := s.skip(piece[i:])
			if !ok {
				return s.refuse(ReasonEscape)
			}
			i += n
		default:
			if c == escape && s.stopAtEscape {
				return s.refuse(ReasonEscape)
			}
			i += s.inside(piece[i:])
			if c == '>' && s.state == stateData {
				if result := s.tagEnd(); result != undecided {
					return result, i
				}
			}
		}
	}
	return undecided, 0
}

// usualToken reads the tokens that nearly all documents begin with at once, in
// their usual spelling, and returns their length; 0 for any other, which is read
// byte by byte. It is there for speed alone.
func (s *scanner) usualToken(text []byte) int {
	const doctype, upperDoctype, html, head = "<!doctype html>", "<!DOCTYPE html>", "<html", "<head>"
	switch {
	case len(text) < len(doctype):
		return 0
	case string(text[:len(doctype)]) == doctype || string(text[:len(doctype)]) == upperDoctype:
		s.document = true
		return len(doctype)
	case string(text[:len(head)]) == head && !s.inHead:
		s.document, s.tag = true, tagHead
		return len(head)
	case string(text[:len(html)]) == html && (isSpace(text[len(html)]) || text[len(html)] == '>'):
		s.document, s.tag = true, tagHTML
		s.attributes.startTag()
		s.state = stateBeforeAttributeName
		if n := usualLanguage(text[len(html):]); n > 0 && !s.stopAtEscape {
			return len(html) + n
		}
		return len(html)
	}
	return 0
}

// usualLanguage is the length of the lang attribute that most documents have, as it is
// mostly written, up to the tag's ">"; 0 for anything else.
func usualLanguage(text []byte) int {
	const attribute, longest = ` lang="`, len("zh-Hant-TW")
	if len(text) <= len(attribute)+longest || string(text[:len(attribute)]) != attribute {
		return 0
	}
	value := text[len(attribute):][:longest+1]
	if n := bytes.IndexByte(value, '"'); n >= 0 && text[len(attribute)+n+1] == '>' {
		return len(attribute) + n + 1
	}
	return 0
}

// before decides for a place before the token that starts at i.
func (s *scanner) before(i int) (verdict, int) {
	if !s.document {
		return s.refuse(ReasonFragment)
	}
	return insertAt, i
}

func (s *scanner) refuse(reason Reason) (verdict, int) {
	s.reason = reason
	return refused, 0
}

// release ends the holding back: the token is one that the insertion may follow.
func (s *scanner) release(next state) {
	s.state, s.held = next, 0
}

// tagStart reads a byte between "<" and the end of a tag's name. insertAt means
// before the "<".
func (s *scanner) tagStart(c byte) (result verdict, consumed int) {
	switch s.state {
	case stateTagOpen:
		switch {
		case isLetter(c):
			s.state, s.isEndTag = stateStartTagName, false
			return s.nameByte(c)
		case c == '/':
			s.state = stateEndTagOpen
			s.held++
			return undecided, 1
		case c == '!':
			s.release(stateMarkupDeclaration)
			return undecided, 1
		case c == '?':
			s.release(stateBogusComment)
			return undecided, 1
		}
		result, _ = s.before(0) // "<" is text
		return result, 0
	case stateEndTagOpen:
		switch {
		case isLetter(c):
			s.state, s.isEndTag = stateEndTagName, true
			return s.nameByte(c)
		case c == '>':
			s.release(stateData) // "</>" is nothing at all
			return undecided, 1
		}
		s.release(stateBogusComment)
		return undecided, 0
	}
	if isSpace(c) || c == '/' || c == '>' {
		if s.isEndTag {
			result = s.endTag()
		} else {
			result = s.startTag()
		}
		return result, 0
	}
	return s.nameByte(c)
}

// nameByte adds a byte to a tag's name, or decides when the name is longer than
// any that matters.
func (s *scanner) nameByte(c byte) (result verdict, consumed int) {
	limit := len(s.name)
	if s.isEndTag {
		limit = len("head")
	}
	if s.nameLen == limit {
		if s.isEndTag {
			s.tag = tagOther
			s.release(stateIgnoredTagName)
			return undecided, 0
		}
		result, _ = s.before(0)
		return result, 0
	}
	s.name[s.nameLen] = toLower(c)
	s.nameLen++
	s.held++
	return undecided, 1
}

// startTag judges a start tag by its whole name.
func (s *scanner) startTag() verdict {
	s.tag = tagOther
	switch string(s.name[:s.nameLen]) {
	case "html":
		s.document = true
		s.tag = tagHTML
	case "head":
		s.document = true
		if !s.inHead {
			s.tag = tagHead
		}
	case "body":
		s.document = true
		return insertAt
	case "meta", "link", "base", "title":
		if !s.document || s.position != AfterCharset {
			result, _ := s.before(0)
			return result
		}
		s.inHead = true
		switch s.name[0] {
		case 'm':
			s.tag = tagMeta
		case 't':
			s.tag = tagTitle
		}
	default:
		result, _ := s.before(0)
		return result
	}
	s.attributes.startTag()
	s.release(stateBeforeAttributeName)
	return undecided
}

// endTag judges an end tag by its whole name: four of them are not ignored.
func (s *scanner) endTag() verdict {
	switch string(s.name[:s.nameLen]) {
	case "head", "body", "html", "br":
		result, _ := s.before(0)
		return result
	}
	s.tag = tagOther
	s.release(stateBeforeAttributeName)
	return undecided
}

// tagEnd judges a tag, a comment or a doctype after its ">".
func (s *scanner) tagEnd() verdict {
	t := s.tag
	s.tag = tagOther
	switch t {
	case tagHTML:
		if reason := s.attributes.htmlReason(); reason != ReasonNone {
			s.reason = reason
			return refused
		}
	case tagHead:
		if s.position == Head {
			return insertAt
		}
		s.inHead = true
	case tagMeta:
		if s.attributes.declaresPolicy() {
			s.reason = ReasonPolicyInPage
			return refused
		}
		if s.attributes.declaresCharset() {
			return insertAt
		}
	case tagTitle:
		s.state = stateTitle
	}
	return undecided
}

const escape = 0x1B

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'
}

func isLetter(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z'
}

func toLower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
