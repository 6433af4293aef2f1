package client_test

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"testing"

	"handbill/client"
)

// coreLimit is what the client may weigh, in bytes after gzip.
const coreLimit = 8 << 10

func TestTheClientIsSmall(t *testing.T) {
	var packed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(client.Bundle()); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("the core is %d bytes, %d after gzip; the limit is %d", len(client.Bundle()), packed.Len(), coreLimit)
	if packed.Len() > coreLimit {
		t.Errorf("the core is %d bytes after gzip; make it smaller than %d", packed.Len(), coreLimit)
	}
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
