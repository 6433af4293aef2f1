package caddymodule

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime/debug"

	"handbill/client"
	"handbill/engine/wire"
)

// readyEndpoint returns the site's endpoint; nil while the store is not open.
func (h *Handler) readyEndpoint() *wire.Handler {
	if made := h.endpoint.Load(); made != nil {
		return made
	}
	service := h.app.service(h.workspace)
	if service == nil {
		return nil
	}
	engine := service.engine.Load()
	if engine == nil {
		return nil
	}
	made, err := wire.New(wire.Options{
		Engine: engine, Site: h.site, Client: client.Files(), Logger: h.logger, Scheme: scheme, ClientIP: clientIP,
		Country: h.country, StreamSite: h.streams, Reference: h.reference,
		Inspect: func(ctx context.Context, page *url.URL, header http.Header) any {
			return explainPage(ctx, page, header)
		},
	})
	if err != nil {
		h.logger.Error("the endpoint cannot be served", "error", err)
		return nil
	}
	if !h.endpoint.CompareAndSwap(nil, made) {
		return h.endpoint.Load()
	}
	return made
}

// serveEndpoint answers a request to the endpoint, which is no page of the site: a fault of ours ends here.
func (h *Handler) serveEndpoint(w http.ResponseWriter, r *http.Request) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(fault) // the server's own way to close a connection
		}
		h.logger.ErrorContext(r.Context(), "fault in the endpoint; please report it", "uri", r.RequestURI, "fault", fault, "stack", string(debug.Stack()))
		fail(w, http.StatusInternalServerError, "a fault in Handbill; the server's log has it")
	}()
	if service := h.app.service(h.workspace); service != nil {
		service.await(r)
	}
	endpoint := h.readyEndpoint()
	if endpoint == nil {
		w.Header().Set("Retry-After", "5")
		fail(w, http.StatusServiceUnavailable, "messages are not available: the store is not open yet; the server's log says why")
		return
	}
	endpoint.ServeHTTP(w, r)
}

// await waits until the store is open, or is known not to open; a page would not wait. Once it is, nothing is asked of the
// request's context, which would make a channel for it.
func (s *service) await(r *http.Request) {
	select {
	case <-s.settled:
		return
	default:
	}
	select {
	case <-s.settled:
	case <-r.Context().Done():
	}
}

// fail answers as the endpoint does when something is wrong.
func fail(w http.ResponseWriter, status int, reason string) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Del("Content-Length")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":"` + reason + `"}` + "\n")) // the browser may be gone; reasons need no escaping
}
