package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"time"

	"handbill/engine/content"
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
	// Parts stands in the addresses of the client's parts.
	Parts string `json:"parts"`
}

// file is the client's file for the site as it is now; signals: for a browser that says by itself that nothing may be kept.
func (h *Handler) file(signals bool) (*clientFile, error) {
	options := clientOptions{
		Prefix: h.site.Prefix, SiteID: h.siteID(), WriteKey: h.writeKey(), GlobalName: h.site.GlobalName,
		AnonymousInApp: h.site.Anonymous, SPARoutes: h.site.SPARoutes, Parts: h.parts.version,
	}
	kept := &h.files
	if signals {
		kept = &h.filesOfSignals
	}
	if made := kept.Load(); made != nil && made.options == options {
		return made, nil
	}
	site, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	file.WriteString("(()=>{")
	if h.site.Consent != (Consent{}) {
		rules, err := json.Marshal(h.site.Consent.sent(signals))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&file, "%s\nhandbillConsent(%s);\n", bytes.TrimSpace(h.consenting), rules)
	}
	file.Write(bytes.TrimSpace(h.bundle))
	file.WriteString("\nhandbillClient.start(")
	file.Write(site)
	file.WriteString(")})();\n")
	sum := sha256.Sum256(file.Bytes())
	made := &clientFile{options: options, data: file.Bytes(), etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	kept.Store(made)
	return made, nil
}

// scriptAt is the file that stands below the path from which snippets load the analytics client; "" is the client itself.
func (h *Handler) scriptAt(path string) (name string, ok bool) {
	// A write key may be any text, also one with slashes.
	if key, ok := strings.CutPrefix(path, "/v1/analytics-js/snippet/"); ok && len(key) > len("/analytics.min.js") && strings.HasSuffix(key, "/analytics.min.js") {
		return "", true
	}
	name, ok = between(path, "/v1/analytics-js/", ".js")
	return name + ".js", ok && h.reference != nil
}

// serveScript serves what scriptAt found.
func (h *Handler) serveScript(w http.ResponseWriter, r *http.Request, name string) {
	switch {
	case h.reference == nil:
		// The other client has the same address: a browser that keeps this one longer would keep it when the site has changed.
		h.serveBundle(w, r, "public, max-age=300")
	case name == "":
		h.serveReference(w, r, referenceMain)
	default:
		h.serveReference(w, r, name)
	}
}

// serveClient serves what the snippet loads at its stable address: GET /client.js.
func (h *Handler) serveClient(w http.ResponseWriter, r *http.Request) {
	if h.reference != nil {
		h.servePointer(w, r, h.site.Snippet != Shim)
		return
	}
	h.serveBundle(w, r, "public, max-age=300, stale-while-revalidate=86400")
}

// serveBundle serves our own client. keep says how long a browser may use it without asking.
func (h *Handler) serveBundle(w http.ResponseWriter, r *http.Request, keep string) {
	file, err := h.file(h.site.Consent.signals(r.Header))
	if err != nil {
		h.logger.Error("the browser client could not be put together", "workspace", h.engine.Workspace(), "error", err)
		fail(w, http.StatusInternalServerError, "the browser client could not be put together")
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", keep)
	header.Set("ETag", file.etag)
	if h.site.Consent.GPC {
		header.Add("Vary", "Sec-GPC")
	}
	if h.site.Consent.DNT {
		header.Add("Vary", "DNT")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.data))
}

// parts are what the client loads when a page first needs it. All of them change their addresses when one of them
// changes, so that a browser keeps them for good and a client never loads a part that was not built with it.
type parts struct {
	version string
	files   map[string][]byte // by their names in the address
}

// readParts reads the folder parts of the client's files; a client may have none.
func readParts(files fs.FS) (parts, error) {
	entries, err := fs.ReadDir(files, "parts")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return parts{}, err
	}
	hash := sha256.New()
	texts := make([][]byte, len(entries))
	for i, entry := range entries {
		if texts[i], err = fs.ReadFile(files, "parts/"+entry.Name()); err != nil {
			return parts{}, err
		}
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(texts[i]), texts[i])
	}
	made := parts{version: hex.EncodeToString(hash.Sum(nil)[:4]), files: make(map[string][]byte, len(entries))}
	for i, entry := range entries {
		kind := path.Ext(entry.Name())
		made.files[strings.TrimSuffix(entry.Name(), kind)+"-"+made.version+kind] = texts[i]
	}
	return made, nil
}

// servePart serves a part of the client: GET /parts/NAME-VERSION.js, or .css for a style sheet.
func servePart(w http.ResponseWriter, r *http.Request, text []byte) {
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	if path.Ext(r.URL.Path) == ".css" {
		header.Set("Content-Type", "text/css; charset=utf-8")
	}
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(text))
}

// serveDocument serves a document that a message shows in a sandbox: GET /sandbox/FRAME.html. The policy keeps it in an
// origin of its own wherever it is opened, also in a tab.
func (h *Handler) serveDocument(w http.ResponseWriter, r *http.Request, frame string) {
	snapshot := h.engine.Snapshot()
	if snapshot == nil {
		fail(w, http.StatusNotFound, "no messages are loaded")
		return
	}
	document, ok := snapshot.Document(frame)
	if !ok {
		fail(w, http.StatusNotFound, "no message shows this document")
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "sandbox "+content.SandboxFlags)
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("X-Robots-Tag", "noindex")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(withBridge(document, h.bridge)))
}

var (
	speaksToBridge = regexp.MustCompile(`\bmessage\s*\.\s*(dismiss|openUrl|showMessage|performAction|snooze)\b`)
	doctype        = regexp.MustCompile(`(?i)^\s*<!doctype[^>]*>`)
)

// withBridge is a document in which scripts find what they call as "message", as the reference client's page has it; where
// they call nothing of it, the document as it is.
func withBridge(document string, bridge []byte) string {
	if len(bridge) == 0 || !speaksToBridge.MatchString(document) {
		return document
	}
	begins := doctype.FindString(document)
	return begins + "<script>" + string(bridge) + "</script>" + document[len(begins):]
}
