package client_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
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
	"swept":       256,
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
	for name, size := range sizes {
		limit, known := limits[name]
		t.Logf("%s is %d bytes after gzip; the limit is %d", name, size, limit)
		switch {
		case !known:
			t.Errorf("the part %s has no limit: give it one above", name)
		case size > limit:
			t.Errorf("%s is %d bytes after gzip; make it smaller than %d", name, size, limit)
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
