package pagerule

import "strings"

// glob is a text with wildcards: pieces of plain text with any text between
// them. One piece means no wildcard.
type glob struct {
	pieces []string
	// mergeSlashes lets the two slashes of "/*/" be one and the same.
	mergeSlashes bool
}

func (g glob) isLiteral() bool { return len(g.pieces) == 1 }

// isOpen says that the glob ends in a wildcard.
func (g glob) isOpen() bool {
	return len(g.pieces) > 1 && g.pieces[len(g.pieces)-1] == ""
}

// isEverything says that the glob is one wildcard alone.
func (g glob) isEverything() bool {
	return len(g.pieces) == 2 && g.pieces[0] == "" && g.pieces[1] == ""
}

// trimSlash removes a slash at the end of the glob.
func (g glob) trimSlash() {
	last := len(g.pieces) - 1
	g.pieces[last] = strings.TrimSuffix(g.pieces[last], "/")
}

// match says whether the glob matches the whole text. Each piece is sought
// once, at the first place after the one before it: finding a piece earlier
// never takes a match from those that follow, so nothing is tried twice.
func (g glob) match(text string) bool {
	first := g.pieces[0]
	if len(g.pieces) == 1 {
		return text == first
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	position, before := len(first), first
	last := len(g.pieces) - 1
	for _, piece := range g.pieces[1:last] {
		position -= g.shared(before, piece)
		found := strings.Index(text[position:], piece)
		if found < 0 {
			return false
		}
		position += found + len(piece)
		before = piece
	}
	position -= g.shared(before, g.pieces[last])
	return strings.HasSuffix(text[position:], g.pieces[last])
}

// shared is the number of characters that two neighbours may have in common.
func (g glob) shared(before, after string) int {
	if g.mergeSlashes && strings.HasSuffix(before, "/") && strings.HasPrefix(after, "/") {
		return 1
	}
	return 0
}
