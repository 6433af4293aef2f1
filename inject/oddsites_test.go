package inject_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"handbill/inject"
)

// What odd sites answer with, all of it as text/html; ▼ is the place of the insertion, where there is one.
var oddSites = []struct{ name, body string }{
	{"JSON that a framework calls HTML", `{"html": "<!doctype html><html><head></head>"}`},
	{"JSON that is a string", `"<!doctype html><html><head>"`},
	{"JSON that is a list", `[{"id": 1, "title": "<head>"}]`},
	{"JSONP", `callback({"html": "<html><head>"})`},
	{"a number", "42"},
	{"a script", "document.write('<html><head></head>')"},
	{"a script that hides from old browsers", "<!-- //\nvar a = '<html><head>';\n// -->"},
	{"a style sheet", "head { display: none }"},
	{"a feed", `<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title></channel></rss>`},
	{"an Atom feed", `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title></feed>`},
	{"a site map", `<?xml version="1.0"?><urlset><url><loc>https://shop.example.com/</loc></url></urlset>`},
	{"a drawing", `<svg xmlns="http://www.w3.org/2000/svg"><style>a{}</style></svg>`},
	{"a row of a table for htmx", `<tr id="order-7"><td>Oak table</td></tr>`},
	{"an out-of-band swap for htmx", `<div id="cart" hx-swap-oob="true">3</div>`},
	{"a title and a part for htmx", `<title>Cart</title><main>3 things</main>`},
	{"a Turbo frame", `<turbo-frame id="cart"><p>3 things</p></turbo-frame>`},
	{"a Turbo stream", `<turbo-stream action="append" target="cart"><template><p>One</p></template></turbo-stream>`},
	{"a part behind an editor's comment", "<!-- partials/cart.html -->\n<section>3 things</section>"},
	{"a part that is a template", "<template><head></head></template>"},
	{"a notice of PHP before the page", "\nNotice: Undefined index: cart in /srv/shop/index.php on line 3\n<!doctype html><html><head>"},
	{"a marked-up notice of PHP before the page", "<br />\n<b>Notice</b>: Undefined index<br />\n<!doctype html><html><head>"},
	{"an AMP page", `<!doctype html><html ⚡ lang="en"><head><script async src="https://cdn.ampproject.org/v0.js"></script>`},
	{"a page that opts out", `<!doctype html><html lang=en data-handbill=off><head>`},
	{"nothing but a doctype", "<!doctype html>\n"},
	{"nothing but white space", " \r\n\t\f \n"},

	{"a page with its policy in the head", `<!doctype html><html><head>▼<meta http-equiv="Content-Security-Policy" content="connect-src 'none'"><title>Shop</title>`},
	{"a page that declares its charset late", `<!doctype html><html><head>▼<title>Shop</title><link rel=icon href=/x><meta charset=utf-8>`},
	{"a page with noscript in its head", "<!doctype html><html><head>▼<noscript><meta http-equiv=refresh content=0></noscript>"},
	{"a page with noscript before its head", "<!doctype html><html>▼<noscript><p>Switch it on</p></noscript><head><title>Shop</title></head>"},
	{"a page that is a template", "<!doctype html>▼<template shadowrootmode=open><head></head></template><p>Shop"},
	{"a page of frames", "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01 Frameset//EN\"><html><head>▼<title>Shop</title></head><frameset cols='20%,*'><frame src=a></frameset>"},
	{"a page of frames without a head", "<html>▼<frameset cols='20%,*'><frame src=a></frameset></html>"},
	{"XHTML as text", "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\"><head>▼<title>Shop</title></head>"},
	{"a drawing with the doctype of a page", "<!doctype html>▼<svg><title><head></title></svg>"},
	{"a byte order mark", "\ufeff<!doctype html><html><head>▼<title>Shop</title>"},
	{"two byte order marks", "\ufeff\ufeff<!doctype html><html><head><title>Shop</title>"},
	{"a licence before the doctype", "<!--\n  Copyright 2019 Tallowby Joinery. <head> is below.\n-->\n<!doctype html><html><head>▼<title>Shop</title>"},
	{"conditional comments around html", "<!doctype html><!--[if lt IE 9]><html class=\"ie\"><head><![endif]--><!--[if gt IE 8]><!--><html class=\"no-js\"><!--<![endif]--><head>▼<title>Shop</title>"},
	{"a comment that is never closed", "<!doctype html><html><!-- <head></head><body>Shop"},
	{"a head in capitals, on lines of its own", "<!DOCTYPE HTML>\r\n<HTML>\r\n<HEAD\r\n  PROFILE='>'\r\n>▼\r\n<TITLE>Shop</TITLE>"},
	{"a minified page without html, head and body", "<!doctype html>▼<meta charset=utf-8><title>Shop</title><p>Hello"},
	{"a page of an old editor", "<html>▼<title>Shop</title><body bgcolor=white><font size=7>Hello</font>"},
	{"a body alone", "▼<body>Hello</body>"},
	{"a page with server-side includes left in it", "<!--#include virtual=\"/top.html\" --><!doctype html><html><head>▼<title>Shop</title>"},
	{"a page with a processing instruction of PHP left in it", "<?php include 'top.php' ?>\n<!doctype html><head>▼<title>Shop</title>"},
	{"a page after a hundred empty comments", strings.Repeat("<!---->\n", 100) + "<!doctype html><html><head>▼<title>Shop</title>"},
	{"a page with end tags in front", "</div></div><!doctype html><html><head>▼<title>Shop</title>"},
	{"an html tag with a thousand attributes", "<!doctype html><html" + strings.Repeat(` data-a="<head>"`, 1000) + "><head>▼<title>Shop</title>"},
	{"a page whose head is far away", "<!doctype html><!--" + strings.Repeat(" far ", 1300) + "--><head>▼<title>Shop</title>"},
}

func TestOddSitesInEveryCodingAndPiece(t *testing.T) {
	for _, odd := range oddSites {
		text, want := strings.Replace(odd.body, "▼", "", 1), strings.Replace(odd.body, "▼", markup, 1)
		for _, coding := range []string{"identity", "gzip", "deflate", "br", "zstd"} {
			body := compress(coding, text)
			for _, piece := range []int{1, 7, len(body) + 1} {
				for _, flush := range []bool{false, true} {
					if piece == 1 && flush && len(body) > 2000 {
						continue // takes long, and shows nothing that the small ones do not
					}
					recorder := httptest.NewRecorder()
					counted := runOver(t, recorder, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter) {
						html(w)
						w.Header().Set("Content-Length", strconv.Itoa(len(body)))
						if coding != "identity" {
							w.Header().Set("Content-Encoding", coding)
						}
						for begin := 0; begin < len(body); begin += piece {
							w.Write(body[begin:min(begin+piece, len(body))])
							if flush {
								w.(http.Flusher).Flush()
							}
						}
					})
					response := recorder.Result()
					got := text
					if text != want {
						got = decompress(t, response, recorder.Body.String())
					}
					if injected := counted.only(t) == inject.ReasonNone; got != want || injected != (text != want) {
						t.Errorf("%s, %s by %d, flushed %v: got %.300q", odd.name, coding, piece, flush, got)
					}
					if length := response.ContentLength; length >= 0 && length != int64(recorder.Body.Len()) {
						t.Errorf("%s, %s by %d: %d bytes and Content-Length %d", odd.name, coding, piece, recorder.Body.Len(), length)
					}
					if text == want && !bytes.Equal(recorder.Body.Bytes(), body) {
						t.Errorf("%s, %s by %d: what is not injected has changed", odd.name, coding, piece)
					}
				}
			}
		}
	}
}

func TestWhatAnOperatorCanMendIsWarnedOfOnce(t *testing.T) {
	var log bytes.Buffer
	s := serve(t, reply(200, "x", "Content-Type: text/html", "Content-Encoding: compress"), func(o *inject.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	for range 5 {
		s.get(t)
	}
	if lines := log.String(); strings.Count(lines, "\n") != 1 || !strings.Contains(lines, "level=WARN") || !strings.Contains(lines, "reason=unknown_coding") {
		t.Errorf("the log says %q", lines)
	}
}

// TestABrowserThatLeavesIsNoticedByTheSite: a handler that streams hears of it by its writes, as without us.
func TestABrowserThatLeavesIsNoticedByTheSite(t *testing.T) {
	for _, coding := range []string{"identity", "gzip", "br"} {
		var heard atomic.Bool
		ended := make(chan struct{})
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			html(w)
			body := newFlushingCompressor(w, coding)
			body.write(plainPage)
			for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(time.Millisecond) {
				body.write(strings.Repeat("<p>more</p>", 1000))
				if err := http.NewResponseController(w).Flush(); err != nil || r.Context().Err() != nil {
					heard.Store(true)
					return
				}
			}
		})
		response, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadFull(response.Body, make([]byte, 100))
		response.Body.Close()
		<-ended
		if !heard.Load() {
			t.Errorf("%s: the site was not told", coding)
		}
	}
}

func TestHTTP10KeepsItsConnectionWhereTheLengthIsKnown(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(plainPage)))
		page(plainPage)(w, r)
	})
	a := converse(t, s.Server, true)
	if a.body != injectedPage || !strings.Contains(a.raw, fmt.Sprintf("Content-Length: %d\r\n", len(injectedPage))) {
		t.Errorf("got %q", a.raw)
	}
}

func TestBytesBehindTheEndOfABrotliStreamAreNoFault(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Content-Encoding", "br")
		w.Write(compress("br", plainPage))
		w.Write([]byte("\x00padding"))
	})
	if _, body := s.get(t); body != injectedPage {
		t.Errorf("got %q", body)
	}
}
