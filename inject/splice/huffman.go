package splice

import "math/bits"

const (
	maxCodeLength = 15  // bits of the longest Huffman code
	quickBits     = 10  // bits that one look into a table decodes
	endOfBlock    = 256 // the symbol that ends a block
	maxLiterals   = 286 // symbols of the literal and length alphabet that have a meaning
	maxDistances  = 30  // symbols of the distance alphabet that have a meaning
)

// entry is what a decoder needs to know of a symbol. From the low end: 8 bits length
// of its code and its extra bits together, 5 bits length of its code, 3 bits of flags,
// 16 bits value: the literal byte, or the smallest match length or distance.
type entry uint32

const (
	entryLiteral entry = 1 << 13
	entryEnd     entry = 1 << 14
	entryInvalid entry = 1 << 15
)

// newEntry is a symbol without a code yet.
func newEntry(value, extraBits int) entry { return entry(value)<<16 | entry(extraBits) }

// withCode gives the symbol a code of a length.
func (e entry) withCode(length int) entry { return e + entry(length)<<8 + entry(length) }

// shift is the number of bits that the symbol takes.
func (e entry) shift() uint     { return uint(e & 0x3F) }
func (e entry) codeLength() int { return int(e >> 8 & 0x1F) }
func (e entry) extraBits() int  { return int(e.shift()) - e.codeLength() }
func (e entry) value() int      { return int(e >> 16) }

// valueIn is the value with the extra bits, which are at the low end of word behind
// the code.
func (e entry) valueIn(word uint64) int {
	return e.value() + int(word&(1<<e.shift()-1)>>(e>>8&0x1F))
}

// alphabet gives the entries of an alphabet's symbols, without a code length.
type alphabet [288]entry

// The alphabets of RFC 1951, section 3.2.5, and of the code lengths in 3.2.7.
var (
	literalAlphabet    = makeLiteralAlphabet()
	distanceAlphabet   = makeDistanceAlphabet()
	codeLengthAlphabet = makeCodeLengthAlphabet()
)

func makeLiteralAlphabet() *alphabet {
	var a alphabet
	for symbol := range endOfBlock {
		a[symbol] = newEntry(symbol, 0) | entryLiteral
	}
	a[endOfBlock] = entryEnd
	length := 3
	for symbol := endOfBlock + 1; symbol < 285; symbol++ {
		extra := max(0, (symbol-261)/4)
		a[symbol] = newEntry(length, extra)
		length += 1 << extra
	}
	a[285] = newEntry(258, 0)
	a[286], a[287] = entryInvalid, entryInvalid
	return &a
}

func makeDistanceAlphabet() *alphabet {
	var a alphabet
	for symbol := range a {
		a[symbol] = entryInvalid
	}
	distance := 1
	for symbol := range maxDistances {
		extra := max(0, symbol/2-1)
		a[symbol] = newEntry(distance, extra)
		distance += 1 << extra
	}
	return &a
}

func makeCodeLengthAlphabet() *alphabet {
	var a alphabet
	for symbol := range a {
		a[symbol] = newEntry(symbol, 0)
	}
	return &a
}

// lengthSymbol is the symbol for a match length from 3 to 258.
func lengthSymbol(length int) int {
	if length == 258 {
		return 285
	}
	return rangeSymbol(length-3, 4) + endOfBlock + 1
}

// distanceSymbol is the symbol for a distance from 1 to 32768.
func distanceSymbol(distance int) int {
	return rangeSymbol(distance-1, 2)
}

// rangeSymbol finds the symbol of an offset where each power of two is divided
// into steps symbols.
func rangeSymbol(offset, steps int) int {
	extra := max(0, bits.Len(uint(offset))-bits.Len(uint(steps)))
	return extra*steps + offset>>extra
}

// huffman is a code in both directions: to decode with, and to encode with.
type huffman struct {
	quick   [1 << quickBits]entry // by the next bits; 0 where the code is longer
	count   [maxCodeLength + 1]uint16
	symbols [288]uint16 // by length of code, then by symbol
	codes   [288]uint16 // by symbol, the first bit lowest
	lengths [288]uint8  // by symbol; 0: the symbol has no code
	entries *alphabet
}

// build makes the code that the lengths of its symbols' codes define (RFC 1951,
// section 3.2.2). It reports false for lengths that zlib refuses too: too many
// codes of a length, or unused codes. Only a single code of one bit may have an
// unused sibling, and a code may be empty.
func (h *huffman) build(lengths []uint8, entries *alphabet) bool {
	h.entries = entries
	clear(h.quick[:])
	clear(h.count[:])
	clear(h.lengths[:])
	for _, length := range lengths {
		h.count[length]++
	}
	h.count[0] = 0
	var next, offset [maxCodeLength + 2]uint16
	code, left := uint16(0), 1
	for length := 1; length <= maxCodeLength; length++ {
		n := h.count[length]
		if left = left*2 - int(n); left < 0 {
			return false
		}
		next[length] = code
		code = (code + n) << 1
		offset[length+1] = offset[length] + n
	}
	used := offset[maxCodeLength+1]
	if left > 0 && (used > 1 || used == 1 && h.count[1] == 0) {
		return false
	}
	for symbol, length := range lengths {
		if length == 0 {
			continue
		}
		h.symbols[offset[length]] = uint16(symbol)
		offset[length]++
		code := bits.Reverse16(next[length]) >> (16 - length)
		next[length]++
		h.codes[symbol], h.lengths[symbol] = code, length
		if length > quickBits {
			continue
		}
		e := entries[symbol].withCode(int(length))
		for i := int(code); i < len(h.quick); i += 1 << length {
			h.quick[i] = e
		}
	}
	return true
}

// lookup finds the entry of the code at the low end of word, or an invalid one.
func (h *huffman) lookup(word uint64) entry {
	if e := h.quick[word%(1<<quickBits)]; e != 0 {
		return e
	}
	return h.lookupLong(word)
}

// lookupLong finds a code bit by bit: the codes of one length are consecutive
// numbers.
func (h *huffman) lookupLong(word uint64) entry {
	code, first, index := 0, 0, 0
	for length := 1; length <= maxCodeLength; length++ {
		code |= int(word & 1)
		word >>= 1
		n := int(h.count[length])
		if code < first+n {
			return h.entries[h.symbols[index+code-first]].withCode(length)
		}
		index += n
		first = (first + n) << 1
		code <<= 1
	}
	return entryInvalid
}

// put writes a symbol's code; the symbol must have one.
func (h *huffman) put(w *bitWriter, symbol int) {
	w.put(uint64(h.codes[symbol]), int(h.lengths[symbol]))
}

// cost is the number of bits that text takes as literals. It reports false when
// one of its bytes has no code.
func (h *huffman) cost(text []byte) (bits int, ok bool) {
	for _, c := range text {
		n := int(h.lengths[c])
		if n == 0 {
			return 0, false
		}
		bits += n
	}
	return bits, true
}

// putLiterals writes text whose bytes all have codes.
func putLiterals(w *bitWriter, literals *huffman, text []byte) {
	for _, c := range text {
		literals.put(w, int(c))
	}
}

// putMatch writes a match whose length and distance have codes.
func putMatch(w *bitWriter, literals, distances *huffman, length, distance int) {
	putValue(w, literals, lengthSymbol(length), length)
	putValue(w, distances, distanceSymbol(distance), distance)
}

// putValue writes a symbol and the extra bits that make up its value.
func putValue(w *bitWriter, code *huffman, symbol, value int) {
	e := code.entries[symbol]
	code.put(w, symbol)
	w.put(uint64(value-e.value()), e.extraBits())
}
