package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

	"handbill/engine/porttest"
)

// corpora are the real pages that injection is tested on: one folder each.
var corpora = []struct {
	name, folder string
	// injected is how many of its pages must be whole documents at least, so that an empty folder is no success.
	injected int
	// fragments: there are parts of pages among them, which must come through untouched.
	fragments bool
}{
	// Documentation, made by Sphinx, AsciiDoc and DocBook.
	{name: "Python's manual", folder: debianPages + "/python3-doc", injected: 200},
	{name: "Git's manual", folder: debianPages + "/git-doc", injected: 200},
	{name: "PostgreSQL's manual", folder: debianPages + "/postgresql-doc", injected: 200},
	// Demonstrations and manual tests of npm packages, written by hand, and the templates of their widgets.
	{name: "Dijit's tests and templates", folder: demoPages + "/dijit", injected: 250, fragments: true},
	{name: "Dojo's tests", folder: demoPages + "/dojo", injected: 100},
	{name: "Hammer's manual tests", folder: demoPages + "/hammerjs", injected: 8},
	{name: "vis's examples", folder: demoPages + "/vis", injected: 150},
}

const (
	// debianPages is where scripts/install-test-tools.sh unpacks the pages of Debian's packages.
	debianPages = checkout + "/bin/documentation"
	// demoPages is where it puts the npm packages with demonstrations.
	demoPages = "testdata/demos/node_modules"
)

// TestRealPagesDifferByTheInsertedElementAlone puts Handbill in front of every corpus, and fetches every page of it with and
// without Handbill.
func TestRealPagesDifferByTheInsertedElementAlone(t *testing.T) {
	edge, site := serveCorpora(t)
	for i, corpus := range corpora {
		t.Run(corpus.name, func(t *testing.T) {
			paths := corpusPages(t, corpus.folder, fmt.Sprint(i))
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
			if injected < corpus.injected || corpus.fragments && untouched == 0 {
				t.Errorf("only %d pages were injected, and %d fragments seen; remove %s and run scripts/install-test-tools.sh", injected, untouched, corpus.folder)
			}
		})
	}
}

// serveCorpora starts Caddy with a plain file server, which compresses where the client takes it, and Handbill in front of
// it. It returns their addresses. A corpus is the folder of its number.
func serveCorpora(t *testing.T) (edge, site string) {
	t.Helper()
	edge, site = porttest.Address(t), porttest.Address(t)
	root := t.TempDir()
	for i, corpus := range corpora {
		folder, err := filepath.Abs(corpus.folder)
		if err == nil {
			err = os.Symlink(folder, filepath.Join(root, fmt.Sprint(i)))
		}
		if err != nil {
			t.Fatal(err)
		}
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

// corpusPages lists the HTML pages below a folder, as paths below the name that it is served by.
func corpusPages(t *testing.T, folder, name string) []string {
	t.Helper()
	var paths []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && strings.HasPrefix(filepath.Ext(path), ".htm") {
			paths = append(paths, name+"/"+path)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
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

var corpusClient = &http.Client{
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
	response, err := corpusClient.Do(request)
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
