package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// documentation is where scripts/install-test-tools.sh unpacks the packages: one folder each.
const documentation = "../../bin/documentation"

// fewestPages is what each package must hold at least, so that an empty folder is no success.
const fewestPages = 200

// TestRealDocumentationDiffersByTheInsertedElementAlone puts Handbill in front of the documentation of Python (Sphinx),
// Git (AsciiDoc) and PostgreSQL (DocBook), and fetches every page of it with and without Handbill.
func TestRealDocumentationDiffersByTheInsertedElementAlone(t *testing.T) {
	packages, err := os.ReadDir(documentation)
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	edge, site := serveDocumentation(t)
	for _, name := range packages {
		t.Run(name.Name(), func(t *testing.T) {
			paths := documentationPages(t, name.Name())
			if len(paths) < fewestPages {
				t.Fatalf("%d pages, expected at least %d; remove %s and run scripts/install-test-tools.sh", len(paths), fewestPages, documentation)
			}
			var injected, untouched, different int
			var lock sync.Mutex
			forEach(paths, func(path string) {
				asDocument, err := comparePage(edge, site, path)
				lock.Lock()
				defer lock.Unlock()
				switch {
				case err != nil:
					if different++; different <= 10 {
						t.Errorf("%s: %v", path, err)
					}
				case asDocument:
					injected++
				default:
					untouched++
				}
			})
			if different > 0 {
				t.Errorf("%d of %d pages are not what they should be", different, len(paths))
			}
			t.Logf("%d pages injected, %d fragments untouched", injected, untouched)
			if injected < fewestPages {
				t.Errorf("only %d pages were injected", injected)
			}
		})
	}
}

// serveDocumentation starts Caddy with a plain file server, which compresses where the client takes it, and Handbill in
// front of it. It returns their addresses.
func serveDocumentation(t *testing.T) (edge, site string) {
	t.Helper()
	edge, site = freeAddress(t), freeAddress(t)
	root, err := filepath.Abs(documentation)
	if err != nil {
		t.Fatal(err)
	}
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	if err := os.WriteFile(workspace, []byte("[[messages]]\nid = \"survey\"\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"How do you like these pages?\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	caddyfile := fmt.Sprintf(`{
	admin off
	persist_config off
	handbill {
		workspace %q
		store memory
	}
}
http://%s {
	handbill
	reverse_proxy %s
}
http://%s {
	root %q
	encode gzip
	file_server
}`, workspace, edge, site, site, root)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(caddyfile), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error(err)
		}
	})
	return edge, site
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// documentationPages lists the HTML pages of a package, as paths below documentation.
func documentationPages(t *testing.T, name string) []string {
	t.Helper()
	var paths []string
	err := fs.WalkDir(os.DirFS(documentation), name, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasSuffix(path, ".html") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// forEach calls do for every path, four at a time.
func forEach(paths []string, do func(path string)) {
	work := make(chan string)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for path := range work {
				do(path)
			}
		})
	}
	for _, path := range paths {
		work <- path
	}
	close(work)
	workers.Wait()
}

// comparePage fetches a page from the site and through Handbill, plain and compressed. It tells whether the page is a whole
// document, which must be injected; a fragment must come through untouched.
func comparePage(edge, site, path string) (asDocument bool, err error) {
	original, err := fetch(site, path, "identity")
	if err != nil {
		return false, err
	}
	asDocument = isDocument(original)
	for _, coding := range []string{"identity", "gzip"} {
		got, err := fetch(edge, path, coding)
		if err != nil {
			return asDocument, fmt.Errorf("as %s: %w", coding, err)
		}
		if !asDocument {
			if !bytes.Equal(got, original) {
				return false, fmt.Errorf("as %s: a fragment was changed", coding)
			}
			continue
		}
		if err := differByOneElement(original, got); err != nil {
			return true, fmt.Errorf("as %s: %w", coding, err)
		}
	}
	return asDocument, nil
}

var documentationClient = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8},
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fetch returns a page's body, decoded.
func fetch(address, path, coding string) ([]byte, error) {
	page := url.URL{Scheme: "http", Host: address, Path: "/" + path}
	request, err := http.NewRequest(http.MethodGet, page.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", coding)
	response, err := documentationClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	if response.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(response.Body)
	}
	decoder, err := gzip.NewReader(response.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(decoder)
}

// isDocument tells by golang.org/x/net's tokenizer whether a doctype, html or head tag stands before any content.
func isDocument(page []byte) bool {
	tokens := html.NewTokenizer(bytes.NewReader(withoutBOM(page)))
	for {
		switch tokens.Next() {
		case html.DoctypeToken:
			return true
		case html.CommentToken:
		case html.TextToken:
			if len(bytes.TrimSpace(tokens.Text())) > 0 {
				return false
			}
		case html.StartTagToken:
			name, _ := tokens.TagName()
			return string(name) == "html" || string(name) == "head"
		default:
			return false
		}
	}
}

// differByOneElement parses both pages and demands that the second has one script element of ours, in its head, and is
// the first in everything else.
func differByOneElement(original, got []byte) error {
	want, err := html.Parse(bytes.NewReader(withoutBOM(original)))
	if err != nil {
		return err
	}
	tree, err := html.Parse(bytes.NewReader(withoutBOM(got)))
	if err != nil {
		return err
	}
	var ours []*html.Node
	for node := range tree.Descendants() {
		if node.DataAtom == atom.Script && slices.ContainsFunc(node.Attr, func(a html.Attribute) bool {
			return a.Key == "src" && strings.HasPrefix(a.Val, "/_handbill/")
		}) {
			ours = append(ours, node)
		}
	}
	if len(ours) != 1 {
		return fmt.Errorf("%d elements were inserted", len(ours))
	}
	if parent := ours[0].Parent; parent.DataAtom != atom.Head {
		return fmt.Errorf("the element was inserted into <%s>", parent.Data)
	}
	ours[0].Parent.RemoveChild(ours[0])
	return sameTree(want, tree)
}

// withoutBOM strips a byte order mark, which html.Parse would take for text.
func withoutBOM(page []byte) []byte { return bytes.TrimPrefix(page, []byte("\ufeff")) }

// sameTree compares two trees node by node.
func sameTree(want, got *html.Node) error {
	if want.Type != got.Type || want.Data != got.Data || want.Namespace != got.Namespace || !slices.Equal(want.Attr, got.Attr) {
		return fmt.Errorf("the tree has %q where it had %q", got.Data, want.Data)
	}
	wanted, found := want.FirstChild, got.FirstChild
	for wanted != nil && found != nil {
		if err := sameTree(wanted, found); err != nil {
			return err
		}
		wanted, found = wanted.NextSibling, found.NextSibling
	}
	if wanted != nil || found != nil {
		return fmt.Errorf("the children of <%s> are not as many as they were", want.Data)
	}
	return nil
}

func TestTheComparisonOfTreesSeesEveryOtherDifference(t *testing.T) {
	const original = "<!DOCTYPE html><html><head><title>Orders</title></head><body><p class=\"due\">Two</p>\n</body></html>"
	const snippet = `<script async src="/_handbill/client.js"></script>`
	for name, c := range map[string]struct {
		got   string
		equal bool
	}{
		"the snippet at the head's start":    {strings.Replace(original, "<head>", "<head>"+snippet, 1), true},
		"no snippet":                         {original, false},
		"two snippets":                       {strings.Replace(original, "<head>", "<head>"+snippet+snippet, 1), false},
		"the snippet in the body":            {strings.Replace(original, "<body>", "<body>"+snippet, 1), false},
		"the snippet before the doctype":     {snippet + original, false},
		"a text changed":                     {strings.Replace(strings.Replace(original, "<head>", "<head>"+snippet, 1), "Two", "2", 1), false},
		"an attribute changed":               {strings.Replace(strings.Replace(original, "<head>", "<head>"+snippet, 1), "due", "Due", 1), false},
		"white space lost":                   {strings.Replace(strings.Replace(original, "<head>", "<head>"+snippet, 1), "\n", "", 1), false},
		"the end cut off, within an element": {strings.Replace(original, "<head>", "<head>"+snippet, 1)[:120], false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := differByOneElement([]byte(original), []byte(c.got)); (err == nil) != c.equal {
				t.Errorf("got %v", err)
			}
		})
	}
}
