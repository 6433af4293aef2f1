package splice

import (
	"encoding/binary"
	"math/bits"
)

const (
	gzipTrailerLength = 8 // CRC-32 and length of the text, low byte first
	zlibTrailerLength = 4 // Adler-32 of the text, high byte first
)

// stepTrailer corrects the trailer of a member whose end is known. Anything behind
// it is passed on.
func (w *Writer) stepTrailer(input []byte) int {
	if len(input) < w.trailer {
		return 0
	}
	r := &w.rewrite
	trailer := input[:w.trailer]
	switch w.trailer {
	case gzipTrailerLength:
		w.putGzipTrailerFor(trailer, uint32(r.at-r.point))
	case zlibTrailerLength:
		adler := adlerWithInsertion(binary.BigEndian.Uint32(trailer), r.before, r.with, r.at-r.point)
		w.out.put(uint64(bits.ReverseBytes32(adler)), 32)
	}
	w.phase = phaseUntouched
	return w.trailer
}

// putGzipTrailer corrects a trailer whose own length is all that is known of the text.
func (w *Writer) putGzipTrailer(trailer []byte) {
	w.putGzipTrailerFor(trailer, trailerLength(trailer)-uint32(w.rewrite.point))
}

// putGzipTrailerFor corrects a trailer, given the length of the text after the point
// modulo 2^32.
func (w *Writer) putGzipTrailerFor(trailer []byte, lengthAfter uint32) {
	r := &w.rewrite
	crc := crcWithInsertion(binary.LittleEndian.Uint32(trailer), r.before, r.with, lengthAfter)
	w.out.put(uint64(crc), 32)
	w.out.put(uint64(trailerLength(trailer)+uint32(r.shift)), 32)
}

// trailerLength is the length of the text that a gzip trailer holds, modulo 2^32.
func trailerLength(trailer []byte) uint32 {
	return binary.LittleEndian.Uint32(trailer[4:])
}
