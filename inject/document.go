package inject

import "bytes"

// charsetWindow is the number of bytes at a document's beginning in which a
// <meta charset> counts (HTML standard 13.2.3.2).
const charsetWindow = 1024

// maxHeldBytes is maxHeld in the widest encoding, and half a character.
const maxHeldBytes = 2*maxHeld + 1

// document reads a response's body for the scanner: it takes off a byte order
// mark, reads UTF-16 character by character, and sees to it that the insertion
// leaves the declaration of the charset where browsers look for it.
type document struct {
	scanner  scanner
	encoding textEncoding
	// insertionLength is set for a document whose charset no header declares:
	// the bytes by which an insertion moves a <meta charset>.
	insertionLength int

	read     int // bytes
	mark     [3]byte
	markLen  int
	pastMark bool
	half     byte // first byte of an unfinished character of UTF-16
	hasHalf  bool
}

// held is the number of bytes read last that must not be forwarded yet.
func (d *document) held() int {
	if d.encoding == asciiCompatible {
		return d.scanner.held
	}
	held := 2 * d.scanner.held
	if d.hasHalf {
		held++
	}
	return held
}

// scan is scanner.scan, in bytes of the document.
func (d *document) scan(piece []byte) (result verdict, place int) {
	skipped := 0
	for !d.pastMark && skipped < len(piece) {
		if !d.readMark(piece[skipped]) {
			break
		}
		skipped++
	}
	if d.scanner.reason != ReasonNone {
		return refused, 0
	}
	rest := piece[skipped:]
	d.read += skipped
	if d.encoding == asciiCompatible {
		result, place = d.scanBytes(rest)
	} else {
		result, place = d.scanCharacters(rest)
	}
	d.read += len(rest)
	return result, place + skipped
}

// readMark reads the byte order mark, which decides over header and <meta>
// (Encoding standard, decode). It reports false for the first byte after it, or
// of a document without one. A document that begins like a mark and goes on
// otherwise begins with text.
func (d *document) readMark(c byte) (isMark bool) {
	d.mark[d.markLen] = c
	switch mark := string(d.mark[:d.markLen+1]); {
	case d.markLen == 0 && c != 0xEF && c != 0xFE && c != 0xFF:
		d.pastMark = true
		return false
	case mark == "\xEF\xBB\xBF":
		d.declare(asciiCompatible)
	case mark == "\xFF\xFE":
		d.declare(utf16LittleEndian)
	case mark == "\xFE\xFF":
		d.declare(utf16BigEndian)
	case mark == "\xEF" || mark == "\xEF\xBB" || mark == "\xFF" || mark == "\xFE":
	default:
		d.pastMark = true
		d.scanner.reason = ReasonFragment
		return false
	}
	d.markLen++
	return true
}

func (d *document) declare(encoding textEncoding) {
	d.pastMark = true
	d.encoding = encoding
	d.insertionLength = 0
	d.scanner.stopAtEscape = false
}

func (d *document) scanBytes(piece []byte) (result verdict, place int) {
	if d.insertionLength == 0 || d.scanner.position != Head {
		return d.scanner.scan(piece)
	}
	before := d.scanner
	result, place = d.scanner.scan(piece)
	if result == insertAt && place >= 0 && d.movesCharset(piece[place:], d.read+place) {
		d.scanner = before
		d.scanner.position = AfterCharset
		return d.scanner.scan(piece)
	}
	return result, place
}

// movesCharset reports whether an insertion before rest, which is at offset in
// the document, may push a declaration of the charset that it can see out of the
// window.
func (d *document) movesCharset(rest []byte, offset int) bool {
	const declaration = len(`charset="unicode-1-1-utf-8">`)
	from := max(charsetWindow-d.insertionLength-declaration-offset, 0)
	to := min(charsetWindow-offset, len(rest))
	for from < to {
		i := bytes.IndexAny(rest[from:to], "cC")
		if i < 0 {
			return false
		}
		from += i
		if len(rest)-from >= len("charset") && bytes.EqualFold(rest[from:from+len("charset")], []byte("charset")) {
			return true
		}
		from++
	}
	return false
}

// scanCharacters gives the scanner one byte for each 16 bits.
func (d *document) scanCharacters(piece []byte) (result verdict, place int) {
	for i, c := range piece {
		if !d.hasHalf {
			d.half, d.hasHalf = c, true
			continue
		}
		d.hasHalf = false
		high, low := d.half, c
		if d.encoding == utf16LittleEndian {
			high, low = c, d.half
		}
		if high != 0 || low >= 0x80 {
			low = 0x80 // any letter that the scanner has no use for
		}
		character := [1]byte{low}
		if result, place := d.scanner.scan(character[:]); result != undecided {
			return result, i - 1 + 2*place
		}
	}
	return undecided, 0
}

// encode appends ASCII text in the document's encoding.
func (d *document) encode(to, text []byte) []byte {
	switch d.encoding {
	case utf16LittleEndian:
		for _, c := range text {
			to = append(to, c, 0)
		}
	case utf16BigEndian:
		for _, c := range text {
			to = append(to, 0, c)
		}
	default:
		to = append(to, text...)
	}
	return to
}
