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
	switch w.progress {
	case deciding:
		w.rewrite.buffer = append(w.rewrite.buffer, p...)
	case passing: // it has passed as it came
	default:
		if err := w.copyOn(p); err != nil {
			return 0, err
		}
	}
	return len(p), nil
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
}

// spliceHere is called when the splicer is at the place.
func (w *responseWriter) spliceHere() []byte {
	if w.progress == scanning {
		w.inserted()
	}
	return w.rewrite.appendInsertion(nil)
}

// splice gives the splicer the next bytes of the body.
func (w *responseWriter) splice(p []byte) error {
	rw := w.rewrite
	if w.progress != deciding {
		defer w.abortAtFault()
		_, err := rw.splicer.Write(p)
		if w.progress == scanning && rw.splicer.Outcome() != splice.Pending {
			w.progress = copying
			w.injector.skipped(w.request, w.spliceReason())
		}
		return err
	}
	if !w.spliceHeld(p) {
		return w.passRaw(ReasonInternalError)
	}
	switch rw.splicer.Outcome() {
	case splice.Pending:
		if len(rw.raw) <= w.holdLimit() {
			return nil
		}
		w.sendPlanned()
		return w.forward(nil, 0)
	case splice.Inserted:
		if rw.length == rw.received {
			w.endSplicing()
		}
		return w.sendSpliced()
	}
	return w.passRaw(w.spliceReason())
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

// sendSpliced sends the page's beginning, in which the place was found. A policy
// that turns up with the header may ask for another insertion; then the beginning
// is spliced once more.
func (w *responseWriter) sendSpliced() error {
	rw := w.rewrite
	growth, known := rw.splicer.Growth()
	if !known {
		growth = -1
	}
	nonce := rw.nonce
	w.sendHeader(true, growth)
	if rw.withheld || rw.nonce != nonce {
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
	return w.forward(nil, w.keptBack(rw.buffer))
}

// flushSplicer sends what the site has flushed.
func (w *responseWriter) flushSplicer() error { return w.rewrite.splicer.Flush() }

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
