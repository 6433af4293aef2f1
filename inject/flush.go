package inject

import "net/http"

// Flush implements http.Flusher for handlers that ask for it by name.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError sends what was written so far, but for the beginning of a tag.
func (w *responseWriter) FlushError() error {
	w.enter()
	defer w.leave()
	if w.progress == awaitingHeader {
		w.begin(http.StatusOK)
	}
	if w.holdsFlush() {
		return w.holdFlush()
	}
	return w.flush()
}

func (w *responseWriter) flush() error {
	if err := w.release(); err != nil {
		return err
	}
	switch {
	case w.progress == deciding:
		return nil // a body that is decoded, whose beginning is not known yet
	case w.progress != passing && w.rewrite.splicing:
		if err := w.flushSplicer(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.next).Flush()
}

// release sends what is held back for other reasons than its being the beginning
// of a tag.
func (w *responseWriter) release() error {
	switch w.progress {
	case deciding:
		if w.rewrite.decoder != nil && w.request.Method != http.MethodHead {
			return nil
		}
		if w.rewrite.splicing {
			return w.sendSplicing(nil)
		}
		if !w.sendPlanned() {
			return w.forward(nil, 0)
		}
		return w.forward(nil, w.rewrite.document.held())
	case copying:
		return w.forward(nil, 0)
	}
	return nil
}

// holdsFlush reports whether a flush has to wait, since nothing in the body has shown
// yet that this is a page, and its header would have to change with it. What cannot be
// told by then is held for the body, as Caddy's encode does; a header that can go as it
// is waits for a moment only, for the sake of its mark.
func (w *responseWriter) holdsFlush() bool {
	rw := w.rewrite
	switch {
	case w.progress != deciding || w.request.Method == http.MethodHead || rw.decoder != nil:
		return false
	case rw.document.scanner.document || rw.isSpliced() || rw.plan.header.impatient:
		return false
	}
	return true
}

// holdFlush remembers a flush for later.
func (w *responseWriter) holdFlush() error {
	w.bePatient().flush = true
	if w.rewrite.keepsHeader() && !w.injector.options.DebugHeader && !w.wait() {
		return w.sendFlushed()
	}
	return nil
}

// keepsHeader reports whether an insertion would leave the header as it is, but for
// the mark.
func (rw *rewrite) keepsHeader() bool {
	h := &rw.plan.header
	return rw.decoder == nil && h.contentLength == nil && h.tag == nil && h.lastModified == nil && !h.integrity &&
		rw.policies.none() && !rw.insertion.Private
}

// sendFlushed sends the header as the site has flushed it, and what was held. If a
// page follows, it is injected all the same.
func (w *responseWriter) sendFlushed() error {
	rw := w.rewrite
	w.progress = scanning
	header := w.next.Header()
	rw.expectsLate = w.expectsLatePolicy()
	w.sendAnnounced(header, rw.plan.header.policies[0], w.rewindHeader(header))
	held := rw.document.held()
	if rw.withheld != ReasonNone {
		w.progress, held = copying, 0
		w.injector.skipped(w.request, rw.withheld)
	}
	var err error
	if rw.splicing {
		err = w.noteOutcome(w.feed(nil))
	} else {
		err = w.forward(nil, held)
	}
	if err != nil {
		return err
	}
	w.patience.flush = false
	return http.NewResponseController(w.next).Flush()
}

// sendAborted sends what was flushed and held of a response that its handler has
// aborted: without us the browser would have it.
func (w *responseWriter) sendAborted() {
	rw := w.rewrite
	held := rw.buffer
	if rw.splicing {
		held = rw.raw
	}
	w.passAnnounced(ReasonSiteError)
	_ = w.send(held) // nobody is left to hear of an error
	_ = http.NewResponseController(w.next).Flush()
}

// settle does after a write what has waited for it.
func (w *responseWriter) settle() error {
	p := w.patience
	if p == nil {
		return nil
	}
	if w.progress != deciding {
		p.rest()
	}
	if !p.flush || w.holdsFlush() {
		return nil
	}
	p.flush = false
	return w.flush()
}
