package splice

import "math"

// stepMeasure passes on what was compressed behind the horizon and adds up the
// length of its text. The byte that the cursor is in went out before.
func (w *Writer) stepMeasure(input []byte) int {
	r, b := &w.rewrite, &w.bench.block
	passed := (r.cursor + 7) >> 3
	var reader bitReader
	reader.reset(input, r.cursor)
	for {
		if b.kind == noBlock && b.final {
			reader.align()
			n := reader.position() >> 3
			w.out.putBytes(input[passed:n])
			w.phase = phaseTrailer
			return n
		}
		var result progress
		switch b.kind {
		case noBlock:
			start := reader.position()
			if result = b.open(&reader); result != done {
				reader.reset(input, start)
			}
		case storedBlock:
			result = w.measureStored(&reader)
		case huffmanBlock:
			result = w.measureSymbols(&reader)
		}
		r.cursor = reader.position()
		switch result {
		case starved:
			w.out.putBytes(input[passed : (r.cursor+7)>>3])
			n := r.cursor >> 3
			r.cursor &= 7
			return n
		case damaged:
			w.phase = phaseUntouched
			return passed
		}
	}
}

func (w *Writer) measureStored(reader *bitReader) progress {
	b := &w.bench.block
	from := reader.position() >> 3
	n := min(b.remaining, len(reader.input)-from)
	reader.reset(reader.input, (from+n)*8)
	w.rewrite.at += int64(n)
	if b.remaining -= n; b.remaining > 0 {
		return starved
	}
	b.kind = noBlock
	return done
}

func (w *Writer) measureSymbols(reader *bitReader) progress {
	b := &w.bench.block
	at := w.rewrite.at
	defer func() { w.rewrite.at = at }()
	for {
		at = b.skip(reader, at, math.MinInt64, math.MaxInt64)
		n, distance := b.next(reader)
		switch {
		case distance == isLiteral:
			at++
		case distance > 0:
			at += int64(n)
		case distance == isEnd:
			b.kind = noBlock
			return done
		case distance == isStarved:
			return starved
		default:
			return damaged
		}
	}
}
