// Package wire is the endpoint: the HTTP API below a site's prefix that browsers poll, report to and load the client from.
//
// It speaks the paths, headers and bodies of the reference clients, so that those work unmodified, and adds a little for
// our own: the page in a poll, the content of a message as a tree, and a generation to compare. A [Handler] translates
// between HTTP and an [engine.Engine]; it decides nothing itself. It also knows the snippet that makes a page load the
// client ([Handler.Snippet]), in the external and the inline form.
package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"handbill/engine"
)

// Defaults of a [Site].
const (
	DefaultPrefix       = "/_handbill"
	DefaultGlobalName   = "cioanalytics"
	DefaultCookieName   = "handbill_id"
	DefaultCookieMaxAge = 395 * 24 * time.Hour
)

// SnippetForm says how the snippet stands in a page.
type SnippetForm string

// The forms.
const (
	External SnippetForm = "external" // one async script element; its file holds stub, options and client
	Inline   SnippetForm = "inline"   // the stub's text, for sites whose own code calls the API
	Shim     SnippetForm = "shim"     // with the reference client: what makes the site's own copy of it ask this endpoint
	Off      SnippetForm = "off"      // nothing is inserted; the endpoint only
)

// Site says how a site's endpoint and snippet look. The zero value of each field but Anonymous means its default.
type Site struct {
	// Prefix is the path below which the endpoint lives, as the browser sees it, without a final slash. Default: DefaultPrefix.
	Prefix string
	// Origin is the site's scheme and host, such as "https://shop.example.com". Default: that of each request.
	Origin string
	// SiteID and WriteKey are what clients name. Default: the workspace's.
	SiteID, WriteKey string
	// GlobalName is the name of the page's global object. Default: DefaultGlobalName.
	GlobalName string
	// Anonymous allows messages for visitors who have not identified, and issues their cookie. Off: nobody is answered,
	// and nothing is remembered, before identify.
	Anonymous bool
	// Snippet is the form of the snippet. Default: External.
	Snippet SnippetForm
	// SPARoutes makes the client notice the routes of single-page applications by itself.
	SPARoutes bool
	// Cookie is the visitor's cookie.
	Cookie Cookie
	// Consent says what may be kept in a browser. Default: everything, and pages have no say in it.
	Consent Consent
	// Identity says when a user id is believed. Default: always.
	Identity Identity
}

// Cookie says how the cookie that knows a browser again is set. It is always HttpOnly, SameSite=Lax and, on https, Secure.
type Cookie struct {
	// Name defaults to DefaultCookieName.
	Name string
	// Domain makes the cookie hold for subdomains too. Default: this host only.
	Domain string
	// MaxAge defaults to DefaultCookieMaxAge.
	MaxAge time.Duration
}

// Options say what a [Handler] works with.
type Options struct {
	// Engine answers; required.
	Engine *engine.Engine
	// Site says how the endpoint looks.
	Site Site
	// Client holds the browser client's files: "client.js" is the bundle, "consent.js" what stands before it on sites with rules of consent, "parts" a folder of what it loads when it is
	// first needed, "reference.js" what a page needs before the reference client, and "renderer.html" the page in which that
	// shows messages. Required.
	Client fs.FS
	// Reference is the published reference client, which pages load in place of ours. Nil: they load ours.
	Reference *Reference
	// StreamSite is how [engine.Streams] names the site.
	StreamSite string
	// Logger receives what an operator should know. Nil: slog.Default().
	Logger *slog.Logger
	// Scheme says whether a request came by "http" or "https", as the browser sees it. Nil: by its TLS state.
	Scheme func(*http.Request) string
	// ClientIP is the address that requests are limited by. Nil: that of the connection.
	ClientIP func(*http.Request) string
	// Country is the ISO 3166-1 code of where a request comes from, in capitals, or "". Nil: it is not known.
	Country func(*http.Request) string
	// Inspect says of a page whether it has its snippet, as JSON, to who has a debug link. Nil: nobody can tell.
	Inspect func(ctx context.Context, page *url.URL, header http.Header) any
}

// Handler serves the endpoint of one site. It is safe for concurrent use.
type Handler struct {
	engine     *engine.Engine
	site       Site
	logger     *slog.Logger
	scheme     func(*http.Request) string
	clientIP   func(*http.Request) string
	country    func(*http.Request) string
	inspect    func(context.Context, *url.URL, http.Header) any
	reference  *Reference
	bundle     []byte
	bridge     []byte // what stands in documents that were written for the reference client
	consenting []byte // what stands before the client where the site has rules of consent
	shim       []byte // what stands before the reference client
	parts      parts
	renderer   rendererPage
	files      atomic.Pointer[clientFile]
	// filesOfSignals is the file for browsers that say by themselves that nothing may be kept.
	filesOfSignals atomic.Pointer[clientFile]
	contents       atomic.Pointer[contents]
	pages          pages
	snippets       atomic.Pointer[madeSnippet]
	embedded       atomic.Pointer[madeEmbeds]
	streamSite     string
	polls          *limiter
	writes         *limiter
	complaints     complaints
}

// New makes the endpoint of a site. It fails when the options are incomplete or the client's bundle cannot be read.
func New(options Options) (*Handler, error) {
	if options.Engine == nil || options.Client == nil {
		return nil, errors.New("the endpoint needs an engine and the client's files")
	}
	bundle, err := fs.ReadFile(options.Client, "client.js")
	if err != nil {
		return nil, fmt.Errorf("reading the browser client: %w", err)
	}
	consenting, err := fs.ReadFile(options.Client, "consent.js")
	if err != nil && (options.Site.Consent != Consent{} || !errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("reading what stands before the browser client: %w", err)
	}
	bridge, err := fs.ReadFile(options.Client, "bridge.js")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading what stands in documents: %w", err)
	}
	shim, err := fs.ReadFile(options.Client, "reference.js")
	if err != nil && (options.Reference != nil || !errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("reading what stands before the reference client: %w", err)
	}
	parts, err := readParts(options.Client)
	if err != nil {
		return nil, fmt.Errorf("reading the browser client's parts: %w", err)
	}
	renderer, err := readRenderer(options.Client)
	if err != nil {
		return nil, fmt.Errorf("reading the renderer's page: %w", err)
	}
	h := &Handler{
		engine: options.Engine, site: options.Site.withDefaults(), logger: options.Logger,
		scheme: options.Scheme, clientIP: options.ClientIP, country: options.Country, inspect: options.Inspect, bundle: bundle, bridge: bytes.TrimSpace(bridge), consenting: consenting, parts: parts,
		reference: options.Reference, shim: bytes.TrimSpace(shim), renderer: renderer,
		streamSite: options.StreamSite, pages: pages{seed: maphash.MakeSeed()},
		polls: newLimiter(pollRate, pollBurst), writes: newLimiter(writeRate, writeBurst),
	}
	if h.logger == nil {
		h.logger = slog.Default()
	}
	if h.scheme == nil {
		h.scheme = schemeOfConnection
	}
	if h.clientIP == nil {
		h.clientIP = func(r *http.Request) string { return r.RemoteAddr }
	}
	return h, nil
}

func (s Site) withDefaults() Site {
	if s.Prefix == "" {
		s.Prefix = DefaultPrefix
	}
	s.Prefix = "/" + strings.Trim(s.Prefix, "/")
	if s.GlobalName == "" {
		s.GlobalName = DefaultGlobalName
	}
	if s.Snippet == "" {
		s.Snippet = External
	}
	if s.Cookie.Name == "" {
		s.Cookie.Name = DefaultCookieName
	}
	if s.Cookie.MaxAge <= 0 {
		s.Cookie.MaxAge = DefaultCookieMaxAge
	}
	s.Origin = strings.TrimSuffix(s.Origin, "/")
	return s
}

func schemeOfConnection(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// siteID and writeKey are the site's own names, or those of the workspace.
func (h *Handler) siteID() string {
	if opening, known := h.engine.Opening(); h.site.SiteID == "" && known {
		return opening.SiteID
	}
	return h.site.SiteID
}

func (h *Handler) writeKey() string {
	if opening, known := h.engine.Opening(); h.site.WriteKey == "" && known {
		return opening.WriteKey
	}
	return h.site.WriteKey
}

// Owns says whether a path, as the browser sent it, belongs to the endpoint.
func (h *Handler) Owns(path string) bool {
	rest, below := strings.CutPrefix(path, h.site.Prefix)
	return below && (rest == "" || rest[0] == '/')
}

// ServeHTTP answers a request to the endpoint. The request's URL must be the one that the browser asked for.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	setOwn(header)
	path, below := strings.CutPrefix(r.URL.Path, h.site.Prefix)
	if !below {
		fail(w, http.StatusNotFound, "%s is not below %s", r.URL.Path, h.site.Prefix)
		return
	}
	route, known := h.route(path)
	if !known {
		fail(w, http.StatusNotFound, "there is nothing at %s; docs/endpoint.md lists the endpoint's paths", r.URL.Path)
		return
	}
	if !allowed(route.methods, r.Method) {
		header.Set("Allow", strings.Join(route.methods, ", "))
		fail(w, http.StatusMethodNotAllowed, "%s does not answer %s; use %s", r.URL.Path, r.Method, strings.Join(route.methods, " or "))
		return
	}
	if route.limit != nil && !h.guard(w, r, route.limit) {
		return
	}
	route.serve(h, w, r)
}

// setOwn sets the fields that every answer has. Their values stand in one list, which has room for one more, so that the
// header of most polls is one piece of memory.
func setOwn(header http.Header) {
	values := []string{"no-store", "nosniff", ""}
	header["Cache-Control"] = values[0:1:1]
	header[roomAfter] = values[1:2:3]
}

// roomAfter is the field behind whose value there may be room.
const roomAfter = "X-Content-Type-Options"

// setInRoom is header.Set, for one field of a canonical name.
func setInRoom(header http.Header, name, value string) {
	values := header[roomAfter]
	if len(values) != 1 || cap(values) != 2 {
		header.Set(name, value)
		return
	}
	values = values[:2:2]
	values[1] = value
	header[roomAfter], header[name] = values[0:1:1], values[1:2:2]
}

// route is one path of the endpoint.
type route struct {
	methods []string
	limit   *limiter // nil for files: anybody may read them, as often as they like
	serve   func(*Handler, http.ResponseWriter, *http.Request)
}

var (
	methodsRead    = []string{http.MethodGet, http.MethodHead}
	methodsGet     = []string{http.MethodGet}
	methodsPost    = []string{http.MethodPost}
	methodsPatch   = []string{http.MethodPatch}
	methodsPreview = []string{http.MethodPost, http.MethodDelete}
)

// route finds what answers a path below the prefix.
func (h *Handler) route(path string) (route, bool) {
	switch path {
	case "/client.js":
		return route{methodsRead, nil, (*Handler).serveClient}, true
	case "/renderer/index.html":
		return route{methodsRead, nil, (*Handler).serveRenderer}, h.renderer.text != nil
	case "/api/v4/users":
		return route{methodsPost, h.polls, (*Handler).servePoll}, true
	case "/api/v1/debug":
		return route{methodsPost, h.polls, (*Handler).serveDebug}, true
	case "/api/v1/branding":
		return route{methodsRead, h.polls, (*Handler).serveBranding}, true
	case "/api/v1/templates":
		return route{methodsRead, h.polls, (*Handler).serveTemplates}, true
	case "/api/v3/sse":
		return route{methodsGet, h.polls, (*Handler).serveStream}, true
	case "/shim.js":
		return route{methodsRead, nil, (*Handler).serveShim}, len(h.shim) > 0
	case "/v1/m":
		return route{methodsPost, h.writes, (*Handler).serveMetrics}, true
	case "/v1/t", "/v1/i", "/v1/p", "/v1/g", "/v1/a", "/v1/s", "/v1/b", "/v1/batch":
		return route{methodsPost, h.writes, (*Handler).serveIngest}, true
	}
	if text, ok := h.parts.files[strings.TrimPrefix(path, "/parts/")]; ok && strings.HasPrefix(path, "/parts/") {
		return route{methodsRead, nil, func(_ *Handler, w http.ResponseWriter, r *http.Request) { servePart(w, r, text) }}, true
	}
	if frame, ok := between(path, "/sandbox/", ".html"); ok {
		return route{methodsRead, nil, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.serveDocument(w, r, frame) }}, true
	}
	if id, ok := strings.CutPrefix(path, "/api/v1/logs/queue/"); ok && id != "" && !strings.Contains(id, "/") {
		return route{methodsPost, h.writes, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.serveQueueLog(w, r, id) }}, true
	}
	if id, ok := between(path, "/api/v1/preview/", ""); ok {
		return route{methodsPreview, h.writes, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.servePreview(w, r, id) }}, true
	}
	if id, ok := strings.CutPrefix(path, "/api/v1/logs/message/"); ok && id != "" {
		return route{methodsPost, h.writes, (*Handler).serveMessageLog}, true
	}
	if id, ok := between(path, "/api/v1/messages/", ""); ok {
		return route{methodsPatch, h.writes, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.serveInboxMessage(w, r, id) }}, true
	}
	if key, ok := settingsKey(path); ok {
		return route{methodsRead, nil, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.serveSettings(w, r, key) }}, true
	}
	if name, ok := h.scriptAt(path); ok {
		return route{methodsRead, nil, func(h *Handler, w http.ResponseWriter, r *http.Request) { h.serveScript(w, r, name) }}, true
	}
	return route{}, false
}

// between returns the single path segment of path between a prefix and a suffix.
func between(path, prefix, suffix string) (string, bool) {
	rest, ok := strings.CutPrefix(path, prefix)
	if !ok {
		return "", false
	}
	key, ok := strings.CutSuffix(rest, suffix)
	return key, ok && key != "" && !strings.Contains(key, "/")
}

func allowed(methods []string, method string) bool {
	for _, m := range methods {
		if m == method {
			return true
		}
	}
	return false
}
