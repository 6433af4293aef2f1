package caddymodule

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"

	"handbill/engine"
)

const leastStreams, mostStreams = 10, 1_000_000

// readStream reads: stream on|off [<limit>].
func (a *App) readStream(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	switch {
	case len(arguments) == 0:
		return d.Err("stream needs a value, such as: stream on")
	case arguments[0] != "on" && arguments[0] != "off":
		return d.Errf("stream cannot be %q; allowed: on, off", arguments[0])
	case len(arguments) > 2 || len(arguments) == 2 && arguments[0] == "off":
		return d.Errf("stream takes on, with the most streams at once if you like, or off, and %q is one too many; write it as: stream on %d",
			arguments[len(arguments)-1], engine.DefaultStreams)
	}
	a.Stream = arguments[0] == "on"
	if len(arguments) == 2 {
		limit, err := strconv.Atoi(arguments[1])
		if err != nil {
			return d.Errf("%q is not a number of streams; write it as: stream on %d", arguments[1], engine.DefaultStreams)
		}
		if err := checkStreamLimit(limit); err != nil {
			return d.WrapErr(err)
		}
		a.StreamLimit = limit
	}
	return nil
}

func checkStreamLimit(limit int) error {
	if limit < leastStreams || limit > mostStreams {
		return fmt.Errorf("%d cannot be the most streams at once; use %d to %d", limit, leastStreams, mostStreams)
	}
	return nil
}

// streams are the rules for the streams of a workspace, whose sites have made themselves known.
func (a *App) streams(workspace string) engine.Streams {
	return engine.Streams{On: a.Stream, Most: a.StreamLimit, Sites: append([]string{}, a.sites[workspace]...)}
}

// addSite makes a site of a workspace known, before the app begins.
func (a *App) addSite(workspace, site string) {
	if a.sites == nil {
		a.sites = map[string][]string{}
	}
	a.sites[workspace] = append(a.sites[workspace], site)
}

// streamSite names a site by its whole configuration: a stream goes on through a reload that leaves its site as it is.
func (h *Handler) streamSite() string {
	text, err := json.Marshal(h)
	if err != nil {
		return "" // it came from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// endStreamsAtExit subscribes to the end of a configuration. Where the process ends with it, Caddy waits, without a limit
// unless the operator sets one, until every request is answered: a stream would keep it from ending.
func (a *App) endStreamsAtExit(ctx caddy.Context) error {
	app, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("loading Caddy's events: %w", err)
	}
	return app.(*caddyevents.App).On("stopping", atExit(func() {
		for _, s := range a.services {
			s.setStreams(engine.Streams{})
		}
	}))
}

// atExit is called when a configuration ends because the process does.
type atExit func()

// Handle handles the event.
func (f atExit) Handle(context.Context, caddy.Event) error {
	if caddy.Exiting() {
		f()
	}
	return nil
}

// setStreams changes who may hold a stream open.
func (s *service) setStreams(rules engine.Streams) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams = rules
	if e := s.engine.Load(); e != nil {
		e.SetStreams(rules)
	}
}

// Interface guards
var _ caddyevents.Handler = atExit(nil)
