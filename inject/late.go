package inject

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// What a site sets in the header after it has announced it does not belong to the
// header any more; trailers are set that way. That holds as well while the header is
// held back here.

// Header returns the header of the writer below. The first time that somebody asks
// for it while it is held back, it is remembered as it was announced; one that only
// waits for a moment goes, since the timer must not read what a handler writes.
func (w *responseWriter) Header() http.Header {
	if w.patience == nil && w.progress != deciding {
		return w.next.Header()
	}
	w.enter()
	defer w.leave()
	if w.patience != nil && w.patience.waiting {
		_ = w.waitNoLonger() // an error meets the next write as well
	}
	header := w.next.Header()
	if w.progress == deciding && w.rewrite.announced == nil {
		w.rewrite.announced = maps.Clone(header)
	}
	return header
}

// rewindHeader makes the header what it was when the site announced it, and returns
// what was set since, to be set again when the header has gone.
func (w *responseWriter) rewindHeader(header http.Header) (late http.Header) {
	announced := w.rewrite.announced
	if announced == nil {
		return nil
	}
	late = maps.Clone(header)
	maps.DeleteFunc(late, func(name string, values []string) bool { return slices.Equal(values, announced[name]) })
	clear(header)
	maps.Copy(header, announced)
	return late
}

// passAnnounced lets a response through whose header is held back.
func (w *responseWriter) passAnnounced(reason Reason) {
	header := w.next.Header()
	late := w.rewindHeader(header)
	w.pass(reason)
	w.next.WriteHeader(w.status)
	maps.Copy(header, late)
}

// meetLateRefusal leaves the insertion away where a writer below has refused it when
// the header passed it.
func (w *responseWriter) meetLateRefusal(header http.Header) {
	switch {
	case strings.EqualFold(first(header, headerName), markOff):
		w.rewrite.withheld = ReasonOptedOutBySite
	case hasToken(header["Cache-Control"], "no-transform"):
		w.rewrite.withheld = ReasonNoTransform
	case isAttachment(header["Content-Disposition"]):
		w.rewrite.withheld = ReasonAttachment
	}
}

// Push lets handlers push over HTTP/2, where the server can.
func (w *responseWriter) Push(target string, options *http.PushOptions) error {
	for below := w.next; below != nil; below = unwrap(below) {
		if pusher, ok := below.(http.Pusher); ok {
			return pusher.Push(target, options)
		}
	}
	return http.ErrNotSupported
}
