package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"strings"
	"unicode/utf16"
)

// Snippet is what a page needs to load the client.
type Snippet struct {
	// Markup is ASCII, and the same for every visitor.
	Markup []byte
	// NonceAt is the place in Markup where an attribute ` nonce="…"` belongs.
	NonceAt int
	// Version names the markup: it changes when, and only when, the markup does.
	Version string
}

// Snippet returns the site's snippet in its form; ok is false when nothing is to be inserted: the form is Off, no workspace
// has been loaded, or the reference client that pages should load is not there.
func (h *Handler) Snippet() (snippet Snippet, ok bool) {
	if _, known := h.engine.Opening(); !known || h.site.Snippet == Off || h.reference != nil && h.reference.current() == nil {
		return Snippet{}, false
	}
	key := snippetKey{siteID: h.siteID(), writeKey: h.writeKey()}
	if made := h.snippets.Load(); made != nil && made.key == key {
		return made.snippet, true
	}
	markup := h.markup(key)
	sum := sha256.Sum256([]byte(markup))
	snippet = Snippet{Markup: []byte(markup), NonceAt: len("<script"), Version: hex.EncodeToString(sum[:4])}
	h.snippets.Store(&madeSnippet{key: key, snippet: snippet})
	return snippet, true
}

// snippetKey is what a snippet depends on besides the site's settings.
type snippetKey struct{ siteID, writeKey string }

type madeSnippet struct {
	key     snippetKey
	snippet Snippet
}

// markup is the snippet in its form.
func (h *Handler) markup(key snippetKey) string {
	switch {
	case h.reference != nil && h.site.Snippet == Inline:
		return "<script>" + h.pointer(true) + "</script>"
	case h.reference != nil && h.site.Snippet == Shim:
		return scriptElement("", h.site.Prefix+"/shim.js")
	case h.reference != nil:
		// The site's own code comes after it, and must find what it makes. Browsers that have our own client from before the
		// site changed to this one must not take it for this.
		return scriptElement("", h.site.Prefix+"/client.js?reference")
	case h.site.Snippet == Inline:
		return h.inline(key)
	}
	return h.external()
}

// scriptElement loads a script.
func scriptElement(attributes, address string) string {
	return "<script" + attributes + ` src="` + html.EscapeString(address) + `"></script>`
}

// external is one small element, so that a page's own <meta charset> stays within the bytes a browser looks at for it.
func (h *Handler) external() string {
	attribute := ""
	if h.site.Anonymous {
		attribute = " data-anonymous-in-app"
	}
	return `<script async src="` + html.EscapeString(h.site.Prefix+"/client.js") + `"` + attribute + `></script>`
}

// methods are the reference stub's.
const methods = "trackSubmit trackClick trackLink trackForm pageview identify reset group track ready alias debug page once off on " +
	"addSourceMiddleware addIntegrationMiddleware setAnonymousId addDestinationMiddleware"

// inline is the stub with its queue, load and page, in the page itself, for sites whose own code calls the API. Unlike
// the reference snippet it does not mark the global as invoked: a snippet of the site's own that comes after it would
// complain of a second one on the console. The client follows that one's load instead.
func (h *Handler) inline(key snippetKey) string {
	plugin := map[string]any{"siteId": key.siteID}
	if h.site.Anonymous {
		plugin["anonymousInApp"] = true
	}
	load := map[string]any{"integrations": map[string]any{"Customer.io In-App Plugin": plugin}}
	return `<script>!function(w,d,n){var a=w[n]=w[n]||[];if(a.initialize||a.invoked)return;a.methods=` + script(methods) + `.split(" ");` +
		`a.factory=function(m){return function(){var c=Array.prototype.slice.call(arguments);c.unshift(m);a.push(c);return a}};` +
		`a.methods.forEach(function(m){a[m]=a.factory(m)});` +
		`a.load=function(k,o){var s=d.createElement("script");s.async=!0;` +
		`s.setAttribute("data-global-customerio-analytics-key",n);` +
		`s.src=` + script(h.site.Prefix+"/v1/analytics-js/snippet/") + `+k+"/analytics.min.js";` +
		`var f=d.currentScript||d.getElementsByTagName("script")[0];if(f&&f.nonce)s.nonce=f.nonce;(f&&f.parentNode||d.head).insertBefore(s,f&&f.nextSibling);` +
		`a._writeKey=k;a._loadOptions=o};a.SNIPPET_VERSION="4.15.3";` +
		`a.load(` + script(key.writeKey) + `,` + script(load) + `);a.page()}(window,document,` + script(h.site.GlobalName) + `);</script>`
}

// script writes a value as JavaScript that may stand in a script element of any ASCII-compatible encoding.
func script(value any) string {
	text, err := json.Marshal(value) // escapes <, > and &, so that no value can end the element
	if err != nil {
		return "null"
	}
	var ascii strings.Builder
	for _, r := range string(text) {
		if r < 0x80 {
			ascii.WriteRune(r)
			continue
		}
		ascii.WriteString(escapeUTF16(r))
	}
	return ascii.String()
}

// escapeUTF16 writes a character outside ASCII as JavaScript escapes of its UTF-16 code units.
func escapeUTF16(r rune) string {
	text := ""
	for _, unit := range utf16.Encode([]rune{r}) {
		text += fmt.Sprintf(`\u%04x`, unit)
	}
	return text
}
