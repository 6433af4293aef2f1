package splice

import (
	"encoding/binary"
	"io"
)

// bitReader reads bits from the low end of each byte upwards, as DEFLATE packs
// them (RFC 1951, section 3.1.1).
type bitReader struct {
	input   []byte
	next    int    // index of the next byte to load
	bits    uint64 // loaded bits, the next one lowest
	count   int    // how many of them are valid
	starved bool   // take wanted bits that are not there yet
}

// reset starts reading input at a bit position.
func (r *bitReader) reset(input []byte, position int) {
	*r = bitReader{input: input, next: position >> 3}
	if used := position & 7; used > 0 {
		r.bits = uint64(input[r.next]) >> used
		r.count = 8 - used
		r.next++
	}
}

// position is the bit that is read next, counted from the input's start.
func (r *bitReader) position() int {
	return r.next*8 - r.count
}

// refill loads at least 56 bits, or all that is left.
func (r *bitReader) refill() {
	if len(r.input)-r.next >= 8 {
		r.bits |= binary.LittleEndian.Uint64(r.input[r.next:]) << (r.count & 63)
		r.next += (63 - r.count) >> 3
		r.count |= 56
		return
	}
	for r.count <= 55 && r.next < len(r.input) {
		r.bits |= uint64(r.input[r.next]) << (r.count & 63)
		r.next++
		r.count += 8
	}
}

// take reads n bits, at most 32. Where they are missing it returns 0 and sets
// starved, which the caller checks once at the end.
func (r *bitReader) take(n int) uint32 {
	if r.count < n {
		r.refill()
		if r.count < n {
			r.starved = true
			return 0
		}
	}
	value := uint32(r.bits & (1<<n - 1))
	r.bits >>= n
	r.count -= n
	return value
}

// align skips to the next whole byte.
func (r *bitReader) align() {
	skip := r.count & 7
	r.bits >>= skip
	r.count -= skip
}

// bitWriter packs bits into a buffer and writes that to dst when it is full, or
// when flushed. The first error of dst ends all writing.
type bitWriter struct {
	dst    io.Writer
	err    error
	buffer []byte
	filled int    // bytes of buffer that wait for dst
	bits   uint64 // bits that are no whole byte yet
	count  int    // how many, 0 to 7
	total  int64  // whole bytes put so far
}

// put appends the low n bits of value, at most 56; the bits above are zero.
func (w *bitWriter) put(value uint64, n int) {
	if w.filled+8 > len(w.buffer) {
		w.flush()
	}
	w.bits |= value << (w.count & 63)
	w.count += n
	binary.LittleEndian.PutUint64(w.buffer[w.filled:], w.bits)
	whole := w.count >> 3
	w.filled += whole
	w.total += int64(whole)
	w.bits >>= whole * 8
	w.count &= 7
}

// putBits copies the bits [from, to) of source.
func (w *bitWriter) putBits(source []byte, from, to int) {
	if from >= to {
		return
	}
	if w.count == from&7 {
		w.putBitsInPhase(source, from, to)
		return
	}
	for ; to-from >= 56 && from>>3+8 <= len(source); from += 56 {
		word := binary.LittleEndian.Uint64(source[from>>3:]) >> (from & 7)
		// 57 bits of the word are good, whatever the shift.
		w.put(word&(1<<56-1), 56)
	}
	for from < to {
		n := min(8-from&7, to-from)
		w.put(uint64(source[from>>3])>>(from&7)&(1<<n-1), n)
		from += n
	}
}

// putBitsInPhase copies bits that keep their place within the byte.
func (w *bitWriter) putBitsInPhase(source []byte, from, to int) {
	if head := min(8-from&7, to-from); from&7 > 0 {
		w.put(uint64(source[from>>3])>>(from&7)&(1<<head-1), head)
		from += head
	}
	if from >= to {
		return
	}
	w.putBytes(source[from>>3 : to>>3])
	if tail := to & 7; tail > 0 {
		w.put(uint64(source[to>>3])&(1<<tail-1), tail)
	}
}

// putBytes appends whole bytes. The writer must be aligned.
func (w *bitWriter) putBytes(p []byte) {
	w.total += int64(len(p))
	if len(p) > len(w.buffer)-w.filled {
		w.flush()
		if len(p) > len(w.buffer) {
			w.write(p)
			return
		}
	}
	w.filled += copy(w.buffer[w.filled:], p)
}

// align fills the last byte with zero bits.
func (w *bitWriter) align() {
	w.put(0, -w.count&7)
}

// flush writes the whole bytes to dst.
func (w *bitWriter) flush() {
	w.write(w.buffer[:w.filled])
	w.filled = 0
}

func (w *bitWriter) write(p []byte) {
	if w.err != nil || len(p) == 0 {
		return
	}
	n, err := w.dst.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.err = err
}
