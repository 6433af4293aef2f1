package splice

const (
	// textBehind is how much text behind the point is decoded once more, for matches
	// that reach across the point: where such a match goes on behind it, or overlaps
	// itself, it begins less than maxMatch behind the point.
	textBehind = 2 * maxMatch
	// maxJoined is how much text of the block before the point is written together
	// with the insertion, rather than to open the block a second time.
	maxJoined = 256
)

// rewrite is the state of copying symbols around the point.
type rewrite struct {
	cursor int   // bit of the input that is read next
	copied int   // bit of the input up to which the output has it
	at     int64 // offset in the text of the symbol at cursor

	point     int64 // offset in the text of the insertion
	horizon   int64 // from here on, no match reaches across the point
	insertion []byte
	shift     int // length of the insertion

	inserted bool
	joined   int64 // text from here on goes into the insertion's block; -1: none
	open     bool  // the Huffman block is open in the output too
	ended    bool  // the output's latest block is its final one

	// Checksums of the text before the point, without and with the insertion.
	before, with uint32
}

// found prepares to insert at a point.
func (w *Writer) found(input []byte, point int64) int {
	insertion := w.insertion()
	if len(insertion) == 0 {
		w.leave(Nothing)
		return 0
	}
	s := &w.search
	n := w.passSearched(input)
	if used := s.hold & 7; used > 0 {
		w.out.put(uint64(input[n])&(1<<used-1), used)
	}
	before := w.updateChecksum(s.checksum, w.bench.text[:point-s.textStart])
	w.rewrite = rewrite{
		cursor:    s.hold,
		at:        s.holdText,
		point:     point,
		horizon:   point + maxDistance,
		insertion: insertion,
		shift:     len(insertion),
		joined:    -1,
		before:    before,
		with:      w.updateChecksum(before, insertion),
	}
	w.phase = phaseRewrite
	if b := &w.bench.block; b.kind == huffmanBlock && s.boundary == s.hold {
		// The block that is held is the one just read: its codes are there.
		w.rewrite.cursor += b.headerBits
		w.beginBlock()
	} else {
		b.kind, b.final = noBlock, false
	}
	return n
}

// stepRewrite copies the symbols of the blocks around the point.
func (w *Writer) stepRewrite(input []byte) int {
	r, b := &w.rewrite, &w.bench.block
	var reader bitReader
	reader.reset(input, r.cursor)
	r.copied = r.cursor
	for {
		if b.kind == noBlock && b.final {
			return w.endRewrite(&reader)
		}
		if r.inserted && r.at >= r.horizon {
			return w.startCopying(input)
		}
		var result progress
		switch {
		case b.kind == noBlock:
			result = w.rewriteHeader(&reader)
		case b.kind == storedBlock && !r.inserted:
			w.storedBefore(&reader)
		case b.kind == storedBlock:
			result = w.storedBehind(&reader)
		case !r.inserted:
			result = w.symbolsBefore(&reader)
		default:
			result = w.symbolsBehind(&reader)
		}
		r.cursor = reader.position()
		switch result {
		case starved:
			n := r.cursor >> 3
			r.cursor &= 7
			return n
		case damaged:
			return w.spoil()
		}
	}
}

// rewriteHeader reads the next block's header.
func (w *Writer) rewriteHeader(reader *bitReader) progress {
	start := reader.position()
	if p := w.bench.block.open(reader); p != done {
		reader.reset(reader.input, start)
		return p
	}
	w.beginBlock()
	w.rewrite.copied = reader.position()
	return done
}

// beginBlock opens the block in the output too, unless its text up to the point joins
// the insertion. A Huffman block is not final in the output, as it may have to be
// divided again.
func (w *Writer) beginBlock() {
	r, b := &w.rewrite, &w.bench.block
	switch {
	case !r.inserted && r.joined < 0 && r.point-r.at <= maxJoined:
		r.joined = r.at
	case !r.inserted && r.joined >= 0:
	case b.kind == huffmanBlock:
		b.reopen(&w.out, false)
		r.open = true
	case r.inserted:
		putStoredHeader(&w.out, b.final, b.remaining)
		r.ended = b.final
	}
}

// storedBefore copies a stored block up to the point; all of that was decoded
// before, so it is there.
func (w *Writer) storedBefore(reader *bitReader) {
	r, b := &w.rewrite, &w.bench.block
	before := int(min(r.point-r.at, int64(b.remaining)))
	from := reader.position() >> 3
	reader.reset(reader.input, (from+before)*8)
	start := r.at
	r.at += int64(before)
	b.remaining -= before
	if r.at < r.point {
		if r.joined < 0 {
			putStored(&w.out, false, reader.input[from:from+before])
		}
	} else {
		w.insert(start, r.at)
		if b.remaining > 0 || b.final {
			putStoredHeader(&w.out, b.final, b.remaining)
			r.ended = b.final
		}
	}
	if b.remaining == 0 {
		b.kind = noBlock
	}
}

// storedBehind copies bytes of a stored block whose header is written.
func (w *Writer) storedBehind(reader *bitReader) progress {
	r, b := &w.rewrite, &w.bench.block
	from := reader.position() >> 3
	n := min(b.remaining, len(reader.input)-from)
	p := reader.input[from : from+n]
	w.out.putBytes(p)
	if r.at == w.search.textEnd() && r.at < r.point+maxMatch {
		w.search.textLen += copy(w.bench.text[w.search.textLen:], p[:min(n, maxMatch)])
	}
	reader.reset(reader.input, (from+n)*8)
	r.at += int64(n)
	if b.remaining -= n; b.remaining > 0 {
		return starved
	}
	b.kind = noBlock
	return done
}

// symbolsBefore copies symbols up to the point, and inserts.
func (w *Writer) symbolsBefore(reader *bitReader) progress {
	r, b := &w.rewrite, &w.bench.block
	start, from := reader.position(), r.at
	for r.at < r.point {
		start, from = reader.position(), r.at
		n, distance := b.next(reader)
		switch {
		case distance > 0:
			r.at += int64(n)
		case distance == isLiteral:
			r.at++
		case distance == isEnd:
			w.copySymbols(reader.input, reader.position())
			r.open = false
			b.kind = noBlock
			return done
		default: // decoding this far went well before
			return damaged
		}
	}
	if r.at == r.point {
		start, from = reader.position(), r.at
	}
	w.copySymbols(reader.input, start)
	w.closeBlock()
	w.insert(from, r.at)
	r.copied = reader.position()
	w.resume(r.copied)
	return done
}

// insert writes the insertion, the text from an offset before the point and the
// text up to an offset behind it as stored blocks.
func (w *Writer) insert(from, to int64) {
	r, start := &w.rewrite, w.search.textStart
	if r.joined >= 0 {
		from = r.joined
	}
	text := w.bench.text[:w.search.textLen]
	putStored(&w.out, false, text[from-start:r.point-start], r.insertion, text[r.point-start:to-start])
	r.inserted = true
	r.insertion = nil
	w.outcome = Inserted
}

// symbolsBehind copies symbols up to the horizon, and mends matches that reach
// across the point.
func (w *Writer) symbolsBehind(reader *bitReader) progress {
	r, b, s := &w.rewrite, &w.bench.block, &w.search
	for r.at < r.horizon {
		if r.at >= r.point+maxMatch {
			if r.at = b.skip(reader, r.at, r.point, r.horizon); r.at >= r.horizon {
				break
			}
		}
		start := reader.position()
		n, distance := b.next(reader)
		switch {
		case distance == isLiteral:
			if r.at == s.textEnd() && r.at < r.point+maxMatch {
				w.bench.text[s.textLen] = byte(n)
				s.textLen++
			}
			r.at++
		case distance > 0:
			if int64(distance) > r.at {
				w.copySymbols(reader.input, start)
				return damaged
			}
			if r.at == s.textEnd() && r.at < r.point+maxMatch {
				w.copyMatch(n, distance)
			}
			if r.at-int64(distance) < r.point {
				w.copySymbols(reader.input, start)
				w.mend(n, distance, reader.position())
				r.copied = reader.position()
			}
			r.at += int64(n)
		case distance == isEnd:
			w.copySymbols(reader.input, reader.position())
			r.open = false
			b.kind = noBlock
			return done
		case distance == isStarved:
			w.copySymbols(reader.input, start)
			return starved
		default:
			w.copySymbols(reader.input, start)
			return damaged
		}
	}
	w.copySymbols(reader.input, reader.position())
	return done
}

// copySymbols writes what is not copied yet of an open block, up to a bit.
func (w *Writer) copySymbols(input []byte, to int) {
	if w.rewrite.open {
		w.out.putBits(input, w.rewrite.copied, to)
	}
	w.rewrite.copied = to
}

// mend writes a match that reaches across the point.
func (w *Writer) mend(n, distance, position int) {
	r, b := &w.rewrite, &w.bench.block
	source := r.at - int64(distance)
	longer := distance + r.shift
	reachable := source+int64(n) <= r.point && longer <= w.window
	if reachable && b.literals.lengths[lengthSymbol(n)] > 0 && b.distances.lengths[distanceSymbol(longer)] > 0 {
		putMatch(&w.out, b.literals, b.distances, n, longer)
		return
	}

	if distance < n {
		source = r.at // a match that overlaps itself was decoded to its place
	}
	text := w.bench.text[source-w.search.textStart:][:n]
	const fixedMatch = 26 // bits at most
	detour, _ := fixed.literals.cost(text)
	if reachable {
		detour = fixedMatch
	}
	detour += int(b.literals.lengths[endOfBlock]) + 3 + 7 + b.headerBits
	if cost, ok := b.literals.cost(text); ok && cost <= detour {
		putLiterals(&w.out, b.literals, text)
		return
	}

	w.closeBlock()
	w.out.put(0b010, 3)
	if reachable {
		putMatch(&w.out, &fixed.literals, &fixed.distances, n, longer)
	} else {
		putLiterals(&w.out, &fixed.literals, text)
	}
	fixed.literals.put(&w.out, endOfBlock)
	w.resume(position)
}

// closeBlock ends the block in the output.
func (w *Writer) closeBlock() {
	if w.rewrite.open {
		w.bench.block.literals.put(&w.out, endOfBlock)
		w.rewrite.open = false
	}
}

// resume opens the block again for the symbols from a position of the input on,
// at the same place within a byte. A final block is opened once more at the horizon
// in any case.
func (w *Writer) resume(position int) {
	b := &w.bench.block
	if !b.final {
		shiftTo(&w.out, position-b.headerBits)
	}
	b.reopen(&w.out, false)
	w.rewrite.open = true
}

// endRewrite ends the member where its text ends before the horizon.
func (w *Writer) endRewrite(reader *bitReader) int {
	if !w.rewrite.ended {
		putEmptyFixed(&w.out, true)
	}
	w.out.align()
	reader.align()
	n := reader.position() >> 3
	w.phase = phaseTrailer
	w.fixGrowth(n)
	return n
}

// startCopying goes on to copy whole bytes. What is left of the byte at the cursor
// goes out as well, so that the writer is aligned.
func (w *Writer) startCopying(input []byte) int {
	r, b := &w.rewrite, &w.bench.block
	switch {
	case b.kind == noBlock:
		shiftTo(&w.out, r.cursor)
	case b.kind == huffmanBlock && (b.final || w.out.count != r.cursor&7):
		w.closeBlock()
		shiftTo(&w.out, r.cursor-b.headerBits)
		b.reopen(&w.out, b.final)
	}
	n := r.cursor >> 3
	if used := r.cursor & 7; used > 0 {
		w.out.put(uint64(input[n])>>used, 8-used)
		n++
	}
	w.fixGrowth(n)
	switch w.trailer {
	case gzipTrailerLength:
		w.phase = phaseFollow
		w.followed = w.consumed + int64(n)
	case zlibTrailerLength:
		w.phase = phaseMeasure
		n = r.cursor >> 3
		r.cursor &= 7
	default:
		w.phase = phaseUntouched
	}
	return n
}

// spoil is for data that turns out to be damaged behind the point. A block of the
// reserved type makes sure that the reader notices, in the same place of the text.
func (w *Writer) spoil() int {
	w.closeBlock()
	w.out.put(0b110, 3)
	w.out.align()
	n := w.rewrite.cursor >> 3
	w.phase = phaseUntouched
	w.fixGrowth(n)
	return n
}

// fixGrowth notes how much longer the output has become by the n-th byte of the
// input; from there on both are of the same length.
func (w *Writer) fixGrowth(n int) {
	w.growth = w.out.total - w.consumed - int64(n)
}
