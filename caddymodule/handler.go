package caddymodule

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
	// text, for sites whose own code calls the API; or `off`, nothing, so that only the endpoint is served.
	// Default: `external`.
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

	// Whether every response says in a header, `Handbill-Debug`, whether it was injected and why not. Default: `false`.
	DebugHeader bool `json:"debug_header,omitempty"`
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
func (Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.handbill", New: func() caddy.Module { return new(Handler) }}
}

// ServeHTTP passes the request on.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}
