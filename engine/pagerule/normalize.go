package pagerule

import "strings"

// part is the part of an address that a text stands in.
type part uint8

const (
	inPath part = iota
	inQuery
	inFragment
)

const upperHex = "0123456789ABCDEF"

// normalize writes one part of an address so that what means the same page
// reads the same. A character is encoded or not encoded, never both: letters,
// digits and the punctuation that has no meaning of its own stand as they
// are, whatever else is percent-encoded with capital digits. The seven whose
// encoded form means something else ("/?#&=+%") stay as they were written. A
// "%" that encodes nothing is taken as "%25".
func normalize(text string, where part) string {
	if isNormal(text, where) {
		return text
	}
	var normal strings.Builder
	normal.Grow(len(text) + 16)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			c = unhex(text[i+1])<<4 | unhex(text[i+2])
			i += 2
			if standsPlain(c) {
				normal.WriteByte(c)
			} else {
				writeEncoded(&normal, c)
			}
		case standsPlain(c) || keepsMeaning(c, where):
			normal.WriteByte(c)
		default:
			writeEncoded(&normal, c)
		}
	}
	return normal.String()
}

// isNormal says that normalize would change nothing. Percent-encoded text
// takes the long way.
func isNormal(text string, where part) bool {
	for i := range len(text) {
		if !standsPlain(text[i]) && !keepsMeaning(text[i], where) {
			return false
		}
	}
	return true
}

// standsPlain says that a byte means the same encoded and not encoded, and is
// written plainly.
func standsPlain(c byte) bool {
	return isLetterOrDigit(c) || strings.IndexByte("-._~!$'()*,;:@", c) >= 0
}

// keepsMeaning says that a byte delimits something where it stands.
func keepsMeaning(c byte, where part) bool {
	switch c {
	case '/', '&', '=', '+':
		return true
	case '?':
		return where == inFragment
	default:
		return false
	}
}

func writeEncoded(b *strings.Builder, c byte) {
	b.WriteByte('%')
	b.WriteByte(upperHex[c>>4])
	b.WriteByte(upperHex[c&15])
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	default:
		return c - 'a' + 10
	}
}

// resolveDots removes the segments "." and ".." of a path, as browsers do
// before they show it.
func resolveDots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	segments := strings.Split(path, "/")[1:]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		case ".":
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}
