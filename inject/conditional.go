package inject

import "net/http"

// prepareRequest changes the request for the site. A fault of ours leaves the rest
// of it as it is.
func (w *responseWriter) prepareRequest() {
	defer func() {
		if fault := recover(); fault != nil {
			w.injector.fault(w.request, fault)
		}
	}()
	w.change.apply(w.request, w.injector.options.AskEncoding, w.expect)
}

// expect asks what would be inserted now, and remembers it for a 304.
func (w *responseWriter) expect() (Insertion, bool) {
	insertion, ok := w.injector.options.Insertion(w.request, http.StatusNotModified, http.Header{})
	if !ok || len(insertion.Bytes) == 0 {
		return Insertion{}, false
	}
	w.expected = &insertion
	return insertion, true
}

// translateNotModified makes a 304 speak of the copy that the browser has: its
// tag, and the policy that goes with its insertion, since browsers take a 304's
// header over.
func (w *responseWriter) translateNotModified() {
	header := w.next.Header()
	tag := w.change.copies.tagOf(header)
	if tag == "" {
		return
	}
	header["Etag"] = []string{tag}
	if w.change.codings {
		addVary(header, header["Vary"], &w.values)
	}
	if policiesOf(header).none() {
		return
	}
	w.rewrite.insertion = *w.expected
	decision := w.fitPolicies(header, w.injector.options.CSP)
	if decision.blocked {
		return
	}
	for i, h := range policyHeaders {
		if decision.values[i] != nil {
			header[h.name] = decision.values[i]
		}
	}
}
