package caddymodule

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// original is what the browser sent, before rewrite, uri, try_files, method and handle_path changed it.
type original struct {
	method, uri string
	url         *url.URL
}

// originalOf returns what the browser sent.
func originalOf(r *http.Request) original {
	if sent, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		return original{sent.Method, sent.RequestURI, sent.URL}
	}
	return original{r.Method, r.RequestURI, r.URL}
}

// request is the request with which to ask the endpoint: with the original method and URL, and with the host that the
// browser used.
func (o original) request(r *http.Request) *http.Request {
	host := r.Host
	if through := forwarded(r, "X-Forwarded-Host"); through != "" {
		host = through
	}
	if r.Method == o.method && r.RequestURI == o.uri && *r.URL == *o.url && r.Host == host {
		return r
	}
	sent := r.WithContext(r.Context()) // a shallow copy
	sent.Method, sent.URL, sent.RequestURI, sent.Host = o.method, o.url, o.uri, host
	return sent
}

// restoreIn makes r, which others hold on to, the request as the browser sent it, until undo is called. Matchers and
// placeholders are bound to r itself, so a copy would not do.
func (o original) restoreIn(r *http.Request) (undo func()) {
	method, uri, url := r.Method, r.RequestURI, *r.URL
	r.Method, r.RequestURI, *r.URL = o.method, o.uri, *o.url
	return func() { r.Method, r.RequestURI, *r.URL = method, uri, url }
}

// inErrorHandler says whether the site has failed and its handle_errors answers.
func inErrorHandler(r *http.Request) bool {
	return r.Context().Value(caddyhttp.ErrorCtxKey) != nil
}

// scheme is how the browser came: by "http" or "https".
func scheme(r *http.Request) string {
	if proto := strings.ToLower(forwarded(r, "X-Forwarded-Proto")); proto == "http" || proto == "https" {
		return proto
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// clientIP is the browser's address, as far as trusted proxies tell it.
func clientIP(r *http.Request) string {
	if ip, ok := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ok && ip != "" {
		return ip
	}
	return r.RemoteAddr
}

// forwarded is the value of a header that a proxy set, if Caddy trusts it; of several, that of the first proxy.
func forwarded(r *http.Request, header string) string {
	if trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool); !trusted {
		return ""
	}
	first, _, _ := strings.Cut(r.Header.Get(header), ",")
	return strings.TrimSpace(first)
}
