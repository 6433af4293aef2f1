package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// snippetText is what an injected page has and its original has not.
const snippetText = `<script async src="/_handbill/client.js" data-anonymous-in-app></script>`

// response is an answer as it was on the wire.
type response struct {
	interim  []string // the heads of 1xx answers
	status   string
	fields   []string // as sent, in their order
	body     []byte   // without its framing
	trailers string
}

// exchange sends one request over a connection of its own and reads to its end.
func exchange(t *testing.T, address, method, target string, header []string) response {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: shop.example.test\r\n%sConnection: close\r\n\r\n", method, target, strings.Join(append(header, ""), "\r\n"))
	sent, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("%s %s: %v after %.200q", method, target, err, sent)
	}
	var r response
	for {
		head, rest, found := bytes.Cut(sent, []byte("\r\n\r\n"))
		if !found {
			t.Fatalf("%s %s: not an answer: %.200q", method, target, sent)
		}
		status, fields, _ := strings.Cut(string(head), "\r\n")
		if strings.HasPrefix(status, "HTTP/1.1 1") && !strings.Contains(status, " 101 ") {
			r.interim, sent = append(r.interim, string(head)), rest
			continue
		}
		r.status, r.fields, r.body = status, strings.Split(fields, "\r\n"), rest
		break
	}
	if slices.Contains(r.fields, "Transfer-Encoding: chunked") && method != "HEAD" {
		r.dechunk(t)
	}
	return r
}

func (r *response) dechunk(t *testing.T) {
	t.Helper()
	framed := bufio.NewReader(bytes.NewReader(r.body))
	var err error
	if r.body, err = io.ReadAll(httputil.NewChunkedReader(framed)); err != nil {
		t.Fatalf("the chunks of the answer: %v", err)
	}
	trailers, err := io.ReadAll(framed)
	if err != nil {
		t.Fatal(err)
	}
	r.trailers = string(trailers)
}

// field returns the value of a field; "" where there is none.
func (r *response) field(name string) string {
	for _, field := range r.fields {
		if found, value, _ := strings.Cut(field, ": "); strings.EqualFold(found, name) {
			return value
		}
	}
	return ""
}

var (
	dateField = regexp.MustCompile(`^(Date|Expires): .*`)
	boundary  = regexp.MustCompile(`boundary=([0-9A-Za-z]+)`)
)

// steady replaces what differs from one answer to the next by itself: dates, and the boundaries of multipart answers.
func (r *response) steady() {
	for i, field := range r.fields {
		r.fields[i] = dateField.ReplaceAllString(field, "$1: then")
		if found := boundary.FindStringSubmatch(field); found != nil {
			r.fields[i] = strings.ReplaceAll(field, found[1], "BOUNDARY")
			r.body = bytes.ReplaceAll(r.body, []byte(found[1]), []byte("BOUNDARY"))
		}
	}
}

// expectSame compares two answers byte for byte.
func expectSame(t *testing.T, with, without response) {
	t.Helper()
	with.steady()
	without.steady()
	if with.status != without.status || !slices.Equal(with.interim, without.interim) || !slices.Equal(with.fields, without.fields) || with.trailers != without.trailers {
		t.Errorf("the answer's head has changed:\n%s\nwithout Handbill:\n%s", with.head(), without.head())
	}
	if !bytes.Equal(with.body, without.body) {
		t.Errorf("the answer's body has changed: %d bytes, %.300q\nwithout Handbill: %d bytes, %.300q", len(with.body), with.body, len(without.body), without.body)
	}
}

func (r *response) head() string {
	return strings.Join(slices.Concat(r.interim, []string{r.status}, r.fields, []string{"trailers: " + r.trailers}), "\n")
}

// changedByInsertion are the fields that an insertion changes: its mark, and what is said about the body's bytes.
var changedByInsertion = regexp.MustCompile(`^(?i)(handbill|content-length|transfer-encoding|etag|accept-ranges|vary|content-encoding|date|connection|trailer):`)

// expectInserted makes sure that a page is the same with the snippet in it, and its head but for what an insertion changes.
func expectInserted(t *testing.T, with, without response) {
	t.Helper()
	expectPlanned(t, with, without)
	got, want := with.decoded(t), without.decoded(t)
	if strings.Count(got, snippetText) != 1 || strings.Replace(got, snippetText, "", 1) != want {
		t.Errorf("the page is not the original with the snippet:\n%.600q\nwithout Handbill:\n%.600q", got, want)
	}
}

// expectPlanned compares the heads, but for what an insertion changes.
func expectPlanned(t *testing.T, with, without response) {
	t.Helper()
	keep := func(fields []string) []string {
		return slices.DeleteFunc(slices.Clone(fields), changedByInsertion.MatchString)
	}
	if with.status != without.status || !slices.Equal(with.interim, without.interim) || !slices.Equal(keep(with.fields), keep(without.fields)) {
		t.Errorf("the page's head has changed:\n%s\nwithout Handbill:\n%s", with.head(), without.head())
	}
	if with.trailers != without.trailers {
		t.Errorf("the trailers are %q, without Handbill %q", with.trailers, without.trailers)
	}
}

// decoded is the body without gzip.
func (r *response) decoded(t *testing.T) string {
	t.Helper()
	if r.field("Content-Encoding") != "gzip" {
		return string(r.body)
	}
	reader, err := gzip.NewReader(bytes.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
