package wire

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"

	"handbill/engine"
	"handbill/engine/pagerule"
	"handbill/engine/workspace"
)

// embedVersion is that of the form in which a message stands in a page.
const embedVersion = 1

// embedSent is a message in the page itself, as the reference client reads it.
type embedSent struct {
	Version int          `json:"v"`
	EmbedID string       `json:"embedId"`
	Target  string       `json:"target"`
	SiteID  string       `json:"siteId"`
	Display embedDisplay `json:"display"`
	Message embedMessage `json:"message"`
}

type embedDisplay struct {
	Frequency string `json:"frequency"`
	LogView   bool   `json:"logView"`
}

type embedMessage struct {
	MessageID  string          `json:"messageId"`
	Properties queueProperties `json:"properties"`
}

// madeEmbeds are the elements of the messages of one snapshot that come with their pages.
type madeEmbeds struct {
	snapshot *workspace.Snapshot
	siteID   string
	elements []embedElement
}

type embedElement struct {
	message *workspace.Message
	markup  []byte
}

// emptyDocument is there because the client asks for a document; the renderer shows the message's tree.
var emptyDocument = func() string {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = writer.Write([]byte("<!doctype html>")) // a buffer takes everything
	_ = writer.Close()
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}()

// Embeds says whether messages come with pages of the site: pages may hold them, and there are such messages.
func (h *Handler) Embeds() bool {
	snapshot := h.engine.Snapshot()
	return h.embeds() && snapshot != nil && snapshot.InApp && len(snapshot.Embedded()) > 0
}

// embeds says whether pages may hold messages: the reference client is there and knows how to show them, the edge changes pages, and
// messages are for everybody. Where they may not, such a message is asked for like every other.
func (h *Handler) embeds() bool {
	return h.reference != nil && h.site.Snippet != Off && h.site.Anonymous && h.reference.knowsEmbeds()
}

// WithEmbeds is a snippet with the messages that come with the page which a request asks for.
func (h *Handler) WithEmbeds(snippet Snippet, r *http.Request) Snippet {
	page, err := pagerule.NewPage(h.origin(r)+r.URL.RequestURI(), "")
	if err != nil {
		return snippet
	}
	sum, found := sha256.New(), false
	for _, element := range h.embedElements() {
		if !element.message.Pages.Match(&page) {
			continue
		}
		if !found {
			snippet.Markup = slices.Clone(snippet.Markup)
		}
		found = true
		snippet.Markup = append(snippet.Markup, element.markup...)
		sum.Write(element.markup)
	}
	if found {
		snippet.Version += hex.EncodeToString(sum.Sum(nil)[:4])
	}
	return snippet
}

// embedElements are the elements of all messages that come with pages, made once for each snapshot.
func (h *Handler) embedElements() []embedElement {
	snapshot, siteID := h.engine.Snapshot(), h.siteID()
	if made := h.embedded.Load(); made != nil && made.snapshot == snapshot && made.siteID == siteID {
		return made.elements
	}
	made := &madeEmbeds{snapshot: snapshot, siteID: siteID}
	for _, m := range snapshot.Embedded() {
		markup, err := h.embedMarkup(m, siteID)
		if err != nil {
			h.logger.Error("a message cannot come with its page", "workspace", h.engine.Workspace(), "message", m.ID, "error", err)
			continue
		}
		made.elements = append(made.elements, embedElement{m, markup})
	}
	h.embedded.Store(made)
	return made.elements
}

// embedMarkup is a message as an element of a page.
func (h *Handler) embedMarkup(m *workspace.Message, siteID string) ([]byte, error) {
	shown := &m.Content
	text, err := h.content(engine.Delivery{Message: m, Content: shown})
	if err != nil {
		return nil, err
	}
	sent := embedSent{
		Version: embedVersion, EmbedID: m.ID, Target: shown.Target, SiteID: siteID, Display: embedDisplay{Frequency: m.EmbedFrequency()},
		Message: embedMessage{MessageID: m.ID, Properties: queueProperties{
			Gist:     gistProperties{EncodedHTML: emptyDocument, ContentID: h.engine.NumberOf(m), TemplateID: h.engine.TemplateOf(m), MessageWidth: widthOf(shown.Placement())},
			Handbill: &rendererSent{Content: text},
		}},
	}
	return []byte(`<script type="application/json" data-cio-embed-payload="` + m.ID + `">` + script(sent) + `</script>`), nil
}
