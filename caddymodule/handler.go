package caddymodule

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"handbill/engine/wire"
	"handbill/inject"
)

// Handler shows the messages of one workspace on a site. It does two things: it answers the site's endpoint, the paths
// below `prefix`, and it inserts a snippet into the site's HTML pages that makes a browser load the client from there.
//
// Both go by the request as the browser sent it, before `rewrite`, `uri`, `try_files` and `handle_path` changed it. Whatever
// is not a page, and whatever is in doubt, passes untouched, byte for byte.
//
// In the routes of an error handler it inserts the snippet into error pages; the endpoint comes from the site's own routes.
type Handler struct {
	// The workspace whose messages are shown. Default: the only one there is, or the one called `default`.
	Workspace string `json:"workspace,omitempty"`

	// The requests whose answers may be injected, matched on the original request. The endpoint is served whatever they say.
	// Default: every request.
	PagesRaw caddyhttp.RawMatcherSets `json:"pages,omitempty" caddy:"namespace=http.matchers"`

	// The requests whose answers are left alone, matched on the original request. Default: none.
	SkipRaw caddyhttp.RawMatcherSets `json:"skip,omitempty" caddy:"namespace=http.matchers"`

	// The responses that may be injected, beyond being HTML pages. Default: every status that `error_pages` allows.
	Match *caddyhttp.ResponseMatcher `json:"match,omitempty"`

	// Whether error pages (status 4xx and 5xx) are injected. Default: `true`.
	ErrorPages *bool `json:"error_pages,omitempty"`

	// The form of the snippet: `external`, one script element that loads the client; `inline`, the reference snippet's
	// text, for sites whose own code calls the API; `shim`, with the reference client alone, for sites that load their own
	// copy of it; or `off`, nothing, so that only the endpoint is served. Default: `external`.
	Snippet string `json:"snippet,omitempty"`

	// Where in a page the snippet goes: `head`, right after the head begins, or `after-charset`, after the page's own
	// declaration of its encoding. Default: `head`.
	Position string `json:"position,omitempty"`

	// Whether visitors who have not identified see messages: the snippet's `anonymousInApp`. Off is enforced here: no id,
	// no answer and no record before `identify`. Default: `true`.
	Anonymous *bool `json:"anonymous,omitempty"`

	// The path below which the endpoint lives, as the browser sees it. Default: `/_handbill`. Supports global placeholders.
	Prefix string `json:"prefix,omitempty"`

	// The site's scheme and host as the browser sees them, such as `https://shop.example.com`. Default: those of the
	// request, and of `X-Forwarded-Proto` and `X-Forwarded-Host` where the request comes from a proxy that the server trusts.
	// Supports global placeholders.
	Origin string `json:"origin,omitempty"`

	// The name of the page's global object. Default: `cioanalytics`.
	GlobalName string `json:"global_name,omitempty"`

	// The site id that clients name. Default: the workspace's. Supports global placeholders.
	SiteID string `json:"site_id,omitempty"`

	// The write key that clients name. Default: the workspace's. Supports global placeholders.
	WriteKey string `json:"write_key,omitempty"`

	// Whether the client notices the routes of single-page applications by itself. Default: `false`; the site's own code
	// calls `page()`.
	SPARoutes bool `json:"spa_routes,omitempty"`

	// What is asked of the site where the browser takes compressed pages: `gzip`, whose stream is patched without being
	// decoded as a whole, or `identity`. Default: `gzip`.
	AskEncoding string `json:"ask_encoding,omitempty"`

	// What happens to a page whose Content-Security-Policy does not allow the snippet: `extend` adds what the snippet needs
	// to the policy, `keep` leaves policy and page alone. Default: `extend`.
	CSP string `json:"csp,omitempty"`

	// The cookie that knows a browser again. It is always HttpOnly, SameSite=Lax and, on https, Secure.
	Cookie *Cookie `json:"cookie,omitempty"`

	// What may be kept in a visitor's browser. Default: cookies and storage that outlive the visit, for everybody, and the
	// client has no `consent()`.
	Consent *Consent `json:"consent,omitempty"`

	// When a user id is believed. Default: always, but messages to one person are not shown.
	Identity *Identity `json:"identity,omitempty"`

	// The client that pages load, where it is not Handbill's own.
	Client *Client `json:"client,omitempty"`

	// How it is known in which country a visitor is, for conditions that ask `request.country`. Default: it is not known.
	Country *Country `json:"country,omitempty"`

	// Whether every response says in the header `Handbill` whether it was injected, and why not. Default: `false`.
	DebugHeader bool `json:"debug_header,omitempty"`

	app         *App
	workspace   string
	site        wire.Site
	base        string // the endpoint's address as policies have to name it
	pages, skip caddyhttp.MatcherSets
	injector    *inject.Injector
	endpoint    atomic.Pointer[wire.Handler]
	country     func(*http.Request) string // nil: it is not known
	countryPath string                     // of the database in countries
	reference   *wire.Reference            // nil: pages load Handbill's own client
	streams     string                     // how the site is named where streams are allowed
	logger      *slog.Logger
}

// Cookie says how the cookie that knows a browser again is set.
type Cookie struct {
	// The cookie's name. Default: `handbill_id`.
	Name string `json:"name,omitempty"`

	// The domain whose subdomains share the cookie. Default: none; only the host that set it has it. Supports global
	// placeholders.
	Domain string `json:"domain,omitempty"`

	// How long the browser keeps the cookie. Default: `395d`.
	MaxAge caddy.Duration `json:"max_age,omitempty"`
}

// CaddyModule returns the module's information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.handbill", New: func() caddy.Module { return new(Handler) }}
}

// Provision finds the workspace and makes the injector. It opens nothing.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := ctx.AppIfConfigured(directive)
	if err != nil {
		return fmt.Errorf("the handler handbill needs the app handbill with a workspace: %w", err)
	}
	h.app = app.(*App)
	if h.workspace, err = chooseWorkspace(h.app.Workspaces, h.Workspace); err != nil {
		return err
	}
	h.streams = h.streamSite()
	h.app.addSite(h.workspace, h.streams)
	h.logger = ctx.Slogger().With("workspace", h.workspace)
	if h.pages, err = loadMatchers(ctx, h, "PagesRaw"); err != nil {
		return fmt.Errorf("loading the matchers of pages: %w", err)
	}
	if h.skip, err = loadMatchers(ctx, h, "SkipRaw"); err != nil {
		return fmt.Errorf("loading the matchers of skip: %w", err)
	}
	replacer := caddy.NewReplacer()
	h.replacePlaceholders(replacer)
	h.site = h.wireSite()
	if err := h.provisionIdentity(replacer); err != nil {
		return err
	}
	h.provisionCountry()
	h.provisionClient()
	h.base = h.site.Origin + h.site.Prefix + "/"
	h.injector = inject.New(h.injectOptions())
	return nil
}

func loadMatchers(ctx caddy.Context, h *Handler, field string) (caddyhttp.MatcherSets, error) {
	modules, err := ctx.LoadModule(h, field)
	if err != nil {
		return nil, err
	}
	var sets caddyhttp.MatcherSets
	return sets, sets.FromInterface(modules)
}

// replacePlaceholders fills in {env.*}, {file.*} and {system.*}.
func (h *Handler) replacePlaceholders(replacer *caddy.Replacer) {
	for _, value := range []*string{&h.Prefix, &h.Origin, &h.SiteID, &h.WriteKey} {
		*value = replacer.ReplaceKnown(*value, "")
	}
	if h.Cookie != nil {
		h.Cookie.Domain = replacer.ReplaceKnown(h.Cookie.Domain, "")
	}
	if h.Country != nil {
		h.Country.MaxMind = replacer.ReplaceKnown(h.Country.MaxMind, "")
	}
	if h.Consent != nil {
		h.Consent.Cookie = replacer.ReplaceKnown(h.Consent.Cookie, "")
		h.Consent.Value = replacer.ReplaceKnown(h.Consent.Value, "")
	}
	if h.Client != nil {
		h.Client.Reference = replacer.ReplaceKnown(h.Client.Reference, "")
	}
}

// wireSite translates into the endpoint's options.
func (h *Handler) wireSite() wire.Site {
	site := wire.Site{
		Prefix: cmp.Or(h.Prefix, wire.DefaultPrefix), Origin: h.Origin, SiteID: h.SiteID, WriteKey: h.WriteKey,
		GlobalName: h.GlobalName, Anonymous: h.Anonymous == nil || *h.Anonymous,
		Snippet: wire.SnippetForm(h.Snippet), SPARoutes: h.SPARoutes,
	}
	if h.Cookie != nil {
		site.Cookie = wire.Cookie{Name: h.Cookie.Name, Domain: h.Cookie.Domain, MaxAge: time.Duration(h.Cookie.MaxAge)}
	}
	site.Consent = h.Consent.rules()
	return site
}

// injectOptions translates into the injector's options.
func (h *Handler) injectOptions() inject.Options {
	options := inject.Options{
		Insertion: h.insertion, ErrorPages: h.ErrorPages == nil || *h.ErrorPages, DebugHeader: h.DebugHeader,
		Recorder: newInjectRecorder(h.workspace), Observe: h.observe, Logger: h.logger, DefersHeaders: isDeferredHeader,
	}
	if h.Position == "after-charset" {
		options.Position = inject.AfterCharset
	}
	if h.AskEncoding == "identity" {
		options.AskEncoding = inject.AskIdentity
	}
	if h.CSP == "keep" {
		options.CSP = inject.KeepCSP
	}
	if h.Match != nil {
		options.Match = func(_ *http.Request, status int, header http.Header) bool { return h.Match.Match(status, header) }
	}
	return options
}

// ServeHTTP answers the endpoint, and injects the site's pages.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	sent := originalOf(r)
	switch {
	case h.owns(sent.url.Path) && !inErrorHandler(r):
		pageQuestionOf(r).answer(h.workspace, pageIsEndpoint)
		h.serveEndpoint(w, sent.request(r))
		return nil
	case !h.wantsPage(r, sent):
		pageQuestionOf(r).answer(h.workspace, pageIsUnwanted)
		return next.ServeHTTP(w, r)
	}
	err := h.injector.ServeHTTP(w, r, next.ServeHTTP)
	if err != nil {
		pageQuestionOf(r).failed(h.workspace)
	}
	return err
}

// owns says whether a path belongs to the endpoint.
func (h *Handler) owns(path string) bool {
	rest, below := strings.CutPrefix(path, h.site.Prefix)
	return below && (rest == "" || rest[0] == '/')
}

// wantsPage says whether the operator wants the request's answer injected. A matcher that fails wants nothing.
func (h *Handler) wantsPage(r *http.Request, sent original) bool {
	if h.site.Snippet == wire.Off {
		return false
	}
	if len(h.pages) == 0 && len(h.skip) == 0 {
		return true
	}
	defer sent.restoreIn(r)()
	wanted, err := h.pages.AnyMatchWithError(r)
	if err == nil && wanted && len(h.skip) > 0 {
		var skipped bool
		skipped, err = h.skip.AnyMatchWithError(r)
		wanted = !skipped
	}
	if err != nil {
		h.logger.ErrorContext(r.Context(), "a matcher of handbill failed; the page passes as it is", "uri", sent.uri, "error", err)
		return false
	}
	return wanted
}

// insertion says what goes into a page: the snippet, once there is somebody to answer what it asks.
func (h *Handler) insertion(r *http.Request, _ int, _ http.Header) (inject.Insertion, bool) {
	endpoint := h.readyEndpoint()
	if endpoint == nil {
		return inject.Insertion{}, false
	}
	snippet, ok := endpoint.Snippet()
	if ok && endpoint.Embeds() {
		snippet = endpoint.WithEmbeds(snippet, originalOf(r).request(r))
	}
	return inject.Insertion{
		Bytes: snippet.Markup, NonceAt: snippet.NonceAt, Version: snippet.Version, Base: h.base,
		Loads: h.reference != nil, Embeds: h.reference != nil, // the reference client's scripts and the renderer's page
	}, ok
}

// isDeferredHeader recognises the writer of Caddy's header directive that sets fields when the header passes. Its type is not
// exported.
func isDeferredHeader(w http.ResponseWriter) bool {
	return reflect.TypeOf(w).String() == "*headers.responseWriterWrapper"
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddy.Validator             = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
