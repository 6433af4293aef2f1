package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"
)

// placed is a handler where it stands in a server's routes.
type placed struct {
	handler *Handler
	site    *caddyhttp.Route // as in surroundings
	// reached says whether requests to the endpoint get to the handler, as far as path matchers around it tell.
	reached bool
}

// misplacements are the handlers whose endpoint cannot work, each with what to do: a page would load its client in vain.
func misplacements(app *caddyhttp.App) []string {
	var problems []string
	for _, server := range app.Servers {
		sites := place(server.Routes, surroundings{})
		for i, p := range sites {
			prefix := p.handler.site.Prefix
			if !p.reached {
				problems = append(problems, fmt.Sprintf("requests to %s do not get to the directive handbill inside handle or handle_path; "+
					"put it in front of them, with a matcher, or give it a prefix below their path", prefix))
			}
			for _, earlier := range sites[:i] {
				if earlier.site == p.site && earlier.handler.site.Prefix == prefix && earlier.handler.workspace != p.handler.workspace {
					problems = append(problems, fmt.Sprintf("the workspaces %s and %s are both at %s of one site; give one of them another prefix",
						earlier.handler.workspace, p.handler.workspace, prefix))
				}
			}
		}
		if server.Errors == nil {
			continue
		}
		for _, p := range place(server.Errors.Routes, surroundings{}) {
			if !answeredBy(sites, p.handler) {
				problems = append(problems, fmt.Sprintf("the directive handbill inside handle_errors has no endpoint at %s; "+
					"put one for the workspace %s into the site, too", p.handler.site.Prefix, p.handler.workspace))
			}
		}
	}
	return problems
}

func answeredBy(sites []placed, h *Handler) bool {
	for _, p := range sites {
		if p.handler.site.Prefix == h.site.Prefix && p.handler.workspace == h.workspace {
			return true
		}
	}
	return false
}

// surroundings are what stands around routes.
type surroundings struct {
	// site is the route of the site; nil for a site of every host.
	site *caddyhttp.Route
	// routes are those around, as far as they look at the path that the browser sent.
	routes []*caddyhttp.Route
	// rewritten: further in, the path is another.
	rewritten bool
}

// place finds the handlers in routes.
func place(routes caddyhttp.RouteList, around surroundings) []placed {
	var found []placed
	for i := range routes {
		route, inside := &routes[i], around
		switch {
		case hasHost(route):
			inside.site = route
		case !around.rewritten:
			inside.routes = append(slices.Clone(around.routes), route)
		}
		for _, handler := range route.Handlers {
			switch h := handler.(type) {
			case *Handler:
				found = append(found, placed{h, inside.site, reaches(inside.routes, h.site.Prefix)})
			case *caddyhttp.Subroute:
				found = append(found, place(h.Routes, inside)...)
			case *rewrite.Rewrite:
				around.rewritten, inside.rewritten = true, true
			}
		}
	}
	return found
}

func hasHost(route *caddyhttp.Route) bool {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			if _, ok := matcher.(*caddyhttp.MatchHost); ok {
				return true
			}
		}
	}
	return false
}

// reaches says whether a request to the endpoint passes the path matchers of the routes around it.
func reaches(around []*caddyhttp.Route, prefix string) bool {
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, prefix+"/client.js", nil)
	if err != nil {
		return true
	}
	for _, route := range around {
		passes := len(route.MatcherSets) == 0
		for _, set := range route.MatcherSets {
			passes = passes || passesPaths(set, request)
		}
		if !passes {
			return false
		}
	}
	return true
}

func passesPaths(set caddyhttp.MatcherSet, request *http.Request) bool {
	for _, matcher := range set {
		if paths, ok := matcher.(*caddyhttp.MatchPath); ok {
			if matches, err := paths.MatchWithError(request); err == nil && !matches {
				return false
			}
		}
	}
	return true
}
