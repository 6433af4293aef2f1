package caddymodule

import (
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// parseDirective reads the directive. Syntax:
//
//	handbill [<matcher>] [<workspace>] {
//		anonymous    on|off
//		snippet      external|inline|shim|off
//		position     head|after-charset
//		prefix       <path>
//		origin       <scheme://host>
//		global_name  <name>
//		site_id      <id>
//		write_key    <key>
//		skip         <matcher...>
//		match {
//			status <code...>
//			header <field> [<value>]
//		}
//		error_pages  on|off
//		ask_encoding gzip|identity
//		csp          extend|keep
//		spa_routes   on|off
//		identity     unsigned
//		identity     signed {
//			secret        <secret> [<secret>]
//			public_key    <file> [<kid>]
//			server_secret <secret> [<secret>]
//			issuer        <iss>
//			audience      <aud...>
//			leeway        <duration>
//			session       <duration>
//		}
//		cookie {
//			name    <name>
//			domain  <domain>
//			max_age <duration>
//		}
//		consent      persistent|visit|none
//		consent_cookie  <name> <value>
//		consent_signals gpc|dnt...
//		country      header|maxmind <name|path>
//		client       builtin
//		client       reference <path>
//		debug_header on|off
//	}
//
// The matcher becomes part of the handler, not of its route: it narrows the injection, while the handler stands in front
// of the whole site and answers the endpoint.
func parseDirective(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // the directive's name
	handler := new(Handler)
	if err := handler.readArguments(h); err != nil {
		return nil, err
	}
	if err := handler.words(h).read(h.Dispenser, "the directive handbill"); err != nil {
		return nil, err
	}
	return h.NewRoute(nil, handler), nil
}

// parseConsole answers for the directive handbill_console, whose name is settled.
func parseConsole(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next()
	return nil, later(h.Dispenser, "handbill_console")
}

// readArguments reads the matcher and the workspace, both of which may be left out.
func (s *Handler) readArguments(h httpcaddyfile.Helper) error {
	var arguments []string
	given := h.CountRemainingArgs() > 0
	matcher, narrowed, err := h.MatcherToken()
	switch {
	case err != nil:
		return h.WrapErr(err)
	case narrowed && isWorkspaceOnDisk(h.Val()):
		return h.WrapErr(misplacedWorkspace(h.Val()))
	case narrowed && matcher != nil:
		s.PagesRaw = caddyhttp.RawMatcherSets{matcher}
	case given && !narrowed:
		arguments = append(arguments, h.Val()) // MatcherToken has stepped onto it
	}
	arguments = append(arguments, h.RemainingArgs()...)
	app := appOf(h)
	switch {
	case len(arguments) > 0 && looksLikeFile(arguments[0]):
		return h.WrapErr(misplacedWorkspace(arguments[0]))
	case len(arguments) > 1 && isMatcher(arguments[1]):
		return h.Errf("the matcher comes before the workspace; write: handbill %s %s", arguments[1], arguments[0])
	case len(arguments) > 1:
		return h.Errf("handbill takes a matcher and the name of a workspace, and %q is one too many", arguments[1])
	case app == nil:
		return h.Errf("no workspace is configured; put this into the global options, the block without an address at the top of the Caddyfile: " +
			"{ handbill ./messages.toml }")
	case len(arguments) == 1:
		s.Workspace = arguments[0]
	}
	if _, err := chooseWorkspace(app.Workspaces, s.Workspace); err != nil {
		return h.WrapErr(err)
	}
	return nil
}

// words are the subdirectives.
func (s *Handler) words(h httpcaddyfile.Helper) words {
	return words{
		"anonymous":       onUnlessOff(&s.Anonymous),
		"snippet":         choice(&s.Snippet, snippetForms),
		"position":        choice(&s.Position, positions),
		"prefix":          text(&s.Prefix, "/_handbill", checkPrefix),
		"origin":          text(&s.Origin, "https://shop.example.com", checkOrigin),
		"global_name":     text(&s.GlobalName, "cioanalytics", checkGlobalName),
		"site_id":         text(&s.SiteID, "shop", checkClientKey),
		"write_key":       text(&s.WriteKey, "shop-web", checkClientKey),
		"skip":            {read: func(*caddyfile.Dispenser) error { return s.readSkip(h) }, repeatable: true},
		"match":           {read: s.readMatch},
		"error_pages":     onUnlessOff(&s.ErrorPages),
		"ask_encoding":    choice(&s.AskEncoding, askEncodings),
		"csp":             choice(&s.CSP, cspPolicies),
		"spa_routes":      onOff(func(on bool) { s.SPARoutes = on }),
		"identity":        {read: s.readIdentity},
		"consent":         {read: s.readConsent},
		"consent_cookie":  {read: s.readConsentCookie},
		"consent_signals": {read: s.readConsentSignals},
		"cookie":          {read: s.readCookie},
		"country":         {read: s.readCountry},
		"client":          {read: s.readClient},
		"debug_header":    onOff(func(on bool) { s.DebugHeader = on }),
		"identify":        comesLater("identify"),
	}
}

// readSkip reads matchers: paths, which go together, and named ones.
func (s *Handler) readSkip(h httpcaddyfile.Helper) error {
	var paths caddyhttp.MatchPath
	count := h.CountRemainingArgs()
	if count == 0 {
		return h.Err("skip needs a matcher, such as: skip /wp-admin/*")
	}
	for range count {
		matcher, ok, err := h.MatcherToken()
		switch {
		case err != nil:
			return h.WrapErr(err)
		case !ok:
			return h.Errf("%q is not a matcher; skip takes paths, such as /wp-admin/*, and named matchers, such as @named", h.Val())
		case matcher == nil:
			return h.Err("skip * would leave no page; to serve the endpoint alone write: snippet off")
		case strings.HasPrefix(h.Val(), "/"):
			paths = append(paths, h.Val())
		default:
			s.SkipRaw = append(s.SkipRaw, matcher)
		}
	}
	if len(paths) > 0 {
		s.SkipRaw = append(s.SkipRaw, caddy.ModuleMap{"path": h.JSON(paths)})
	}
	return nil
}

// readMatch reads a response matcher, as that of encode.
func (s *Handler) readMatch(d *caddyfile.Dispenser) error {
	matchers := map[string]caddyhttp.ResponseMatcher{}
	if err := caddyhttp.ParseNamedResponseMatcher(d.NewFromNextSegment(), matchers); err != nil {
		return err
	}
	matcher := matchers["match"]
	if matcher.StatusCode == nil && matcher.Headers == nil {
		return d.Err("match needs a condition; allowed: header, status")
	}
	s.Match = &matcher
	return nil
}

func (s *Handler) readCookie(d *caddyfile.Dispenser) error {
	if err := none(d); err != nil {
		return err
	}
	var cookie Cookie
	block := words{
		"name":    text(&cookie.Name, "handbill_id", checkCookieName),
		"domain":  text(&cookie.Domain, "example.com", checkCookieDomain),
		"max_age": duration(&cookie.MaxAge, "395d", checkMaxAge),
	}
	if err := block.read(d, "cookie"); err != nil {
		return err
	}
	if cookie != (Cookie{}) {
		s.Cookie = &cookie
	}
	return nil
}

func isMatcher(word string) bool {
	return word == "*" || strings.HasPrefix(word, "/") || strings.HasPrefix(word, "@")
}

// isWorkspaceOnDisk says whether what would be a path matcher is meant as a workspace: /etc/caddy/messages, say.
func isWorkspaceOnDisk(word string) bool {
	if strings.HasSuffix(word, ".toml") {
		return true
	}
	files, err := filepath.Glob(filepath.Join(word, "*.toml"))
	return err == nil && len(files) > 0 && strings.Trim(word, "/*") != ""
}
