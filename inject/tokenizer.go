package inject

import "bytes"

// Inside tags, comments and doctypes the scanner follows the standard's tokenizer,
// state by state; nothing there can be the place of the insertion.

// skip passes over the text of a comment, a quoted value or a title up to the
// byte that may end it. It reports false at an escape that must not be passed.
func (s *scanner) skip(text []byte) (n int, ok bool) {
	var until byte
	next := stateData
	switch s.state {
	case stateBogusComment:
		until = '>'
	case stateComment:
		until, next = '-', stateCommentDash
	case stateDoubleQuotedValue:
		until, next = '"', stateAfterQuotedValue
	case stateSingleQuotedValue:
		until, next = '\'', stateAfterQuotedValue
	case stateTitle:
		until, next = '<', stateTitleTagOpen
	}
	end := bytes.IndexByte(text, until)
	passed := text
	n = len(text)
	if end >= 0 {
		passed = text[:end]
		n = end + 1
	}
	if s.stopAtEscape && bytes.IndexByte(passed, escape) >= 0 {
		return 0, false
	}
	if s.state == stateDoubleQuotedValue || s.state == stateSingleQuotedValue {
		s.attributes.value(passed)
	}
	if end >= 0 {
		s.state = next
	}
	return n, true
}

// inside reads a byte inside a tag, a doctype or at a comment's edges, and of an
// attribute's name all there is. A byte that the next state must read again is not
// consumed.
func (s *scanner) inside(text []byte) (consumed int) {
	switch {
	case s.state >= stateMarkupDeclaration:
		return s.insideMarkup(text[0])
	case s.state == stateAttributeName:
		return s.insideAttributeName(text)
	}
	return s.insideTag(text[0])
}

// insideAttributeName follows 13.2.5.33.
func (s *scanner) insideAttributeName(text []byte) (consumed int) {
	for i, c := range text {
		switch {
		case isSpace(c) || c == '/' || c == '>':
			s.state = stateAfterAttributeName
			return i
		case c == '=':
			s.state = stateBeforeAttributeValue
			s.attributes.startValue()
			return i + 1
		case c == escape && i > 0:
			return i // scan judges it
		}
		s.attributes.nameByte(c)
	}
	return len(text)
}

// insideTag follows the other attribute states: 13.2.5.32 to 13.2.5.40.
func (s *scanner) insideTag(c byte) (consumed int) {
	switch s.state {
	case stateIgnoredTagName:
		if isSpace(c) || c == '/' || c == '>' {
			s.attributes.startTag()
			s.state = stateBeforeAttributeName
			return 0
		}
	case stateBeforeAttributeName, stateAfterAttributeName, stateAfterQuotedValue, stateSelfClosing:
		switch {
		case isSpace(c):
			if s.state != stateAfterAttributeName {
				s.state = stateBeforeAttributeName
			}
		case c == '/':
			s.attributes.endAttribute()
			s.state = stateSelfClosing
		case c == '>':
			s.attributes.endAttribute()
			s.state = stateData
		case c == '=' && s.state == stateAfterAttributeName:
			s.state = stateBeforeAttributeValue
			s.attributes.startValue()
		default: // also "=" and quotes: they begin a name
			s.attributes.endAttribute()
			s.attributes.startName(c)
			s.state = stateAttributeName
		}
	case stateBeforeAttributeValue:
		switch {
		case isSpace(c):
		case c == '"':
			s.state = stateDoubleQuotedValue
		case c == '\'':
			s.state = stateSingleQuotedValue
		case c == '>':
			s.attributes.endAttribute()
			s.state = stateData
		default:
			s.state = stateUnquotedValue
			return 0
		}
	case stateUnquotedValue:
		switch {
		case isSpace(c):
			s.attributes.endAttribute()
			s.state = stateBeforeAttributeName
		case c == '>':
			s.attributes.endAttribute()
			s.state = stateData
		default:
			s.attributes.valueByte(c)
		}
	}
	return 1
}

// insideMarkup follows the comment states (13.2.5.41 to 13.2.5.52), the word
// DOCTYPE, and the end of a title.
func (s *scanner) insideMarkup(c byte) (consumed int) {
	switch s.state {
	case stateMarkupDeclaration:
		switch toLower(c) {
		case '-':
			s.state = stateMarkupDash
			return 1
		case 'd':
			s.state, s.nameLen = stateDoctypeWord, 1
			return 1
		}
		s.state = stateBogusComment
		return 0
	case stateDoctypeWord:
		const word = "doctype"
		if toLower(c) != word[s.nameLen] {
			s.state = stateBogusComment
			return 0
		}
		s.nameLen++
		if s.nameLen == len(word) {
			s.document = true
			s.state = stateBogusComment // a doctype too ends at the first ">"
		}
	case stateMarkupDash:
		if c != '-' {
			s.state = stateBogusComment
			return 0
		}
		s.state = stateCommentStart
	case stateCommentStart:
		return s.commentEdge(c, stateCommentStartDash)
	case stateCommentStartDash:
		return s.commentEdge(c, stateCommentEnd)
	case stateCommentBang:
		return s.commentEdge(c, stateCommentDash)
	case stateCommentDash:
		s.state = stateComment
		if c == '-' {
			s.state = stateCommentEnd
		}
	case stateCommentEnd:
		if c == '!' {
			s.state = stateCommentBang
			return 1
		}
		return s.commentEdge(c, stateCommentEnd)
	default:
		return s.insideTitle(c)
	}
	return 1
}

// commentEdge reads a byte where ">" ends a comment.
func (s *scanner) commentEdge(c byte, afterDash state) (consumed int) {
	switch c {
	case '>':
		s.state = stateData
		return 1
	case '-':
		s.state = afterDash
		return 1
	}
	s.state = stateComment
	return 0
}

// insideTitle looks for "</title" followed by a space, a slash or ">"
// (13.2.5.9 to 13.2.5.11).
func (s *scanner) insideTitle(c byte) (consumed int) {
	const word = "title"
	switch {
	case s.state == stateTitleTagOpen:
		if c == '/' {
			s.state, s.nameLen = stateTitleEndTag, 0
			return 1
		}
		s.state = stateTitle
		return 0
	case s.nameLen < len(word) && toLower(c) == word[s.nameLen]:
		s.nameLen++
		return 1
	case s.nameLen == len(word) && (isSpace(c) || c == '/' || c == '>'):
		s.attributes.startTag()
		s.state = stateBeforeAttributeName
		return 0
	}
	s.state = stateTitle
	return 0
}
