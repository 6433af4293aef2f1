// Package splice inserts bytes into the text of a compressed body without
// decompressing the body or compressing it again. It knows DEFLATE (RFC 1951)
// and what it comes wrapped in: gzip (RFC 1952) and zlib (RFC 1950).
//
// A [Writer] works on a body in four steps:
//
//   - search: it decodes the text and shows it to a [Finder], which says where the
//     insertion goes. Until then every compressed byte goes on as it came.
//   - rewrite: it copies the symbols before that point, writes the insertion as
//     a stored block, opens the block it was in again with the same Huffman codes,
//     and copies the symbols after the point. A match that reaches back across
//     the insertion is given the longer distance, or written as literals. No match
//     reaches farther than 32 KiB, so this step ends 32 KiB behind the point.
//   - follow: what remains is copied as it came, compressed. So that whole bytes
//     can be copied, blocks without text shift the stream to its old place within
//     the byte.
//   - the trailer: its checksum and length are those of the text as the site wrote
//     it. They are corrected by calculation (checksum.go).
//
// The cost therefore depends on where the point is, not on the body's size. An
// exception are zlib streams: their trailer does not say how long the text is, so
// the lengths of all symbols are added up, without decoding text.
package splice

import (
	"errors"
	"io"
	"sync"
)

// Format is a content coding that can be spliced.
type Format uint8

const (
	// Gzip is the content coding "gzip" (RFC 9110, section 8.4.1.3).
	Gzip Format = iota
	// Deflate is the content coding "deflate": zlib (RFC 9110, section 8.4.1.2), or
	// the raw DEFLATE that some servers send by that name. The Writer looks.
	Deflate
)

// Verdict is what a Finder knows.
type Verdict uint8

const (
	// Undecided: the Finder wants to see more text.
	Undecided Verdict = iota
	// Found: the point is found.
	Found
	// Absent: nothing is to be inserted.
	Absent
)

// Finder looks for the point of the insertion in the decoded text.
type Finder interface {
	// Find is given the next piece of the text, which it must not keep. With Found,
	// at is the offset in the whole text of the byte that the insertion goes before.
	// While Undecided, at is the lowest offset that may still become the point: the
	// text's length so far where every byte seen is settled, and at most
	// MaxLookback less. Find is not called again after Found or Absent.
	Find(text []byte) (verdict Verdict, at int64)
}

// MaxLookback is how many bytes before the end of the text it has seen a Finder
// may still place the insertion.
const MaxLookback = 1 << 10

const (
	// MaxSearch is how much text is searched at most, in bytes. In a body without
	// a point before that, nothing is inserted.
	MaxSearch = 1 << 20
	// MaxHeld is how many compressed bytes of a block are held back at most until
	// the point is found: a block that has begun to go out cannot be divided.
	MaxHeld = 8 << 10
	// maxSearchedBlocks bounds the search in a body of blocks without text.
	maxSearchedBlocks = 4 << 10
)

// Outcome is what became of a body.
type Outcome uint8

const (
	// Pending: the point has not been found yet.
	Pending Outcome = iota
	// Inserted: the insertion was made.
	Inserted
	// Nothing: the Finder said Absent, the text ended without a point, or there were
	// no bytes to insert. Like all outcomes below, it leaves the body as it came.
	Nothing
	// TooLong: no point within MaxSearch and MaxHeld.
	TooLong
	// Unsupported: a gzip or zlib header that is not understood.
	Unsupported
	// Damaged: the compressed data is damaged or cut off before the point.
	Damaged
)

var outcomeNames = [...]string{"pending", "inserted", "nothing to insert", "too long", "unsupported", "damaged"}

// String names the outcome for logs and tests.
func (o Outcome) String() string { return outcomeNames[o] }

// phase is the part of a stream that a Writer is in.
type phase uint8

const (
	phaseHeader    phase = iota
	phaseSearch          // looking for the point
	phaseRewrite         // around the point and 32 KiB behind it
	phaseMeasure         // zlib: copying, and adding up the text's length
	phaseFollow          // gzip: copying, and looking out for the end
	phaseTrailer         // the member has ended, its trailer is next
	phaseUntouched       // copying, for good
)

// Writer splices a compressed body that is written to it in pieces of any size.
// Create one with NewWriter or set one up with Reset. It is not safe for concurrent
// use.
type Writer struct {
	format    Format
	find      Finder
	insertion func() []byte

	phase   phase
	outcome Outcome
	closed  bool
	holding bool
	trailer int // length of the trailer: gzip 8, zlib 4, raw DEFLATE 0
	window  int // how far back matches may reach

	bench    *workbench // nil while nothing of it is needed
	held     []byte     // input that is not through yet, kept in bench or in tail
	tail     [followTail]byte
	consumed int64 // bytes of input that are through
	followed int64 // consumed when following began
	growth   int64 // how much longer the output is, once that is known
	out      bitWriter

	header  gzipHeader
	search  search
	rewrite rewrite
}

// workbench is the memory that a Writer needs while it is at work.
type workbench struct {
	block  block
	text   [textSize]byte        // behind the rewriting, output
	input  [MaxHeld + 1<<10]byte // room for one header more
	output [outputSize]byte
}

// outputSize is room for what 32 KiB of text around the point are compressed to.
// Behind that the text is not needed anymore. Its memory lets a piece of 32 KiB, which
// is what proxies read at once, go on in one write together with what is held.
const outputSize = 12 << 10

var workbenches = sync.Pool{New: func() any { return new(workbench) }}

// NewWriter returns a Writer that splices a body of the given format and writes it
// to dst. Insertion is called once, when the point is found; its result is not
// kept. No bytes mean that nothing is to be inserted.
func NewWriter(dst io.Writer, format Format, find Finder, insertion func() []byte) *Writer {
	w := new(Writer)
	w.Reset(dst, format, find, insertion)
	return w
}

// Reset makes the Writer as new, for another body.
func (w *Writer) Reset(dst io.Writer, format Format, find Finder, insertion func() []byte) {
	*w = Writer{
		format:    format,
		find:      find,
		insertion: insertion,
		window:    maxDistance,
		bench:     w.bench,
		out:       bitWriter{dst: dst},
	}
	w.takeBench()
	w.bench.block.kind, w.bench.block.final = noBlock, false
}

var errClosed = errors.New("splice: the Writer is closed")

// Write takes the next piece of the compressed body. All output that follows from
// it goes to dst before Write returns, mostly in one write. An error is one of dst's.
func (w *Writer) Write(p []byte) (int, error) {
	if w.closed {
		return 0, errClosed
	}
	if w.phase != phaseUntouched {
		w.takeBench()
	}
	for rest := p; len(rest) > 0 && w.out.err == nil; {
		rest = w.advance(rest)
	}
	if !w.holding {
		w.out.flush()
	}
	w.tidy()
	if w.out.err != nil {
		return 0, w.out.err
	}
	return len(p), nil
}

// tidy gives the workbench back when nothing of it is needed.
func (w *Writer) tidy() {
	if w.out.filled == 0 && (w.phase == phaseUntouched || w.phase == phaseFollow && len(w.held) <= len(w.tail)) {
		w.returnBench()
	}
}

// Hold keeps all output back, as long as there is room for it, until Release. Then it
// goes to dst in one write together with what the next Write brings.
func (w *Writer) Hold() { w.holding = true }

// Release ends Hold, and writes the next piece of the compressed body, if any.
func (w *Writer) Release(p []byte) error {
	w.holding = false
	_, err := w.Write(p)
	return err
}

// Flush writes to dst what a compressor's flush made available to the reader, as
// far as the point is not still being looked for in it. It does not flush dst.
func (w *Writer) Flush() error {
	if w.closed {
		return errClosed
	}
	if w.phase == phaseFollow {
		w.flushFollow()
		w.out.flush()
	}
	return w.out.err
}

// Close ends the body: it writes what was held back and gives memory back. It
// does not close dst. It is not for a body that was aborted, whose last bytes are
// no trailer; a Writer may be dropped without Close.
func (w *Writer) Close() error {
	if w.closed {
		return errClosed
	}
	switch w.phase {
	case phaseHeader, phaseSearch:
		w.outcome = Damaged
		w.out.putBytes(w.held)
	case phaseMeasure:
		w.out.putBytes(w.held[(w.rewrite.cursor+7)>>3:])
	case phaseTrailer:
		w.out.putBytes(w.held)
	case phaseFollow:
		w.takeBench()
		w.closeFollow()
	}
	w.out.flush()
	w.held = nil
	w.returnBench()
	w.closed = true
	return w.out.err
}

// takeBench gets a workbench if there is none, and puts the held input on it.
func (w *Writer) takeBench() {
	if w.bench == nil {
		w.bench = workbenches.Get().(*workbench)
	}
	w.held = append(w.bench.input[:0], w.held...)
	if w.out.filled == 0 {
		w.out.buffer = w.bench.output[:]
		w.widenOutput()
	}
}

// widenOutput takes the memory of the text for output when no text is needed anymore.
func (w *Writer) widenOutput() {
	if w.phase >= phaseMeasure && len(w.out.buffer) == outputSize {
		copy(w.bench.text[:], w.out.buffer[:w.out.filled])
		w.out.buffer = w.bench.text[:]
	}
}

// returnBench gives the workbench back while nothing is on it but a few held bytes.
func (w *Writer) returnBench() {
	w.held = append(w.tail[:0], w.held...)
	w.out.buffer = nil
	if w.bench != nil {
		workbenches.Put(w.bench)
		w.bench = nil
	}
}

// Outcome tells what became of the body so far.
func (w *Writer) Outcome() Outcome { return w.outcome }

// Growth tells how many bytes longer the whole output is than the input. It is known
// once the rewriting is over, or when nothing is inserted.
func (w *Writer) Growth() (n int64, known bool) {
	return w.growth, w.phase >= phaseMeasure
}

// advance works on p, or on what was held together with a part of p. It returns
// what of p is still to come.
func (w *Writer) advance(p []byte) (rest []byte) {
	input, added := p, len(p)
	if len(w.held) > 0 {
		added = min(added, cap(w.held)-len(w.held))
		w.held = append(w.held, p[:added]...)
		input = w.held
	}
	for {
		before := w.phase
		n := w.step(input)
		input = input[n:]
		w.consumed += int64(n)
		if w.phase == before {
			break
		}
		w.widenOutput()
	}
	if len(w.held) > 0 && len(input) <= added {
		// Nothing is left of what was held: go on with p itself.
		w.held = w.held[:0]
		return p[added-len(input):]
	}
	w.held = append(w.held[:0], input...)
	return p[added:]
}

// step does as much of the current phase's work as input allows and returns how
// many bytes are through. The others are shown again, with more behind them.
func (w *Writer) step(input []byte) int {
	switch w.phase {
	case phaseHeader:
		return w.stepHeader(input)
	case phaseSearch:
		return w.stepSearch(input)
	case phaseRewrite:
		return w.stepRewrite(input)
	case phaseMeasure:
		return w.stepMeasure(input)
	case phaseTrailer:
		return w.stepTrailer(input)
	case phaseFollow:
		return w.stepFollow(input)
	}
	w.out.putBytes(input)
	return len(input)
}

// stepHeader passes the header on and finds out what is wrapped in it.
func (w *Writer) stepHeader(input []byte) int {
	if w.format == Deflate {
		return w.stepZlibHeader(input)
	}
	w.trailer = gzipTrailerLength
	n, result := w.header.read(input)
	switch result {
	case done:
		w.phase = phaseSearch
	case damaged:
		w.leave(Unsupported)
	}
	w.out.putBytes(input[:n])
	return n
}

func (w *Writer) stepZlibHeader(input []byte) int {
	if len(input) < zlibHeaderLength {
		return 0
	}
	w.phase = phaseSearch
	first, second := input[0], input[1]
	if !isZlibHeader(first, second) {
		return 0
	}
	if zlibHasDictionary(second) {
		w.leave(Unsupported)
		return 0
	}
	w.trailer, w.window = zlibTrailerLength, zlibWindow(first)
	w.search.checksum = adlerStart
	w.out.putBytes(input[:zlibHeaderLength])
	return zlibHeaderLength
}

// leave lets the rest of the body through as it comes.
func (w *Writer) leave(outcome Outcome) {
	w.outcome = outcome
	w.phase = phaseUntouched
}
