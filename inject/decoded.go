package inject

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// errRefused ends the decoding of a body that is to pass as it came.
var errRefused = errors.New("not to be injected")

// decode gives the decoder the next bytes of the body.
func (w *responseWriter) decode(p []byte) error {
	rw := w.rewrite
	if rw.failed != nil {
		return rw.failed
	}
	more, err := rw.decoder.push(p, w.decoded)
	switch {
	case errors.Is(err, errRefused):
		return w.passRaw(rw.document.scanner.reason)
	case err != nil:
		return err
	case w.progress == deciding && !more:
		return w.passRaw(w.undecodedReason())
	case w.progress == deciding && len(rw.raw) > rawLimit:
		return w.passRaw(ReasonPrologueTooLong)
	case !more && w.progress == copying:
		return w.decodingFailed()
	}
	return nil
}

// decoded takes the next piece of the page's text.
func (w *responseWriter) decoded(text []byte) error {
	if w.progress == deciding {
		return w.decide(text)
	}
	return w.send(text)
}

// undecodedReason says why a body that was decoded to its end has no place for an
// insertion.
func (w *responseWriter) undecodedReason() Reason {
	if w.rewrite.decoder.err != nil {
		return ReasonBrokenCoding
	}
	return ReasonEndedEarly
}

// decodingFailed tells whether a fault ended the decoding of an injected page. A
// body that is merely cut off shows as far as it goes, as it does in browsers.
func (w *responseWriter) decodingFailed() error {
	err := w.rewrite.decoder.err
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	w.rewrite.failed = fmt.Errorf("decoding the site's page: %w", err)
	return w.rewrite.failed
}

// finishDecoding sends the rest of a page.
func (w *responseWriter) finishDecoding() error {
	if err := w.rewrite.decoder.end(w.decoded); err != nil {
		return err
	}
	if err := w.decodingFailed(); err != nil {
		return w.abort(err)
	}
	return nil
}

// abort ends a page that cannot be sent in full, so that it does not look complete.
func (w *responseWriter) abort(cause error) error {
	w.injector.options.Logger.ErrorContext(w.request.Context(), "aborting a page: its compressed body cannot be read",
		"error", cause, "uri", w.request.RequestURI)
	panic(http.ErrAbortHandler)
}
