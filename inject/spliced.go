package inject

import (
	"errors"

	"handbill/inject/splice"
)

// splicedText is a responseWriter as its splicer's Finder.
type splicedText responseWriter

// Find looks for the place of the insertion in the decoded text.
func (s *splicedText) Find(text []byte) (verdict splice.Verdict, at int64) {
	w := (*responseWriter)(s)
	d := &w.rewrite.document
	before := d.read
	switch result, place := w.scan(text); result {
	case insertAt:
		return splice.Found, int64(before + place)
	case refused:
		return splice.Absent, 0
	}
	return splice.Undecided, int64(d.read - d.held())
}

// splicedBody is a responseWriter as its splicer's destination.
type splicedBody responseWriter

func (s *splicedBody) Write(p []byte) (int, error) {
	w := (*responseWriter)(s)
	rw := w.rewrite
	var err error
	switch {
	case w.progress == deciding:
		rw.buffer = append(rw.buffer, p...)
	case w.progress == passing: // it has passed as it came
	case rw.released:
		err = w.copyOn(p)
	default:
		rw.released = true
		err = w.forward(p, w.keptBack(p))
	}
	return len(p), err
}

func (w *responseWriter) resetSplicer() {
	format := splice.Gzip
	if w.rewrite.plan.coding == deflateCoding {
		format = splice.Deflate
	}
	if w.rewrite.splicer == nil {
		w.rewrite.splicer = new(splice.Writer)
	}
	w.rewrite.splicer.Reset((*splicedBody)(w), format, (*splicedText)(w), w.spliceHere)
	w.rewrite.splicer.Hold()
}

// spliceHere is called when the splicer is at the place.
func (w *responseWriter) spliceHere() []byte {
	if w.progress == scanning {
		w.inserted()
	}
	return w.rewrite.appendInsertion(nil)
}

const (
	// splicePiece is how much of a body the splicer is given at once while what it
	// writes is held, so that no more is held than it takes.
	splicePiece = 4 << 10
	// spliceLimit bounds what is held of a body, and likewise of what it becomes, until
	// its new length is known: 32 KiB of text are mostly compressed to less.
	spliceLimit = 11 << 10
)

// splice gives the splicer the next bytes of the body.
func (w *responseWriter) splice(p []byte) error {
	rw := w.rewrite
	more := w.hasMore(len(p))
	for w.progress == deciding && len(p) > 0 {
		n := min(len(p), splicePiece, max(1, spliceLimit-len(rw.raw)))
		rw.raw = append(rw.raw, p[:n]...)
		fed := w.spliceHeld(p[:n])
		p = p[n:]
		switch {
		case !fed:
			return w.passSplicing(ReasonInternalError, p)
		case w.isSplicingOver(len(p) == 0, more):
			return w.sendSplicing(p)
		}
	}
	if len(p) == 0 {
		return nil
	}
	return w.noteOutcome(w.feed(p))
}

// feed gives the splicer the next bytes of a body whose header has gone. The body's end
// leaves together with them where its length tells that they are the last: what the
// splicer holds of it would cost a write of its own.
func (w *responseWriter) feed(p []byte) error {
	defer w.abortAtFault()
	rw := w.rewrite
	if rw.length != rw.received {
		return rw.splicer.Release(p)
	}
	rw.splicer.Hold()
	if _, err := rw.splicer.Write(p); err != nil {
		return err
	}
	w.endSplicing()
	return rw.failed
}

// hasMore guesses from the length of a piece whether the site has more to write at once.
// What is proxied is read in buffers of whole powers of two, but for the first, in which
// the header was as well. A buffer that has not become full has emptied the connection.
func (w *responseWriter) hasMore(piece int) bool {
	first := int64(piece) == w.rewrite.received
	return first && piece >= serverBuffer-serverBuffer/4 || piece%serverBuffer == 0
}

// isSplicingOver reports whether to wait no longer for what becomes of the body. All:
// the site has written no more yet. More: it is about to.
func (w *responseWriter) isSplicingOver(all, more bool) bool {
	rw := w.rewrite
	full := len(rw.raw) >= spliceLimit
	switch rw.splicer.Outcome() {
	case splice.Pending:
		return full || all && len(rw.raw) > w.holdLimit()
	case splice.Inserted:
		_, known := rw.splicer.Growth()
		switch {
		case known || full || rw.length == rw.received && all || !w.wantsLength():
			return true
		case all && len(rw.raw) > w.holdLimit():
			return !more || !w.wait()
		}
		return false
	}
	return true
}

// sendSplicing sends the header, what was held, and the next piece of the body.
func (w *responseWriter) sendSplicing(next []byte) error {
	rw := w.rewrite
	switch rw.splicer.Outcome() {
	case splice.Pending:
		w.sendPlanned()
		return w.noteOutcome(w.feed(next))
	case splice.Inserted:
		if len(next) == 0 && rw.length == rw.received {
			w.endSplicing()
		}
		return w.sendSpliced(next)
	}
	return w.passSplicing(w.spliceReason(), next)
}

// passSplicing lets a page and the next piece of it through as they came.
func (w *responseWriter) passSplicing(reason Reason, next []byte) error {
	if err := w.passRaw(reason); err != nil {
		return err
	}
	return w.send(next)
}

// noteOutcome counts a page whose body turns out to stay as it is after its header
// has gone.
func (w *responseWriter) noteOutcome(err error) error {
	if w.progress == scanning && w.rewrite.splicer.Outcome() != splice.Pending {
		w.progress = copying
		w.injector.skipped(w.request, w.spliceReason())
	}
	return err
}

// isSpliced tells that the insertion has been made in a compressed page.
func (rw *rewrite) isSpliced() bool {
	return rw.splicing && rw.splicer.Outcome() == splice.Inserted
}

// wantsLength reports whether the page's new length can be promised. Without it
// net/http has to send the body in chunks, which costs a write call for each piece.
func (w *responseWriter) wantsLength() bool {
	rw := w.rewrite
	return rw.length >= 0 && !rw.plan.header.impatient && !w.expectsLatePolicy()
}

// spliceHeld runs the splicer while what it writes is held. It reports false for a
// fault of ours.
func (w *responseWriter) spliceHeld(p []byte) (ok bool) {
	defer func() {
		if fault := recover(); fault != nil {
			w.injector.fault(w.request, fault)
			w.rewrite.faulty = true
			ok = false
		}
	}()
	_, err := w.rewrite.splicer.Write(p)
	return err == nil
}

// sendSpliced sends the page's beginning, in which the place was found, and the next
// piece of it. A policy that turns up with the header may ask for another insertion;
// then the beginning is spliced once more.
func (w *responseWriter) sendSpliced(next []byte) error {
	rw := w.rewrite
	growth, known := rw.splicer.Growth()
	if !known {
		growth = -1
	}
	nonce := rw.nonce
	w.sendHeader(true, growth)
	if rw.withheld != ReasonNone || rw.nonce != nonce {
		rw.buffer = rw.buffer[:0]
		rw.begin(w.injector.options.Position)
		w.resetSplicer()
		if !w.spliceHeld(rw.raw) {
			return w.abort(errors.New("it could not be spliced once more"))
		}
		if rw.ended {
			w.endSplicing()
		}
	}
	w.inserted()
	if rw.ended {
		return w.forward(nil, 0)
	}
	return w.feed(next)
}

// flushSplicer sends what the site has flushed.
func (w *responseWriter) flushSplicer() error {
	if w.rewrite.ended {
		return nil // all of it has been written
	}
	return w.rewrite.splicer.Flush()
}

// endSplicing tells the splicer that the body has ended, so that it writes the rest.
func (w *responseWriter) endSplicing() {
	w.rewrite.ended = true
	w.rewrite.failed = w.rewrite.splicer.Close()
}

// finishSplicing sends the end of a body that came in full.
func (w *responseWriter) finishSplicing() error {
	if w.rewrite.ended {
		return nil
	}
	w.endSplicing()
	if w.progress == scanning {
		w.progress = copying
		w.injector.skipped(w.request, w.spliceReason())
	}
	return w.rewrite.failed
}

// unsplicedReason says why a body that ended before its header was sent stays as it
// is. One in which the insertion was made is shorter than the site has promised.
func (w *responseWriter) unsplicedReason() Reason {
	if w.rewrite.isSpliced() {
		return ReasonBrokenCoding
	}
	w.endSplicing()
	return w.spliceReason()
}

// spliceReason says why the splicer let the body through.
func (w *responseWriter) spliceReason() Reason {
	if reason := w.rewrite.document.scanner.reason; reason != ReasonNone {
		return reason
	}
	switch w.rewrite.splicer.Outcome() {
	case splice.TooLong:
		return ReasonPrologueTooLong
	case splice.Unsupported:
		return ReasonUnknownCoding
	case splice.Damaged:
		return ReasonBrokenCoding
	}
	return ReasonEndedEarly
}
