package inject

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/gzip"
)

// decode takes the next bytes of a compressed body. Until the place of the
// insertion is found they are kept, so that a body that is not injected after all
// passes as it came.
func (w *responseWriter) decode(p []byte) error {
	rw := w.rewrite
	if w.progress == deciding {
		rw.raw = append(rw.raw, p...)
	}
	more, err := rw.decoder.push(p, w.decoded)
	if errors.Is(err, errRefused) {
		return w.passRaw()
	}
	if err != nil {
		return err
	}
	if w.progress == deciding {
		switch {
		case !more:
			rw.document.scanner.reason = w.undecodedReason()
			return w.passRaw()
		case len(rw.raw) > rawLimit:
			rw.document.scanner.reason = ReasonPrologueTooLong
			return w.passRaw()
		}
		return nil
	}
	if !more {
		return w.decodingFailed()
	}
	return nil
}

// decoded takes the next bytes of a compressed body's text.
func (w *responseWriter) decoded(text []byte) error { return w.body(text) }

// undecodedReason says why a body that was decoded to its end has no place for an
// insertion.
func (w *responseWriter) undecodedReason() Reason {
	if w.rewrite.decoder.err != nil {
		return ReasonBrokenCoding
	}
	return ReasonEndedEarly
}

// passRaw lets a compressed page through as it came.
func (w *responseWriter) passRaw() error {
	rw := w.rewrite
	reason := rw.document.scanner.reason
	w.pass(reason)
	w.next.WriteHeader(w.status)
	return w.send(rw.raw)
}

// decodingFailed tells whether an injected page's compressed body ended by a
// fault. Faults after the last of the text are passed over, as browsers do: a
// wrong checksum, or something behind the end.
func (w *responseWriter) decodingFailed() error {
	err := w.rewrite.decoder.err
	if err == nil || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	w.rewrite.failed = fmt.Errorf("decoding the site's page: %w", err)
	return w.rewrite.failed
}

// finishDecoding sends the rest of a decoded page. A page that cannot be decoded
// to its end must not look complete.
func (w *responseWriter) finishDecoding() error {
	if err := w.rewrite.decoder.end(w.decoded); err != nil {
		return err
	}
	if err := w.decodingFailed(); err != nil {
		w.injector.options.Logger.ErrorContext(w.request.Context(), "aborting a page whose compressed body is damaged",
			"error", err, "uri", w.request.RequestURI)
		panic(http.ErrAbortHandler)
	}
	return nil
}
