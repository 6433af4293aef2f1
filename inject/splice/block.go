package splice

import "encoding/binary"

// maxHeaderBits is the length of the longest block header: 17 bits of counts,
// 19 code lengths of 3 bits, and 316 code lengths of at most 7+7 bits.
const maxHeaderBits = 17 + 19*3 + (maxLiterals+maxDistances)*14

// maxStored is the most bytes that one stored block holds.
const maxStored = 0xFFFF

// progress is what a step of decoding came to.
type progress uint8

const (
	done    progress = iota
	starved          // more input is needed
	damaged          // this is no DEFLATE data
)

type blockKind uint8

const (
	noBlock blockKind = iota // between two blocks
	storedBlock
	huffmanBlock
)

// block is the DEFLATE block that is being read (RFC 1951, section 3.2.3).
type block struct {
	kind      blockKind
	final     bool
	remaining int // bytes left of a stored block

	literals, distances *huffman // of a Huffman block: the fixed codes, or own
	own                 struct{ literals, distances huffman }

	header     [(maxHeaderBits + 7) / 8]byte // of a Huffman block, to open it again
	headerBits int
}

// fixed has the codes of RFC 1951, section 3.2.6.
var fixed = makeFixedCodes()

type fixedCodes struct{ literals, distances huffman }

func makeFixedCodes() *fixedCodes {
	var lengths [288]uint8
	for symbol := range lengths {
		switch {
		case symbol < 144:
			lengths[symbol] = 8
		case symbol < 256:
			lengths[symbol] = 9
		case symbol < 280:
			lengths[symbol] = 7
		default:
			lengths[symbol] = 8
		}
	}
	codes := new(fixedCodes)
	codes.literals.build(lengths[:], literalAlphabet)
	for symbol := range 32 {
		lengths[symbol] = 5
	}
	codes.distances.build(lengths[:32], distanceAlphabet)
	return codes
}

// open reads a block's header. When starved the reader has to be reset before
// the next try.
func (b *block) open(r *bitReader) progress {
	start := r.position()
	final := r.take(1) == 1
	switch r.take(2) {
	case 0:
		r.align()
		length, complement := r.take(16), r.take(16)
		if r.starved {
			return starved
		}
		if length != ^complement&0xFFFF {
			return damaged
		}
		b.kind, b.remaining = storedBlock, int(length)
	case 1:
		b.kind, b.literals, b.distances = huffmanBlock, &fixed.literals, &fixed.distances
	case 2:
		if p := b.readCodes(r); p != done {
			return p
		}
		b.kind, b.literals, b.distances = huffmanBlock, &b.own.literals, &b.own.distances
	default:
		return damaged
	}
	if r.starved {
		return starved
	}
	b.final = final
	if b.kind == huffmanBlock {
		b.keepHeader(r.input, start, r.position())
	}
	return done
}

// codeLengthOrder is the order of the code lengths for code lengths (RFC 1951,
// section 3.2.7).
var codeLengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block with dynamic Huffman codes.
func (b *block) readCodes(r *bitReader) progress {
	literals, distances, codeLengths := int(r.take(5))+257, int(r.take(5))+1, int(r.take(4))+4
	var meta [19]uint8
	for _, symbol := range codeLengthOrder[:codeLengths] {
		meta[symbol] = uint8(r.take(3))
	}
	if r.starved {
		return starved
	}
	if literals > maxLiterals || distances > maxDistances {
		return damaged
	}
	// The code for code lengths is done with before the distances' is built.
	code := &b.own.distances
	if !code.build(meta[:], codeLengthAlphabet) {
		return damaged
	}
	var lengths [maxLiterals + maxDistances]uint8
	all := lengths[:literals+distances]
	for i := 0; i < len(all); {
		r.refill()
		e := code.lookup(r.bits)
		if e.codeLength() > r.count || e&entryInvalid != 0 && r.count < 7 {
			return starved
		}
		if e&entryInvalid != 0 {
			return damaged
		}
		r.take(e.codeLength())
		n, length := 1, uint8(e.value())
		switch length {
		case 16:
			if i == 0 {
				return damaged
			}
			n, length = 3+int(r.take(2)), all[i-1]
		case 17:
			n, length = 3+int(r.take(3)), 0
		case 18:
			n, length = 11+int(r.take(7)), 0
		}
		if r.starved {
			return starved
		}
		if i+n > len(all) {
			return damaged
		}
		for ; n > 0; n-- {
			all[i] = length
			i++
		}
	}
	if all[endOfBlock] == 0 ||
		!b.own.literals.build(all[:literals], literalAlphabet) ||
		!b.own.distances.build(all[literals:], distanceAlphabet) {
		return damaged
	}
	return done
}

// keepHeader remembers the header's bits, the first one lowest.
func (b *block) keepHeader(input []byte, from, to int) {
	b.headerBits = to - from
	shift := from & 7
	for i := 0; i < b.headerBits; i += 8 {
		at := (from + i) >> 3
		c := input[at] >> shift
		if shift > 0 && at+1 < len(input) {
			c |= input[at+1] << (8 - shift)
		}
		b.header[i>>3] = c
	}
}

// reopen writes the header of this block again.
func (b *block) reopen(w *bitWriter, final bool) {
	bit := uint64(0)
	if final {
		bit = 1
	}
	w.put(bit, 1)
	w.putBits(b.header[:], 1, b.headerBits)
}

// maxSymbolBits is the length of the longest match: two codes with extra bits.
const maxSymbolBits = maxCodeLength + 5 + maxCodeLength + 13

// Results of next in place of a distance.
const (
	isLiteral = 0
	isEnd     = -1
	isStarved = -2
	isDamaged = -3
)

// next reads a symbol of a Huffman block: a match of n bytes at a positive
// distance, the literal n (isLiteral), or one of isEnd, isStarved and isDamaged,
// the last two without moving the reader.
func (b *block) next(r *bitReader) (n, distance int) {
	if r.count < maxSymbolBits {
		r.refill()
	}
	word, left := r.bits, r.count
	e := b.literals.quick[word%(1<<quickBits)]
	if e == 0 {
		e = b.literals.lookupLong(word)
	}
	if left -= int(e.shift()); e&entryLiteral != 0 && left >= 0 {
		r.bits, r.count = word>>e.shift(), left
		return e.value(), isLiteral
	}
	if e&(entryLiteral|entryEnd|entryInvalid) != 0 {
		switch {
		case e&entryInvalid != 0 && r.count >= maxCodeLength:
			return 0, isDamaged
		case e&entryInvalid != 0 || left < 0:
			return 0, isStarved
		}
		r.bits, r.count = word>>e.shift(), left
		return 0, isEnd
	}
	n = e.valueIn(word)
	word >>= e.shift()

	e = b.distances.quick[word%(1<<quickBits)]
	if e == 0 {
		e = b.distances.lookupLong(word)
	}
	if e&entryInvalid != 0 {
		if left < maxCodeLength {
			return 0, isStarved
		}
		return 0, isDamaged
	}
	distance = e.valueIn(word)
	if left -= int(e.shift()); left < 0 {
		return 0, isStarved
	}
	r.bits, r.count = word>>e.shift(), left
	return n, distance
}

// skip passes over symbols of a Huffman block of which only the length of their text
// matters, and returns the offset in the text behind them. It stops at the horizon,
// where input runs short, and before any symbol that next has to look at: the block's
// end, damage, and matches that reach back across the point. It is next in a loop, with
// the reader in registers: most of what splicing costs is spent here.
func (b *block) skip(r *bitReader, at, point, horizon int64) int64 {
	literals, distances := &b.literals.quick, &b.distances.quick
	input, next, word, count := r.input, r.next, r.bits, r.count
	for at < horizon && len(input)-next >= 8 {
		// At least 56 bits: more than the longest match has.
		word |= binary.LittleEndian.Uint64(input[next:]) << (count & 63)
		next += (63 - count) >> 3
		count |= 56
		e := literals[word%(1<<quickBits)]
		if e&entryLiteral != 0 {
			word, count, at = word>>e.shift(), count-int(e.shift()), at+1
			if e = literals[word%(1<<quickBits)]; e&entryLiteral != 0 {
				word, count, at = word>>e.shift(), count-int(e.shift()), at+1
			}
			continue
		}
		if e == 0 {
			e = b.literals.lookupLong(word)
			if e&entryLiteral != 0 {
				word, count, at = word>>e.shift(), count-int(e.shift()), at+1
				continue
			}
		}
		if e&(entryEnd|entryInvalid) != 0 {
			break
		}
		behind := word >> e.shift()
		d := distances[behind%(1<<quickBits)]
		if d == 0 {
			d = b.distances.lookupLong(behind)
		}
		if d&entryInvalid != 0 || at-int64(d.valueIn(behind)) < point {
			break
		}
		at += int64(e.valueIn(word))
		word, count = behind>>d.shift(), count-int(e.shift())-int(d.shift())
	}
	r.next, r.bits, r.count = next, word, count
	return at
}

// putStored writes the parts one after the other as stored blocks, at least one.
// The last block is the stream's last if final.
func putStored(w *bitWriter, final bool, parts ...[]byte) {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	for {
		size := min(length, maxStored)
		length -= size
		putStoredHeader(w, final && length == 0, size)
		for size > 0 {
			n := min(size, len(parts[0]))
			w.putBytes(parts[0][:n])
			size -= n
			if parts[0] = parts[0][n:]; len(parts[0]) == 0 {
				parts = parts[1:]
			}
		}
		if length == 0 {
			return
		}
	}
}

// putStoredHeader opens a stored block of length bytes.
func putStoredHeader(w *bitWriter, final bool, length int) {
	bit := uint64(0)
	if final {
		bit = 1
	}
	w.put(bit, 3)
	w.align()
	w.put(uint64(length)|uint64(^uint16(length))<<16, 32)
}

// putEmptyFixed writes a block without text, 10 bits long.
func putEmptyFixed(w *bitWriter, final bool) {
	header := uint64(0b010)
	if final {
		header = 0b011
	}
	w.put(header, 3)
	fixed.literals.put(w, endOfBlock)
}

// putEmptyDynamic writes a block without text, 91 bits long: an odd number.
// Its codes are the shortest that every decoder takes: one bit for the literal
// 255, one for the end, and a single distance code.
func putEmptyDynamic(w *bitWriter) {
	w.put(0b100, 3)
	w.put(0, 5)    // 257 literals
	w.put(0, 5)    // 1 distance
	w.put(18-4, 4) // 18 code lengths follow
	for _, symbol := range codeLengthOrder[:18] {
		length := uint64(0)
		if symbol == 18 || symbol == 1 {
			length = 1 // "1" is the code 0, "18" the code 1
		}
		w.put(length, 3)
	}
	w.put(0b1|(138-11)<<1, 8) // 138 zeros
	w.put(0b1|(117-11)<<1, 8) // 117 zeros
	w.put(0b000, 3)           // one bit each for 255, the end and distance 1
	w.put(0b1, 1)             // the end
}

// shiftTo writes blocks without text until the writer is at the given place
// within a byte.
func shiftTo(w *bitWriter, phase int) {
	if (phase-w.count)&1 == 1 {
		putEmptyDynamic(w)
	}
	for w.count != phase&7 {
		putEmptyFixed(w, false)
	}
}
