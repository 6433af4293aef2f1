package inject

import (
	"errors"
	"io"
	"net/http"
)

const (
	// serverBuffer is the size of net/http's buffers for a connection. What fits
	// in it beside the header leaves only with more, or at the end.
	serverBuffer = 4 << 10
	// startBuffer is what net/http gathers of a body of unknown length.
	startBuffer = 2 << 10
	// joinLimit bounds what is copied to leave in one piece with what was held.
	joinLimit = 32 << 10
	// rawLimit bounds what is kept of a compressed body while undecided, and
	// prologueLimit what that may decode to.
	rawLimit      = 64 << 10
	prologueLimit = 256 << 10
	// poolLimit bounds the memory that waits for the next response.
	poolLimit = 192 << 10
)

// progress is how far a response has come.
type progress uint8

const (
	awaitingHeader progress = iota
	passing                 // nothing to do with this response
	deciding                // the header is held back until the first bytes tell
	scanning                // the header has gone before the place was found
	copying                 // what remains of the body follows as it is
)

// responseWriter injects the response that is written to it.
type responseWriter struct {
	next     http.ResponseWriter
	request  *http.Request
	injector *Injector
	change   requestChange
	// expected is what would be inserted now, for a request that has a copy.
	expected *Insertion

	progress  progress
	status    int
	announced bool // WriteHeader was called
	values    headerValues
	// rewrite is there from the header on.
	rewrite *rewrite
	// patience is there when something has waited.
	patience *patience
}

// isInjecting reports whether w leads to a writer of an injector.
func isInjecting(w http.ResponseWriter) bool {
	for ; w != nil; w = unwrap(w) {
		if rw, ok := w.(*responseWriter); ok {
			return rw.progress != passing
		}
	}
	return false
}

// unwrap returns the writer below w; nil where there is none.
func unwrap(w http.ResponseWriter) http.ResponseWriter {
	if wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return wrapper.Unwrap()
	}
	return nil
}

// Unwrap lets http.ResponseController reach what this writer does not do itself:
// deadlines, full duplex, hijacking.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.next }

// WriteHeader judges the response. What is not to be injected goes on at once.
func (w *responseWriter) WriteHeader(status int) {
	// Informational responses may come from another goroutine: they touch nothing here.
	if 100 <= status && status < 200 && status != http.StatusSwitchingProtocols && w.patience == nil && w.progress == awaitingHeader {
		w.next.WriteHeader(status)
		return
	}
	w.enter()
	defer w.leave()
	switch w.progress {
	case awaitingHeader:
		w.announced = true
		w.begin(status)
		if w.progress == passing {
			w.next.WriteHeader(status)
		}
	case deciding: // superfluous: the first call holds
	default:
		w.next.WriteHeader(status)
	}
}

// begin decides whether the response may be injected.
func (w *responseWriter) begin(status int) {
	w.status = status
	if reason := w.judge(); reason != ReasonNone {
		w.pass(reason)
		return
	}
	w.progress = deciding
}

// judge asks plan, matcher, source and policy. A fault of theirs is no fault of the
// page.
func (w *responseWriter) judge() (reason Reason) {
	defer func() {
		if fault := recover(); fault != nil {
			reason = w.injector.fault(w.request, fault)
		}
	}()
	options := &w.injector.options
	header := w.next.Header()
	rw := w.injector.states.Get().(*rewrite)
	w.rewrite = rw
	planResponse(&rw.plan, w.request, w.status, header, options.ErrorPages)
	if rw.plan.reason != ReasonNone {
		return rw.plan.reason
	}
	if options.Match != nil && !options.Match(w.request, w.status, header) {
		return ReasonNotMatched
	}
	insertion, ok := options.Insertion(w.request, w.status, header)
	if !ok || len(insertion.Bytes) == 0 {
		return ReasonNothingToInsert
	}
	if insertion.NonceAt > len(insertion.Bytes) || !isASCII(insertion.Bytes) {
		return ReasonInvalidInsertion
	}
	rw.insertion = insertion
	rw.tag = injectedTag(&rw.plan.header, insertion.Version)
	rw.length = number(rw.plan.header.contentLength)
	rw.begin(options.Position)
	if rw.plan.coding != identity {
		w.startCompressed()
	}
	if rw.plan.header.policies.none() {
		return ReasonNone
	}
	decision := w.fitPolicies(header, options.CSP)
	rw.nonce, rw.policies = decision.nonce, decision.values
	if decision.blocked {
		return ReasonPolicy
	}
	return ReasonNone
}

// pass lets the response through as the site sends it.
func (w *responseWriter) pass(reason Reason) {
	w.progress = passing
	w.injector.skipped(w.request, reason)
	if reason == ReasonNotModified {
		w.translateNotModified()
	}
	if w.injector.options.DebugHeader && reason != ReasonAlreadyInjected && reason != ReasonOptedOutBySite {
		w.next.Header()[headerName] = []string{markSkipped + reason.String()}
	}
}

// transparent reports whether what is written goes on as it is.
func (w *responseWriter) transparent() bool {
	return w.progress == passing || w.progress == copying && !w.rewrite.compressed() && len(w.rewrite.buffer) == 0
}

func (w *responseWriter) Write(p []byte) (int, error) {
	w.enter()
	defer w.leave()
	if w.progress == awaitingHeader {
		w.begin(http.StatusOK)
	}
	if w.transparent() {
		return w.next.Write(p)
	}
	if w.request.Method == http.MethodHead {
		return len(p), nil // net/http would take it for the length of the page
	}
	var err error
	if w.rewrite.compressed() {
		err = w.compressedBody(p)
	} else {
		err = w.body(p)
	}
	if err == nil {
		err = w.settle()
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteString saves io.WriteString a copy where there is nothing to do.
func (w *responseWriter) WriteString(s string) (int, error) {
	if w.patience == nil && w.transparent() {
		return io.WriteString(w.next, s)
	}
	return w.Write([]byte(s))
}

// ReadFrom reads until the place of the insertion is known and leaves the rest to
// the writer below, which may have the kernel copy it.
func (w *responseWriter) ReadFrom(source io.Reader) (total int64, err error) {
	if w.announceByReading() {
		defer func() {
			if total == 0 {
				w.takeBack()
			}
		}()
	}
	for {
		piece := w.nextPiece()
		if piece == nil {
			break
		}
		n, err := source.Read(piece)
		total += int64(n)
		if n > 0 {
			if _, err := w.Write(piece[:n]); err != nil {
				return total, err
			}
		}
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
	n, err := copyTo(w.next, source)
	return total + n, err
}

// announceByReading announces the header of a body that is read, unless that has been
// done.
func (w *responseWriter) announceByReading() bool {
	w.enter()
	defer w.leave()
	if w.progress != awaitingHeader {
		return false
	}
	w.begin(http.StatusOK)
	return true
}

// takeBack takes a header back that was announced by reading: as in net/http, to read
// nothing announces nothing.
func (w *responseWriter) takeBack() {
	w.enter()
	defer w.leave()
	if w.progress == deciding {
		w.free()
		w.progress = awaitingHeader
	}
}

// nextPiece is where to read the next piece of the body; nil when the rest is for the
// writer below.
func (w *responseWriter) nextPiece() []byte {
	w.enter()
	defer w.leave()
	if w.transparent() {
		return nil
	}
	w.rewrite.straight = true
	return w.rewrite.readBuffer()
}

// copyTo is io.Copy that takes the destination's ReadFrom, and nothing else.
func copyTo(to io.Writer, source io.Reader) (int64, error) {
	if to, ok := to.(io.ReaderFrom); ok {
		return to.ReadFrom(source)
	}
	return io.Copy(struct{ io.Writer }{to}, source)
}

// finish ends the response after the site's handler has returned.
func (w *responseWriter) finish(handlerError error) error {
	w.enter()
	defer w.leave()
	w.patience.rest()
	switch w.progress {
	case deciding:
		return w.finishUndecided(handlerError)
	case scanning:
		switch {
		case w.request.Method == http.MethodHead:
			return nil
		case w.rewrite.splicing:
			return w.finishSplicing()
		}
		w.injector.skipped(w.request, ReasonEndedEarly)
		return w.forward(nil, 0)
	case copying:
		return w.finishCopying(handlerError)
	}
	return nil
}

// finishCopying sends what was kept back, and the end of a compressed body unless
// it may be missing.
func (w *responseWriter) finishCopying(handlerError error) error {
	switch {
	case handlerError != nil:
	case w.rewrite.splicing:
		if err := w.finishSplicing(); err != nil {
			return err
		}
	case w.rewrite.decoder != nil:
		return w.finishDecoding()
	}
	return w.forward(nil, 0)
}

// finishUndecided ends a response whose header is still held back: either it has
// no body, or the body ended before the place of the insertion.
func (w *responseWriter) finishUndecided(handlerError error) error {
	rw := w.rewrite
	reason := ReasonEndedEarly
	switch {
	case handlerError != nil && !w.announced && rw.received == 0:
		w.progress = passing // so that an error page can be written instead
		w.injector.skipped(w.request, ReasonSiteError)
		return nil
	case handlerError != nil:
		reason = ReasonSiteError
	case w.request.Method == http.MethodHead:
		w.sendHeader(false, -1)
		return nil
	case rw.splicing:
		reason = w.unsplicedReason()
	case rw.decoder != nil:
		if err := rw.decoder.end(w.decoded); w.progress != deciding {
			return err
		}
		reason = w.undecodedReason()
	}
	if rw.compressed() {
		return w.passRaw(reason)
	}
	rw.document.scanner.reason = reason
	return w.refuse(nil)
}

// close ends the response, also when the handler panicked.
func (w *responseWriter) close() {
	if w.patience != nil {
		w.patience.turn.Lock()
		defer w.patience.turn.Unlock()
		w.patience.rest()
	}
	rw := w.rewrite
	if rw == nil {
		return
	}
	if w.progress == deciding && w.patience != nil && w.patience.flush {
		w.sendAborted()
	}
	if header := w.next.Header(); rw.injected && (rw.plan.header.trailers || len(header) != rw.headerLen) {
		dropTrailers(header)
	}
	w.free()
}

// free gives back what the response held.
func (w *responseWriter) free() {
	rw := w.rewrite
	w.progress, w.rewrite = passing, nil
	if rw.decoder != nil {
		rw.decoder.stop()
	}
	if rw.faulty || cap(rw.buffer)+cap(rw.raw) > poolLimit {
		return
	}
	if rw.splicing && !rw.ended {
		_ = rw.splicer.Close() // what it writes is dropped; it gives its memory back
	}
	rw.forget()
	w.injector.states.Put(rw)
}
