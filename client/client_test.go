package client_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"handbill/client"
)

// limits are what the client and each of its parts may weigh, in bytes after gzip.
var limits = map[string]int{
	"client":      8 << 10,
	"consent":     1 << 10, // before the client, on sites that have rules of consent
	"message.css": 2560,
	"actions":     1 << 10,
	"calls":       1280,
	"inbox":       1188, // with the bell 4 KiB
	"bridge":      1280, // in documents that were written for the reference client
	"bell":        2908,
	"debug":       6 << 10,
	"forms":       3 << 10,
	"inline":      1152,
	"keep":        640,
	"sticky":      768,
	"tooltip":     2 << 10,
	"tour":        512,
	"markup":      1 << 10,
	"sandbox":     1 << 10,
	"routes":      512,
	"stream":      2 << 10,
	"swept":       320,
	"when":        2 << 10,
	"renderer":    14 << 10,
}

func TestTheClientIsSmall(t *testing.T) {
	sizes := map[string]int{"client": gzipped(t, client.Bundle())}
	consent, err := fs.ReadFile(client.Files(), "consent.js")
	if err != nil {
		t.Fatal(err)
	}
	sizes["consent"] = gzipped(t, consent)
	page, err := fs.ReadFile(client.Files(), "renderer.html")
	if err != nil {
		t.Fatal(err)
	}
	sizes["renderer"] = gzipped(t, page)
	bridge, err := fs.ReadFile(client.Files(), "bridge.js")
	if err != nil {
		t.Fatal(err)
	}
	sizes["bridge"] = gzipped(t, bridge)
	parts, err := fs.ReadDir(client.Files(), "parts")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts {
		text, err := fs.ReadFile(client.Files(), "parts/"+part.Name())
		if err != nil {
			t.Fatal(err)
		}
		sizes[strings.TrimSuffix(part.Name(), ".js")] = gzipped(t, text) // a style sheet keeps its .css
	}
	printSizes(sizes)
	for name, size := range sizes {
		limit, known := limits[name]
		switch {
		case !known:
			t.Errorf("the part %s has no limit: give it one above", name)
		case size > limit:
			t.Errorf("%s is %d bytes after gzip; make it smaller than %d", name, size, limit)
		}
	}
}

// peers are what others send to the browser for messages, in bytes after gzip, as npm has it; the versions stand in docs/performance.md.
var peers = []struct {
	name string
	size int
}{
	{"the whole Customer.io stack", 66_579},
	{"Braze, in-app messages alone", 57_250},
	{"PostHog, surveys alone", 48_989},
	{"gist-web", 33_688},
	{"driver.js", 7_234},
}

// printSizes prints our sizes beside the peers'; make test shows it.
func printSizes(sizes map[string]int) {
	const row = "%-34s %7v %9v\n"
	fmt.Printf("\n"+row, "bytes after gzip", "", "at most")
	all := 0
	for _, name := range slices.SortedFunc(maps.Keys(sizes), func(a, b string) int { return sizes[b] - sizes[a] }) {
		if name == "renderer" {
			continue // a page for other clients
		}
		all += sizes[name]
		fmt.Printf(row, name, sizes[name], limits[name])
	}
	fmt.Printf(row, "all of it, which no page needs", all, "")
	for _, peer := range peers {
		fmt.Printf(row, peer.name, peer.size, "")
	}
}

// TestTheDocumentationSaysWhatTheClientMayWeigh keeps the table of docs/performance.md true.
func TestTheDocumentationSaysWhatTheClientMayWeigh(t *testing.T) {
	text, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]int{
		"the core": limits["client"], "the look of messages": limits["message.css"],
		"tooltips and tours": limits["tooltip"] + limits["tour"], "forms and surveys": limits["forms"],
	}
	for _, peer := range peers {
		wanted[peer.name] = peer.size
	}
	for name, size := range wanted {
		row := fmt.Sprintf("| %s | %d,%03d |", name, size/1000, size%1000)
		if !strings.Contains(strings.ReplaceAll(string(text), "at most ", ""), row) {
			t.Errorf("docs/performance.md lacks the row %s", row)
		}
	}
}

func gzipped(t *testing.T, text []byte) int {
	t.Helper()
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Len()
}

func TestFilesHoldTheBundle(t *testing.T) {
	file, err := fs.ReadFile(client.Files(), "client.js")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, client.Bundle()) {
		t.Error("Files and Bundle differ")
	}
}
