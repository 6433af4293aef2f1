// Package caddymodule makes Caddy an edge that injects and serves in-app messages.
//
// It is the only package of Handbill that knows Caddy, and it is thin: it translates Caddy's configuration into the
// options of packages inject, engine and wire, joins them, and keeps their state across reloads. The pieces are
//
//   - [App], the app "handbill": workspaces, the store, and what all sites share;
//   - [Handler], the handler "http.handlers.handbill", one for each directive in a Caddyfile: a site's endpoint and the
//     injection into its pages;
//   - guest modules: "handbill.sources.*", where workspaces come from, "handbill.stores.*", where visitors are kept, and
//     "handbill.sinks.*", where reports and events go.
//
// In a Caddyfile both the global option and the directive are called handbill.
package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// directive is the word of the Caddyfile, for the global option as for the directive, and the name of the app.
const directive = "handbill"

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(new(Handler))
	caddy.RegisterModule(FileSource{})
	caddy.RegisterModule(HTTPSource{})
	caddy.RegisterModule(RedisSource{})
	caddy.RegisterModule(BoltStore{})
	caddy.RegisterModule(MemoryStore{})
	caddy.RegisterModule(RedisStore{})
	caddy.RegisterModule(FileSink{})
	caddy.RegisterModule(WebhookSink{})
	caddy.RegisterModule(CDPSink{})
	caddy.RegisterModule(RedisSink{})
	caddy.RegisterModule(AdminAPI{})

	httpcaddyfile.RegisterGlobalOption(directive, parseGlobalOption)
	httpcaddyfile.RegisterDirective(directive, parseDirective)
	// Inside encode, which compresses what we inserted, and outside everything that answers.
	httpcaddyfile.RegisterDirectiveOrder(directive, httpcaddyfile.After, "encode")
	httpcaddyfile.RegisterDirective("handbill_console", parseConsole)
}
