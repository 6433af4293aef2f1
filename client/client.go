// Package client holds the browser client: what runs in a visitor's page, asks
// the endpoint what to show, shows it, and reports what happened.
//
// Its source is the TypeScript in src; go generate builds dist of it, which is
// committed and embedded here: client.js, which every page loads, and in parts
// what client.js itself loads when a page first needs it. The bundle by itself
// does nothing: it declares handbillClient, whose start the edge calls in the
// same file with what the client must know of the site. reference.js is for
// pages with the reference client in place of ours: it makes that one ask the
// site's own endpoint; renderer.html is the page in which that one shows our
// messages.
package client

import (
	"embed"
	"io/fs"
)

//go:embed dist/client.js dist/bridge.js dist/consent.js dist/reference.js dist/renderer.html dist/parts
var dist embed.FS

// Files returns the built files: client.js, bridge.js, consent.js, reference.js and renderer.html at the top, and in parts one for each part.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // only for a malformed path, and this one is not
	}
	return files
}

// Bundle returns client.js.
func Bundle() []byte {
	bundle, err := dist.ReadFile("dist/client.js")
	if err != nil {
		panic(err) // the file is embedded
	}
	return bundle
}
