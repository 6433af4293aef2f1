package inject

import (
	"errors"
	"net/http"
	"runtime/debug"
)

// A panic of ours, or of what the Options call, is logged and goes no further: the
// page passes as the site sent it.

// fault logs a panic.
func (i *Injector) fault(r *http.Request, fault any) Reason {
	defer func() { _ = recover() }() // of the logger
	i.options.Logger.ErrorContext(r.Context(), "fault while injecting; the page passes as the site sent it",
		"fault", fault, "uri", r.RequestURI, "stack", string(debug.Stack()))
	return ReasonInternalError
}

// survive is deferred where something is counted or logged, which is no reason to
// harm a page.
func (i *Injector) survive(r *http.Request) {
	if fault := recover(); fault != nil {
		i.fault(r, fault)
	}
}

// abortAtFault is deferred where a page is on its way and its rest cannot be told
// any more: it must not look complete, and nobody uses this state again.
func (w *responseWriter) abortAtFault() {
	if fault := recover(); fault != nil {
		w.rewrite.faulty = true
		if err, ok := fault.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
			w.injector.fault(w.request, fault)
		}
		panic(http.ErrAbortHandler)
	}
}
