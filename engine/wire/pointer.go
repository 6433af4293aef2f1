package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"time"
)

// pointerOptions are what a page must know to make the reference client ask this site's endpoint. They hold nothing about
// the visitor.
type pointerOptions struct {
	Prefix         string `json:"prefix"`
	SiteID         string `json:"siteId"`
	WriteKey       string `json:"writeKey"`
	GlobalName     string `json:"globalName"`
	AnonymousInApp bool   `json:"anonymousInApp"`
	Loads          bool   `json:"loads"`
}

// pointer is the script that stands before the reference client, and before the site's own code. loads: it also loads the
// client where the site's own code does not.
func (h *Handler) pointer(loads bool) string {
	options := pointerOptions{
		Prefix: h.site.Prefix, SiteID: h.siteID(), WriteKey: h.writeKey(), GlobalName: h.site.GlobalName,
		AnonymousInApp: h.site.Anonymous, Loads: loads,
	}
	return "(()=>{" + string(h.shim) + "\nhandbillReference.point(" + script(options) + ")})();"
}

// servePointer serves the script at its stable address.
func (h *Handler) servePointer(w http.ResponseWriter, r *http.Request, loads bool) {
	text := []byte(h.pointer(loads) + "\n")
	sum := sha256.Sum256(text)
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	header.Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// serveShim serves what makes a copy of the reference client that the site loads itself ask this endpoint: GET /shim.js.
func (h *Handler) serveShim(w http.ResponseWriter, r *http.Request) { h.servePointer(w, r, false) }
