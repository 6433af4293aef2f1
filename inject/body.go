package inject

import "io"

// body takes the next bytes of the page's text.
func (w *responseWriter) body(p []byte) error {
	rw := w.rewrite
	rw.received += int64(len(p))
	switch w.progress {
	case deciding:
		return w.decide(p)
	case gathered:
		if len(p) <= joinLimit {
			rw.buffer = append(rw.buffer, p...)
			return w.sendGathered()
		}
		if err := w.sendGathered(); err != nil {
			return err
		}
	case scanning:
		return w.scanOn(p)
	}
	return w.send(p)
}

// scan reads p for the place of the insertion, counted from the beginning of
// what is held. A fault of ours counts as a refusal.
func (w *responseWriter) scan(p []byte) (result verdict, place int) {
	rw := w.rewrite
	defer func() {
		if fault := recover(); fault != nil {
			rw.document.scanner.reason = w.injector.fault(w.request, fault)
			result = refused
		}
	}()
	result, place = rw.document.scan(p)
	return result, place + len(rw.buffer)
}

// decide reads the beginning of a body whose header is still held back.
func (w *responseWriter) decide(p []byte) error {
	rw := w.rewrite
	switch result, place := w.scan(p); {
	case result == refused:
		return w.refuse(p)
	case result == insertAt:
		return w.insert(p, place)
	case len(rw.buffer)+len(p) <= w.holdLimit():
		rw.buffer = append(rw.buffer, p...)
		return nil
	case rw.decoder != nil:
		rw.document.scanner.reason = ReasonPrologueTooLong
		return errRefused
	}
	w.sendHeader(false)
	w.progress = scanning
	return w.forward(p, rw.document.held())
}

// holdLimit is how much may be held back while undecided without arriving later
// than it would without us: what net/http holds as well.
func (w *responseWriter) holdLimit() int {
	rw := w.rewrite
	if rw.decoder != nil {
		return prologueLimit
	}
	if rw.limit == 0 {
		header := w.next.Header()
		switch {
		case first(header, "Incremental") == "?1" || first(header, "X-Accel-Buffering") == "no":
			rw.limit = -1
		case w.length >= 0:
			rw.limit = serverBuffer - headerSize(header)
		default:
			rw.limit = startBuffer
		}
	}
	return rw.limit
}

// refuse lets a page through that was to be injected, as the site sent it.
func (w *responseWriter) refuse(p []byte) error {
	if w.rewrite.decoder != nil {
		return errRefused
	}
	w.pass(w.rewrite.document.scanner.reason)
	w.next.WriteHeader(w.status)
	return w.forward(p, 0)
}

// insert sends the page's beginning with the insertion in it.
func (w *responseWriter) insert(p []byte, place int) error {
	rw := w.rewrite
	rw.injected = true
	w.injector.injected(w.request)
	if far := place - len(rw.buffer); far > joinLimit {
		if w.progress == deciding {
			w.sendHeader(true)
			w.progress = scanning
		}
		if err := w.forward(p[:far], 0); err != nil {
			return err
		}
		p, place = p[far:], 0
	}
	rest := w.assemble(p, place)
	// The site has more to send, and what there is would wait in net/http's buffer
	// anyway: let it leave together, for otherwise the insertion would make that
	// buffer overflow a moment earlier, which costs a write of its own.
	wait := w.progress == deciding && !rw.straight && w.length > rw.received && rw.decoder == nil &&
		len(rw.buffer)+len(rest)-len(rw.insertion.Bytes) <= w.holdLimit()
	if wait {
		rw.buffer = append(rw.buffer, rest...)
		w.progress = gathered
		return nil
	}
	if w.progress == deciding {
		w.sendHeader(true)
	}
	w.progress = copying
	return w.forward(rest, 0)
}

// assemble puts what is held, the text up to place and the insertion in the
// buffer, and returns the rest of p. place counts from the beginning of what is
// held.
func (w *responseWriter) assemble(p []byte, place int) (rest []byte) {
	rw := w.rewrite
	var carried [maxHeldBytes]byte
	carriedLen := 0
	if place < len(rw.buffer) {
		carriedLen = copy(carried[:], rw.buffer[place:])
		rw.buffer = rw.buffer[:place]
		rest = p
	} else {
		place -= len(rw.buffer)
		rw.buffer = append(rw.buffer, p[:place]...)
		rest = p[place:]
	}
	rw.buffer = rw.appendInsertion(rw.buffer)
	rw.buffer = append(rw.buffer, carried[:carriedLen]...)
	return rest
}

// appendInsertion appends the markup, with its nonce, in the page's encoding.
func (rw *rewrite) appendInsertion(to []byte) []byte {
	markup := rw.insertion.Bytes
	if rw.nonce == "" {
		return rw.document.encode(to, markup)
	}
	to = rw.document.encode(to, markup[:rw.insertion.NonceAt])
	to = rw.document.encode(to, []byte(` nonce="`+rw.nonce+`"`))
	return rw.document.encode(to, markup[rw.insertion.NonceAt:])
}

// insertionLength is the number of bytes by which the body grows.
func (rw *rewrite) insertionLength() int64 {
	length := len(rw.insertion.Bytes)
	if rw.nonce != "" {
		length += len(` nonce=""`) + len(rw.nonce)
	}
	if rw.document.encoding != asciiCompatible {
		length *= 2
	}
	return int64(length)
}

// scanOn reads on for the place after the header has gone.
func (w *responseWriter) scanOn(p []byte) error {
	rw := w.rewrite
	switch result, place := w.scan(p); result {
	case insertAt:
		return w.insert(p, place)
	case refused:
		w.progress = copying
		w.injector.skipped(w.request, rw.document.scanner.reason)
		return w.forward(p, 0)
	}
	return w.forward(p, rw.document.held())
}

// forward sends the buffer and p except for the last keep bytes, which stay in
// the buffer.
func (w *responseWriter) forward(p []byte, keep int) error {
	rw := w.rewrite
	due := len(p) - keep // bytes of p
	if due < 0 {         // the end of the buffer is kept as well
		due += len(rw.buffer)
		err := w.send(rw.buffer[:due])
		rw.buffer = append(rw.buffer[:copy(rw.buffer, rw.buffer[due:])], p...)
		return err
	}
	joined := len(rw.buffer) > 0 && due <= w.joinLimit()
	if joined {
		rw.buffer = append(rw.buffer, p[:due]...)
	}
	err := w.send(rw.buffer)
	if err == nil && !joined {
		err = w.send(p[:due])
	}
	rw.buffer = append(rw.buffer[:0], p[due:]...)
	return err
}

// joinLimit bounds what is copied to leave together with what is held. Over
// HTTP/2 and 3 every write becomes a frame, so more of it pays there.
func (w *responseWriter) joinLimit() int {
	if w.request.ProtoMajor >= 2 {
		return joinLimit
	}
	return serverBuffer
}

func (w *responseWriter) send(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := w.next.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

// sendGathered sends the beginning that waited, with its header.
func (w *responseWriter) sendGathered() error {
	w.sendHeader(true)
	w.progress = copying
	return w.forward(nil, 0)
}

// sendHeader sends the header, changed for an insertion. It is certain when the
// place is found; otherwise the length is unknown.
func (w *responseWriter) sendHeader(certain bool) {
	change := headerChange{
		added:   -1,
		decoded: w.rewrite.decoder != nil,
		asked:   w.change.codings,
		mark:    markPlanned,
		private: w.rewrite.insertion.Private,
	}
	if certain {
		change.added, change.mark = w.rewrite.insertionLength(), markInjected
	}
	change.apply(w.next.Header(), &w.values)
	w.next.WriteHeader(w.status)
}
