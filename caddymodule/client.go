package caddymodule

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/wire"
)

// Client says which client pages load in place of Handbill's own.
type Client struct {
	// The folder of the operator's own copy of the reference client, as it is published: `dist/umd` of the npm package
	// `@customerio/cdp-analytics-browser`. It is served from the endpoint, byte for byte, and talks to the endpoint alone. What
	// changes in the folder is taken within seconds. Supports global placeholders.
	Reference string `json:"reference,omitempty"`
}

// provisionClient prepares to serve the reference client. A folder that cannot be used keeps nothing from starting: pages
// pass without a snippet, and the log says what to do.
func (h *Handler) provisionClient() {
	if h.Client == nil {
		return
	}
	path, err := filepath.Abs(h.Client.Reference)
	if err != nil {
		path = h.Client.Reference // the folder in which Caddy was started is gone; the log will say so
	}
	h.reference = wire.OpenReference(scriptFolder(path), h.logger.With("folder", path))
}

// scriptFolder is a folder whose files are opened by its path each time, since an installation may put another in its place.
// Nothing outside of it can be opened, not through a link either.
type scriptFolder string

// Open opens a file of the folder.
func (f scriptFolder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return os.OpenInRoot(string(f), filepath.FromSlash(name))
}

// readClient reads the word client. Syntax:
//
//	client builtin
//	client reference <path>
func (h *Handler) readClient(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	switch {
	case len(arguments) == 0:
		return d.Errf("client needs a value, such as: client builtin")
	case arguments[0] == "builtin" && len(arguments) == 1:
		return nil
	case arguments[0] == "builtin":
		return d.Errf("client builtin takes nothing more, and %q is one too many", arguments[1])
	case arguments[0] != "reference":
		return d.Errf("client cannot be %q; allowed: builtin, reference", arguments[0])
	case len(arguments) == 1:
		return d.Err("client reference needs the folder of the published bundle, such as: " +
			"client reference /srv/node_modules/@customerio/cdp-analytics-browser/dist/umd")
	case len(arguments) > 2:
		return d.Errf("client reference takes one folder, and %q is one too many", arguments[2])
	}
	h.Client = &Client{Reference: arguments[1]}
	return nil
}

// checkClient checks which of the other words fit the client.
func (h *Handler) checkClient() error {
	switch {
	case h.Client == nil && h.Snippet == string(wire.Shim):
		return errors.New("snippet shim is for sites that load the reference client themselves; it needs: client reference <path>")
	case h.Client == nil:
		return nil
	case h.Client.Reference == "":
		return errors.New("client needs a folder as reference, such as /srv/node_modules/@customerio/cdp-analytics-browser/dist/umd; leave it away for Handbill's own client")
	case h.SPARoutes:
		return errors.New("spa_routes on needs Handbill's own client: the reference client asks the site's code to call page()")
	}
	return nil
}
