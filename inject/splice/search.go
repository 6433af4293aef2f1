package splice

import "hash/crc32"

const (
	// maxDistance is how far back a match can reach.
	maxDistance = 32 << 10
	// maxMatch is the length of the longest match.
	maxMatch = 258
	// searchPiece is how much text is decoded before the Finder sees it.
	searchPiece = 1 << 10

	// keptText is how much decoded text stays available: what matches reach from
	// any possible point.
	keptText = maxDistance + MaxLookback + searchPiece + maxMatch
	// textRoom is what has to be free behind it for the next piece, and for text that
	// is decoded behind the point.
	textRoom = searchPiece + maxMatch + textBehind
	textSize = keptText + 3*searchPiece + textRoom
)

// search is the state of looking for the point.
type search struct {
	cursor int // bit of the input that is decoded next
	blocks int // how many have been opened

	// The start of the block that is held back because the point may be in it.
	hold     int   // bit of the input
	holdText int64 // offset in the text

	// The latest start of a block, where hold goes once the Finder is past it.
	boundary     int
	boundaryText int64

	textStart int64 // offset in the whole text of the first byte in text
	textLen   int   // bytes in text
	seen      int   // bytes in text that the Finder has seen
	settled   int64 // the point is not before this offset

	checksum uint32 // of the text before textStart
}

// textEnd is the offset in the whole text of the next byte to decode.
func (s *search) textEnd() int64 { return s.textStart + int64(s.textLen) }

// stepSearch decodes text and shows it to the Finder. Whole blocks that the Finder
// is done with go on as they came. Where it gives up does not depend on how the
// input was divided.
func (w *Writer) stepSearch(input []byte) int {
	s := &w.search
	var reader bitReader
	reader.reset(input, s.cursor)
	for {
		result := w.decodePiece(&reader)
		s.cursor = reader.position()
		verdict, at := w.ask()
		switch {
		case verdict == Found:
			return w.found(input, at)
		case verdict == Absent:
			w.leave(Nothing)
		case result == damaged:
			w.leave(Damaged)
		case s.textEnd() >= MaxSearch || s.cursor-s.hold >= MaxHeld*8 || s.blocks > maxSearchedBlocks:
			w.leave(TooLong)
		case result == starved:
			return w.passSearched(input)
		case w.bench.block.kind == noBlock && w.bench.block.final:
			w.leave(Nothing)
		case w.bench.block.kind == noBlock:
			w.moveHold()
		}
		if w.phase == phaseUntouched {
			return 0
		}
	}
}

// decodePiece decodes up to a block's end, or a piece of text.
func (w *Writer) decodePiece(r *bitReader) progress {
	s, b := &w.search, &w.bench.block
	if b.kind == noBlock {
		start := r.position()
		if p := b.open(r); p != done {
			r.reset(r.input, start)
			return p
		}
		s.blocks++
	}
	if s.textLen > textSize-textRoom {
		w.slideText()
	}
	limit := s.textLen + min(searchPiece, int(MaxSearch-s.textEnd()))
	lastBit := s.hold + MaxHeld*8
	if b.kind == storedBlock {
		r.align()
		from := r.position() >> 3
		n := min(b.remaining, limit-s.textLen, len(r.input)-from, max(0, (lastBit+7)>>3-from))
		s.textLen += copy(w.bench.text[s.textLen:], r.input[from:from+n])
		r.reset(r.input, (from+n)*8)
		b.remaining -= n
		if b.remaining == 0 {
			b.kind = noBlock
			return done
		}
		if from+n == len(r.input) {
			return starved
		}
		return done
	}
	for s.textLen < limit && r.position() < lastBit {
		n, distance := b.next(r)
		switch {
		case distance > int(s.textEnd()):
			return damaged
		case distance > 0:
			w.copyMatch(n, distance)
		case distance == isLiteral:
			w.bench.text[s.textLen] = byte(n)
			s.textLen++
		case distance == isEnd:
			b.kind = noBlock
			return done
		case distance == isStarved:
			return starved
		default:
			return damaged
		}
	}
	return done
}

// copyMatch appends a match to the text.
func (w *Writer) copyMatch(n, distance int) {
	s := &w.search
	for end := s.textLen + n; s.textLen < end; {
		// A match may overlap the text that it makes: copy what is there, again.
		from := w.bench.text[s.textLen-distance : s.textLen]
		s.textLen += copy(w.bench.text[s.textLen:end], from)
	}
}

// slideText makes room for more text.
func (w *Writer) slideText() {
	s := &w.search
	drop := s.textLen - keptText
	s.checksum = w.updateChecksum(s.checksum, w.bench.text[:drop])
	copy(w.bench.text[:], w.bench.text[drop:s.textLen])
	s.textLen -= drop
	s.seen -= drop
	s.textStart += int64(drop)
}

// ask shows new text to the Finder. An answer outside of what a Finder may say is
// taken for Absent.
func (w *Writer) ask() (verdict Verdict, at int64) {
	s := &w.search
	if s.seen == s.textLen {
		return Undecided, 0
	}
	verdict, at = w.find.Find(w.bench.text[s.seen:s.textLen])
	s.seen = s.textLen
	switch {
	case verdict == Absent:
		return Absent, 0
	case at < s.settled || at > s.textEnd() || at < s.textEnd()-MaxLookback-searchPiece-maxMatch:
		return Absent, 0
	case verdict == Undecided:
		s.settled = at
	}
	return verdict, at
}

// moveHold is called at the end of a block. It lets blocks go that the point cannot
// be in anymore. That happens at ends of blocks only, so that where the search
// gives up depends on the body alone.
func (w *Writer) moveHold() {
	s := &w.search
	if s.settled >= s.boundaryText {
		s.hold, s.holdText = s.boundary, s.boundaryText
	}
	s.boundary, s.boundaryText = s.cursor, s.textEnd()
	if s.settled >= s.boundaryText {
		s.hold, s.holdText = s.boundary, s.boundaryText
	}
}

// passSearched lets the blocks before hold go on as they came.
func (w *Writer) passSearched(input []byte) int {
	s := &w.search
	n := s.hold >> 3
	w.out.putBytes(input[:n])
	s.cursor -= n * 8
	s.hold -= n * 8
	s.boundary -= n * 8
	return n
}

// updateChecksum continues the kind of checksum that the trailer has.
func (w *Writer) updateChecksum(checksum uint32, p []byte) uint32 {
	switch w.trailer {
	case gzipTrailerLength:
		return crc32.Update(checksum, crc32.IEEETable, p)
	case zlibTrailerLength:
		return adlerUpdate(checksum, p)
	}
	return 0
}
