package wire

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
)

// admitsServer says whether a request that sends events may: where a server library names a write key, it must be the
// site's. A browser is not asked: the basic authentication that it sends is for the site, and its snippet may name the key of
// another system. It has answered when it returns false.
func (h *Handler) admitsServer(w http.ResponseWriter, r *http.Request, named string) bool {
	if fromBrowser(r) {
		return true
	}
	key, _, given := r.BasicAuth()
	switch {
	case given:
		named = key
	case strings.HasPrefix(r.Header.Get("Authorization"), "Basic "):
		return h.refuseKey(w, "the basic authentication cannot be read; send the base64 of the write key and a colon")
	}
	switch own := h.writeKey(); {
	case given && named == "":
		return h.refuseKey(w, "the basic authentication names no write key; send the site's as the user")
	case named != "" && own != "" && named != own:
		return h.refuseKey(w, "the write key is not this site's; use the write_key of its workspace or of its directive")
	}
	return true
}

// refuseKey answers whoever names a write key that is not the site's.
func (h *Handler) refuseKey(w http.ResponseWriter, reason string) bool {
	w.Header().Set("WWW-Authenticate", `Basic realm="write key"`)
	fail(w, http.StatusUnauthorized, "%s", reason)
	return false
}

// fromBrowser says whether a page sent a request: browsers say where a POST comes from.
func fromBrowser(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Origin") != ""
}

// readEvents is read for bodies that server libraries may have compressed: limit holds before and after.
func readEvents(w http.ResponseWriter, r *http.Request, limit int64, into any) bool {
	switch coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
		return read(w, r, limit, into)
	case "gzip":
	default:
		fail(w, http.StatusUnsupportedMediaType, "the body is encoded as %q; send it plain, or as gzip", coding)
		return false
	}
	buffer := buffers.Get().(*buffer)
	defer buffers.Put(buffer)
	if !buffer.fill(w, r, limit) {
		return false
	}
	data, err := gunzip(buffer.data, limit)
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, "the body is not the gzip that it says it is; send it again")
		return false
	case int64(len(data)) > limit:
		fail(w, http.StatusRequestEntityTooLarge, "the body is larger than %d bytes when it is unpacked; send less at once", limit)
		return false
	}
	return decode(w, data, into)
}

// gunzip unpacks at most one byte more than limit.
func gunzip(packed []byte, limit int64) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(reader, limit+1))
}

// serveMetrics takes what the reference client measures of itself: POST /v1/m. Nobody needs it.
func (h *Handler) serveMetrics(w http.ResponseWriter, r *http.Request) {
	buffer := buffers.Get().(*buffer)
	defer buffers.Put(buffer)
	if buffer.fill(w, r, ingestBody) {
		answer(w, http.StatusOK, map[string]any{"success": true})
	}
}
