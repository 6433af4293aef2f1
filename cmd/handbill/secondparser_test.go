package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// realPages are taken of each corpus, at most.
	realPages      = 100
	generatedPages = 300
	// largestPage bounds what is parsed; indexes of several MB teach nothing more.
	largestPage = 200_000
)

// TestASecondParserFindsThePageAndOneElement puts Handbill in front of real and generated pages and has parse5, which shares
// nothing with the parser of the other tests, compare the trees.
func TestASecondParserFindsThePageAndOneElement(t *testing.T) {
	root, pairs := t.TempDir(), t.TempDir()
	names := append(realIn(t, root), generatedIn(t, root)...)
	p := startPairs(t, []string{"pages", "root " + root + "\nfile_server"})["pages"]
	injected := 0
	for _, name := range names {
		with := exchange(t, p.with, http.MethodGet, "/"+name, []string{"Accept: text/html"})
		without := exchange(t, p.without, http.MethodGet, "/"+name, []string{"Accept: text/html"})
		if !strings.Contains(string(with.body), snippetText) {
			expectSame(t, with, without)
			continue
		}
		injected++
		for kind, r := range map[string]response{"injected": with, "original": without} {
			if err := os.WriteFile(filepath.Join(pairs, name+"."+kind), r.body, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if injected < len(names)*9/10 {
		t.Errorf("only %d of %d pages are injected", injected, len(names))
	}
	output, err := exec.Command("node", "testdata/parse5/compare.mjs", pairs).CombinedOutput()
	if err != nil {
		t.Fatalf("comparing: %v; run scripts/install-test-tools.sh\n%s", err, output)
	}
	if want := fmt.Sprintf("%d pairs\n", injected); string(output) != want {
		t.Errorf("the second parser says:\n%s", output)
	}
}

// realIn links pages of every corpus into a folder, evenly chosen, and returns their names there.
func realIn(t *testing.T, root string) (names []string) {
	t.Helper()
	for i, corpus := range corpora {
		folder, err := filepath.Abs(corpus.folder)
		if err != nil {
			t.Fatal(err)
		}
		var small []string
		for _, path := range corpusPages(t, folder, ".") {
			path = filepath.Join(folder, path)
			if info, err := os.Stat(path); err == nil && info.Size() <= largestPage {
				small = append(small, path)
			}
		}
		count := min(realPages, len(small))
		for j := range count {
			name := fmt.Sprintf("real-%d-%d.html", i, j)
			if err := os.Symlink(small[j*len(small)/count], filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	return names
}

// What the generated pages are made of: everything that may stand before and around a head.
var (
	prologues = []string{"", "<!DOCTYPE html>", "<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">", "<!DOCTYPE html SYSTEM 'a>b'>"}
	betweens  = []string{"", "\n", " \t\r\n", "<!-- <head> -->", "<!-->", "<!--->", "<!--a--!>", "<?xml version='1.0'?>", "</nothing>", "<![CDATA[x]]>", "<!x>", "</>"}
	roots     = []string{"<html>", "<HTML LANG=en>", "<html class='a>b' data-x=\"<head>\">", "<html\nlang=de>", "<html manifest=/a.b>"}
	heads     = []string{"", "<head>", "<HEAD profile=\"<body>\">", "<head/>", "<head a=1 a=2>"}
	contents  = []string{"<title>Orders</title>", "<meta charset=utf-8>", "<base href=/x/>", "<style>a>b{}</style>", "<script>'<head>'</script>", "<template><p>one</template>", "<noscript><link rel=x></noscript>", "</head>", "<body class=a>", "<p>An order", "text &amp; more", "<table><tr><td>1<p>2</table>", "<svg><title>x</title></svg>", "<frameset><frame></frameset>", "<header>one</header>", "<select><option>1</select>", "</body>", "</html>", "<!-- end -->", "<head>", "<html lang=fr>"}
)

// generatedIn writes pages of random parts into a folder, the same in every run, and returns their names.
func generatedIn(t *testing.T, root string) (names []string) {
	t.Helper()
	random := rand.New(rand.NewPCG(5, 5))
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	for i := range generatedPages {
		var page strings.Builder
		for _, parts := range [][]string{betweens, prologues, betweens, roots, betweens, heads} {
			page.WriteString(pick(parts))
		}
		for range random.IntN(12) {
			page.WriteString(pick(contents))
		}
		page.WriteString("<p>The end.</p>")
		name := fmt.Sprintf("generated-%d.html", i)
		writeFile(t, filepath.Join(root, name), page.String())
		names = append(names, name)
	}
	return names
}
