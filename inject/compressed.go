package inject

import "net/http"

// A compressed body is spliced where its coding allows that (gzip, deflate), and
// decoded otherwise (br, zstd). Until the place of the insertion is found it is
// kept as it came, so that a body that is not injected after all passes that way.

// compressed tells whether the body has a coding.
func (rw *rewrite) compressed() bool { return rw.splicing || rw.decoder != nil }

// startCompressed makes ready for a body with a coding.
func (w *responseWriter) startCompressed() {
	switch w.rewrite.plan.coding {
	case brotliCoding, zstdCoding:
		w.rewrite.decoder = newDecoder(w.rewrite.plan.coding)
	case gzipCoding, deflateCoding:
		if w.request.Method != http.MethodHead {
			w.rewrite.splicing = true
			w.resetSplicer()
		}
	}
}

// compressedBody takes the next bytes of a compressed body.
func (w *responseWriter) compressedBody(p []byte) error {
	rw := w.rewrite
	rw.received += int64(len(p))
	if rw.splicing {
		return w.splice(p)
	}
	if w.progress == deciding {
		rw.raw = append(rw.raw, p...)
	}
	return w.decode(p)
}

// passRaw lets a compressed page through as it came.
func (w *responseWriter) passRaw(reason Reason) error {
	w.passAnnounced(reason)
	return w.send(w.rewrite.raw)
}
