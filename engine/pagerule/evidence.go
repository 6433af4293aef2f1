package pagerule

import (
	"regexp/syntax"
	"strings"
)

// evidence is what a page must hold for a rule to match it: all of it.
type evidence struct {
	whole    string // the path without trailing slash, or the name
	hasWhole bool
	host     string
	// pieces are parts of the name, or of the address with the trailing slashes
	// of its path and of its fragment.
	pieces []string
}

func (everyPage) evidence() []evidence { return []evidence{{}} }

func (n pageName) evidence() []evidence {
	if n.name.isLiteral() {
		return []evidence{{whole: n.name.pieces[0], hasWhole: true}}
	}
	return []evidence{{pieces: n.name.pieces}}
}

func (a *address) evidence() []evidence {
	var held evidence
	if a.path.isLiteral() {
		held.whole, held.hasWhole = a.path.pieces[0], true
		if a.exact {
			held.whole = strings.TrimSuffix(held.whole, "/")
		}
	}
	if !a.anyHost {
		held.pieces = append(held.pieces, a.host.pieces...)
		if a.host.isLiteral() {
			held.host = a.host.pieces[0]
		}
	}
	held.pieces = append(held.pieces, a.path.pieces...)
	if a.looked&withQuery != 0 {
		held.pieces = append(held.pieces, a.query.pieces...)
	}
	if a.looked&withFragment != 0 {
		held.pieces = append(held.pieces, a.fragment.pieces...)
	}
	return []evidence{held}
}

// evidence is one of two where the text may also be a host's.
func (t *pageText) evidence() []evidence {
	held := []evidence{{pieces: textPieces(t.text)}}
	if t.hostText != "" {
		held = append(held, evidence{pieces: textPieces(t.hostText)})
	}
	return held
}

func (e *expression) evidence() []evidence {
	return []evidence{{pieces: requiredPieces(e.tree)}}
}

// textPieces splits a text where the address may have another slash.
func textPieces(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '?' || r == '#' })
}

// requiredPieces returns texts that whatever the expression matches holds.
func requiredPieces(tree *syntax.Regexp) []string {
	switch tree.Op {
	case syntax.OpLiteral:
		if tree.Flags&syntax.FoldCase == 0 {
			return textPieces(string(tree.Rune))
		}
	case syntax.OpConcat:
		var pieces []string
		for _, sub := range tree.Sub {
			pieces = append(pieces, requiredPieces(sub)...)
		}
		return pieces
	case syntax.OpCapture, syntax.OpPlus:
		return requiredPieces(tree.Sub[0])
	case syntax.OpRepeat:
		if tree.Min > 0 {
			return requiredPieces(tree.Sub[0])
		}
	}
	return nil
}
