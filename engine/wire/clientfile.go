package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// clientFile is the browser client as this site serves it: the bundle, started with the site's names.
type clientFile struct {
	options clientOptions
	data    []byte
	etag    string
}

// clientOptions are what the client must know of its site. They hold nothing about the visitor.
type clientOptions struct {
	Prefix         string `json:"prefix"`
	SiteID         string `json:"siteId"`
	WriteKey       string `json:"writeKey"`
	GlobalName     string `json:"globalName"`
	AnonymousInApp bool   `json:"anonymousInApp"`
	SPARoutes      bool   `json:"spaRoutes"`
}

// file is the client's file for the site as it is now.
func (h *Handler) file() (*clientFile, error) {
	options := clientOptions{
		Prefix: h.site.Prefix, SiteID: h.siteID(), WriteKey: h.writeKey(), GlobalName: h.site.GlobalName,
		AnonymousInApp: h.site.Anonymous, SPARoutes: h.site.SPARoutes,
	}
	if made := h.files.Load(); made != nil && made.options == options {
		return made, nil
	}
	site, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	file.WriteString("(()=>{")
	file.Write(bytes.TrimSpace(h.bundle))
	file.WriteString("\nhandbillClient.start(")
	file.Write(site)
	file.WriteString(")})();\n")
	sum := sha256.Sum256(file.Bytes())
	made := &clientFile{options: options, data: file.Bytes(), etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	h.files.Store(made)
	return made, nil
}

// serveClient serves the client at its stable address: GET /client.js, and the address that the inline snippet loads.
func (h *Handler) serveClient(w http.ResponseWriter, r *http.Request) {
	file, err := h.file()
	if err != nil {
		h.logger.Error("the browser client could not be put together", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusInternalServerError, "the browser client could not be put together")
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	header.Set("ETag", file.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.data))
}
