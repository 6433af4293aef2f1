package inject

import (
	"io"
	"maps"
	"net/http"
	"slices"
)

// body takes the next bytes of the page's text.
func (w *responseWriter) body(p []byte) error {
	rw := w.rewrite
	rw.received += int64(len(p))
	switch w.progress {
	case deciding:
		return w.decide(p)
	case scanning:
		return w.scanOn(p)
	}
	return w.copyOn(p)
}

// copyOn sends the next bytes behind the insertion, together with those that were
// kept back.
func (w *responseWriter) copyOn(p []byte) error {
	rw := w.rewrite
	if len(rw.buffer) > 0 && len(p) <= joinLimit {
		rw.buffer = append(rw.buffer, p...)
		p = nil
	}
	return w.forward(p, 0)
}

// scan reads p for the place of the insertion. A fault of ours counts as a refusal.
func (w *responseWriter) scan(p []byte) (result verdict, place int) {
	rw := w.rewrite
	defer func() {
		if fault := recover(); fault != nil {
			rw.document.scanner.reason = w.injector.fault(w.request, fault)
			result = refused
		}
	}()
	result, place = rw.document.scan(p)
	if result == insertAt && place >= 0 && rw.stands(p[place:]) {
		rw.document.scanner.reason = ReasonAlreadyInjected
		result = refused
	}
	return result, place
}

// decide reads the beginning of a body whose header is still held back.
func (w *responseWriter) decide(p []byte) error {
	rw := w.rewrite
	switch result, place := w.scan(p); {
	case result == refused:
		return w.refuse(p)
	case result == insertAt:
		return w.insert(p, len(rw.buffer)+place)
	case len(rw.buffer)+len(p) <= w.holdLimit():
		rw.buffer = append(rw.buffer, p...)
		return nil
	case rw.decoder != nil:
		rw.document.scanner.reason = ReasonPrologueTooLong
		return errRefused
	}
	if !w.sendPlanned() {
		return w.forward(p, 0)
	}
	return w.forward(p, rw.document.held())
}

// sendPlanned sends the header before the place of the insertion is known. It
// reports false when a policy turned up that forbids the insertion.
func (w *responseWriter) sendPlanned() bool {
	w.sendHeader(false, -1)
	if reason := w.rewrite.withheld; reason != ReasonNone {
		w.progress = copying
		w.injector.skipped(w.request, reason)
		return false
	}
	w.progress = scanning
	return true
}

// holdLimit is how much may be held back while undecided without arriving later
// than it would without us: what net/http holds as well.
func (w *responseWriter) holdLimit() int {
	rw := w.rewrite
	if rw.decoder != nil {
		return prologueLimit
	}
	if rw.limit == 0 {
		switch header := &rw.plan.header; {
		case header.impatient:
			rw.limit = -1
		case rw.length >= 0:
			rw.limit = serverBuffer - header.size
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
	w.passAnnounced(w.rewrite.document.scanner.reason)
	return w.forward(p, 0)
}

// insert sends the page's beginning with the insertion in it.
func (w *responseWriter) insert(p []byte, place int) error {
	rw := w.rewrite
	if w.progress == deciding {
		w.sendHeader(true, rw.insertionLength())
	}
	if far := place - len(rw.buffer); far > joinLimit {
		if err := w.forward(p[:far], 0); err != nil {
			return err
		}
		p, place = p[far:], 0
	}
	rest := w.assemble(p, place)
	w.inserted()
	return w.forward(rest, w.keptBack(rest))
}

// headerGrowth is by how much a page's header grows at most, roughly.
const headerGrowth = 80

// keptBack is how much of the page's first bytes waits for the next. Where there
// is more to come, net/http keeps what fits in its buffer. The insertion would make
// that overflow a moment earlier, which costs a write of its own; so the page keeps
// back at its end what it has become longer. Longer pieces bypass that buffer.
func (w *responseWriter) keptBack(p []byte) int {
	rw := w.rewrite
	if len(p) > 2*serverBuffer || rw.straight || rw.decoder != nil || rw.plan.header.impatient || rw.length <= rw.received {
		return 0
	}
	growth := rw.insertionLength()
	if rw.splicing {
		growth, _ = rw.splicer.Growth()
	}
	return min(int(growth)+headerGrowth, len(p))
}

// inserted counts the page when its insertion is on its way.
func (w *responseWriter) inserted() {
	w.progress = copying
	if reason := w.rewrite.withheld; reason != ReasonNone {
		w.injector.skipped(w.request, reason)
		return
	}
	w.rewrite.injected = true
	w.injector.injected(w.request)
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

// scanOn reads on for the place after the header has gone.
func (w *responseWriter) scanOn(p []byte) error {
	rw := w.rewrite
	switch result, place := w.scan(p); result {
	case insertAt:
		return w.insert(p, len(rw.buffer)+place)
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

// sendHeader sends the header, changed for an insertion. It is certain when the
// place is found. The body grows by added bytes; -1: unknown.
func (w *responseWriter) sendHeader(certain bool, added int64) {
	rw := w.rewrite
	header := w.next.Header()
	late := w.rewindHeader(header)
	change := headerChange{
		length:   -1,
		decoded:  rw.decoder != nil,
		asked:    w.change.codings,
		mark:     markPlanned,
		tag:      rw.tag,
		private:  rw.insertion.Private,
		policies: rw.policies,
	}
	rw.expectsLate = w.expectsLatePolicy()
	if certain && !rw.expectsLate {
		change.mark = markInjected
		if added >= 0 && rw.length >= 0 && !change.decoded {
			change.length = rw.length + added
			rw.promised = true
		}
	}
	change.apply(header, &rw.plan.header, &w.values)
	enforced := rw.plan.header.policies[0]
	if rw.policies[0] != nil {
		enforced = rw.policies[0]
	}
	w.sendAnnounced(header, enforced, late)
}

// sendAnnounced sends the header as it is now, and sees whether a writer below has
// changed the policies that are in it. Then it sets what came too late for it.
func (w *responseWriter) sendAnnounced(header http.Header, enforced []string, late http.Header) {
	w.rewrite.headerLen = len(header)
	w.next.WriteHeader(w.status)
	if policies := header[policyHeaders[0].name]; !slices.Equal(policies, enforced) {
		w.meetLatePolicy(header)
	}
	if w.rewrite.expectsLate {
		w.meetLateRefusal(header)
	}
	maps.Copy(header, late)
}

// expectsLatePolicy reports whether policies may be set after us.
func (w *responseWriter) expectsLatePolicy() (expects bool) {
	if w.injector.latePolicies.Load() {
		return true
	}
	defer func() {
		if fault := recover(); fault != nil {
			w.injector.fault(w.request, fault)
			expects = true // which promises the least
		}
	}()
	defers := w.injector.options.DefersHeaders
	if defers == nil {
		return false
	}
	for below := w.next; below != nil; below = unwrap(below) {
		if defers(below) {
			return true
		}
	}
	return false
}

// meetLatePolicy fits the insertion to policies that a writer below has set when
// the header passed it. They are on their way already: what they do not allow is
// left away, and its place left blank where the length was promised. Later pages
// promise none, so that there is room for a nonce.
func (w *responseWriter) meetLatePolicy(header http.Header) {
	rw := w.rewrite
	w.injector.latePolicies.Store(true)
	decision := w.fitPolicies(header, KeepCSP)
	switch {
	case decision.blocked:
		rw.withheld = ReasonPolicy
	case decision.nonce == rw.nonce:
	case rw.promised:
		rw.withheld = ReasonPolicy
	default:
		rw.nonce = decision.nonce
	}
}

// fitPolicies decides about the policies in a header. A fault of ours counts as a
// policy that forbids.
func (w *responseWriter) fitPolicies(header http.Header, mode CSP) (decision policyDecision) {
	defer func() {
		if fault := recover(); fault != nil {
			w.injector.fault(w.request, fault)
			decision = policyDecision{blocked: true}
		}
	}()
	insertion := w.rewrite.insertion
	return decidePolicy(w.request, header, w.injector.needsOf(insertion), insertion.NonceAt >= 0, mode)
}
