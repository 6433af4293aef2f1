package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"time"
)

// rendererPolicy keeps the renderer in an origin of its own, that nobody shares: whatever a message holds, it reaches
// neither the page around it nor the site's cookies and storage. Its scripts run, and its links open windows, which are
// then pages like any other; a policy for them alone would leave those without their own cookies.
const rendererPolicy = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms"

// rendererPage is the page in which the reference client shows messages. It holds nothing about a message or a visitor:
// the client gives it those.
type rendererPage struct {
	text []byte
	etag string
}

// readRenderer reads the page of the client's files; a client may have none.
func readRenderer(files fs.FS) (rendererPage, error) {
	text, err := fs.ReadFile(files, "renderer.html")
	if errors.Is(err, fs.ErrNotExist) {
		return rendererPage{}, nil
	}
	sum := sha256.Sum256(text)
	return rendererPage{text: text, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}, err
}

// serveRenderer serves GET /renderer/index.html. With ?coi=1 a page asks that is isolated from other origins, and may hold
// only frames that are, too.
func (h *Handler) serveRenderer(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", rendererPolicy)
	header.Set("Cache-Control", "public, max-age=300, stale-while-revalidate=86400")
	header.Set("ETag", h.renderer.etag)
	header.Set("X-Robots-Tag", "noindex")
	if r.URL.Query().Get("coi") == "1" {
		header.Set("Cross-Origin-Embedder-Policy", "require-corp")
		header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.renderer.text))
}
