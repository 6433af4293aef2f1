package splice

import "bytes"

// A gzip stream's end is not marked: behind the horizon nothing is decoded, so
// nothing says where the final block ends. Mostly the trailer is simply the body's
// last 8 bytes, but a body can have several members (RFC 1952, section 2.2), and
// then it stands before the next member's header. Such a header is recognised by its
// fixed bytes, by a length before it that the text can have, and by symbols after it
// that decode. All of that together does not happen by chance.
//
// Two things stay unknown: whether a text is longer than 4 GiB, and where a trailer is
// that something else than a member stands behind. The checksum is wrong then. (Chromium
// does not check a gzip trailer.)

const (
	// maxEvidence is how many bytes of a possible member are looked at.
	maxEvidence = 4 << 10
	// enoughSymbols that decode are taken for a member.
	enoughSymbols = 32
	// maxExpansion is how many bytes of text one compressed byte can make: two bits
	// for each match of 258.
	maxExpansion = 1032
)

// memberStart is how every member begins: magic number and method.
var memberStart = []byte{0x1F, 0x8B, deflateMethod}

// followTail is held back at the end: a trailer that a member's first bytes follow.
const followTail = gzipTrailerLength + 2

// syncMarker ends what a compressor has flushed: an empty stored block's length.
var syncMarker = []byte{0x00, 0x00, 0xFF, 0xFF}

// stepFollow copies input but for what can be a trailer.
func (w *Writer) stepFollow(input []byte) int {
	for from := gzipTrailerLength; ; {
		i := indexMember(input, from)
		if i < 0 {
			break
		}
		trailer := i - gzipTrailerLength
		if w.isPlausible(input[trailer:i], trailer) {
			switch w.looksLikeMember(input[i:]) {
			case done:
				w.out.putBytes(input[:trailer])
				w.putGzipTrailer(input[trailer:i])
				w.phase = phaseUntouched
				return i
			case starved:
				w.out.putBytes(input[:trailer])
				return trailer
			}
		}
		from = i + 1
	}
	n := max(0, len(input)-followTail)
	w.out.putBytes(input[:n])
	return n
}

// indexMember finds memberStart. In compressed data it is faster to look for single
// bytes than for three.
func indexMember(input []byte, from int) int {
	for from < len(input) {
		i := bytes.IndexByte(input[from:], memberStart[0])
		if i < 0 {
			return -1
		}
		from += i
		if bytes.HasPrefix(input[from:], memberStart) {
			return from
		}
		from++
	}
	return -1
}

// isPlausible tells whether a trailer, so many bytes behind the input that is
// through, can end this text: the length in it must fit.
func (w *Writer) isPlausible(trailer []byte, behind int) bool {
	copied := w.consumed + int64(behind) - w.followed
	more := trailerLength(trailer) - uint32(w.rewrite.at)
	return int64(more) <= (copied+1)*maxExpansion
}

// looksLikeMember tells whether a member begins here.
func (w *Writer) looksLikeMember(p []byte) progress {
	result := w.readMember(p)
	if result == starved && len(p) > maxEvidence {
		return damaged
	}
	return result
}

func (w *Writer) readMember(p []byte) progress {
	var header gzipHeader
	n, result := header.read(p)
	if result != done {
		return result
	}
	var reader bitReader
	reader.reset(p[n:], 0)
	b := &w.bench.block // not in use anymore
	text := 0
	b.kind, b.final = noBlock, false
	for symbols := 0; symbols < enoughSymbols; symbols++ {
		if b.kind == noBlock {
			if b.final {
				return done
			}
			if result := b.open(&reader); result != done {
				return result
			}
			if b.kind == storedBlock {
				return done // its length, there twice, is evidence enough
			}
		}
		n, distance := b.next(&reader)
		switch {
		case distance > text:
			return damaged
		case distance > 0:
			text += n
		case distance == isLiteral:
			text++
		case distance == isEnd:
			b.kind = noBlock
		case distance == isStarved:
			return starved
		default:
			return damaged
		}
	}
	return done
}

// flushFollow lets go of what is held where a compressor's flush ends it: no trailer
// ends like that, but for a text of 4 GiB.
func (w *Writer) flushFollow() {
	if bytes.HasSuffix(w.held, syncMarker) {
		w.out.putBytes(w.held)
		w.consumed += int64(len(w.held))
		w.held = w.held[:0]
	}
}

// closeFollow ends the body, whose last bytes are the trailer.
func (w *Writer) closeFollow() {
	n := len(w.held) - gzipTrailerLength
	if n < 0 || !w.isPlausible(w.held[n:], n) {
		w.out.putBytes(w.held) // cut off
		return
	}
	w.out.putBytes(w.held[:n])
	w.putGzipTrailer(w.held[n:])
}
