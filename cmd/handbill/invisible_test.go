package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go/http3"
	"golang.org/x/net/websocket"

	"handbill/engine/porttest"
)

// Requests as browsers send them. A page is asked of the site in gzip or in no coding; here the browser asks the same, so
// that the site's answers can be compared.
var (
	forPage  = []string{"Accept: text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding: gzip", "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"}
	forStyle = []string{"Accept: text/css,*/*;q=0.1", "Accept-Encoding: gzip, deflate, br, zstd", "Sec-Fetch-Dest: style"}
	forData  = []string{"Accept: */*", "Accept-Encoding: gzip, deflate, br, zstd", "Sec-Fetch-Dest: empty"}
)

// visit is a request, and whether its answer is a page to inject.
type visit struct {
	name, method, target string
	header               []string
	injected             bool
}

func ask(name, target string, header []string, more ...string) visit {
	return visit{name: name, method: http.MethodGet, target: target, header: append(append([]string{}, header...), more...)}
}

func (v visit) by(method string) visit { v.method = method; return v }
func (v visit) inserted() visit        { v.injected = true; return v }

// fileVisits are asked of every server of files. ETAG and MODIFIED stand for what the server says of the style sheet.
var fileVisits = []visit{
	ask("a page", "/", forPage).inserted(),
	ask("a page in no coding", "/docs/", []string{"Accept: text/html", "Sec-Fetch-Dest: document"}).inserted(),
	ask("a page by a program that says nothing", "/glue.html", nil).inserted(),
	ask("a style sheet", "/site.css", forStyle),
	ask("a style sheet in gzip", "/site.css", []string{"Accept: text/css", "Accept-Encoding: gzip"}),
	ask("a style sheet in brotli", "/site.css", []string{"Accept: text/css", "Accept-Encoding: br"}),
	ask("a style sheet in zstd", "/site.css", []string{"Accept: text/css", "Accept-Encoding: zstd"}),
	ask("a style sheet in no coding", "/site.css", nil),
	ask("the head of a style sheet", "/site.css", forStyle).by(http.MethodHead),
	ask("a style sheet not modified by its ETag", "/site.css", forStyle, "If-None-Match: ETAG"),
	ask("a style sheet not modified by one of several ETags", "/site.css", forStyle, `If-None-Match: "other", W/ETAG`),
	ask("a style sheet not modified since", "/site.css", forStyle, "If-Modified-Since: MODIFIED"),
	ask("the first bytes of a film", "/film.webm", forData, "Range: bytes=0-99"),
	ask("the last bytes of a film", "/film.webm", forData, "Range: bytes=-100"),
	ask("several ranges of a picture", "/photo.png", forData, "Range: bytes=0-9,1000-1009,5000-"),
	ask("a range of what has changed", "/photo.png", forData, "Range: bytes=0-9", `If-Range: "other"`),
	ask("a range of a document in the browser's viewer", "/manual.pdf", forPage, "Range: bytes=100-199"),
	ask("a whole document in the browser's viewer", "/manual.pdf", forPage),
	ask("a large film", "/film.webm", forData),
	ask("a script", "/site.js", forData),
	ask("data", "/prices.json", forData),
	ask("data opened in a tab", "/prices.json", forPage),
	ask("text that looks like a page", "/notes.txt", forPage),
	ask("a drawing", "/drawing.svg", forPage),
	ask("a feed", "/feed.xml", forPage),
	ask("a table", "/prices.csv", forPage),
	ask("a redirect", "/docs", forPage),
	ask("a form sent to a file", "/glue.html", forPage, "Content-Length: 3").by(http.MethodPost),
	ask("what may be done with a file", "/glue.html", forData).by(http.MethodOptions),
}

var (
	part       = ask("a part of a page", "/part.html", forPage)
	farRange   = ask("a range that is not there", "/photo.png", forData, "Range: bytes=9000000-")
	otherMatch = ask("a style sheet that must match", "/site.css", forStyle, `If-Match: "other"`)
	saved      = ask("a page to save", "/saved.html", forPage)
)

var phpVisits = []visit{
	ask("a page", "/orders?as=page", forPage).inserted(),
	ask("a page that PHP compresses", "/index.php?as=compressed", forPage).inserted(),
	ask("data", "/index.php?as=json", forPage),
	ask("a download", "/index.php?as=download", forPage),
	ask("a part of a page", "/index.php?as=part", forPage),
	ask("a redirect", "/index.php?as=redirect", forPage),
	ask("not modified", "/index.php?as=unchanged", forPage, `If-None-Match: "orders-7"`),
	ask("no content", "/index.php?as=nothing", forPage),
	ask("flushed text", "/index.php?as=flushed", forPage),
	ask("a page not to be transformed, with cookies", "/index.php?as=cookies", forPage),
	ask("a form", "/index.php?as=page", forPage, "Content-Length: 3").by(http.MethodPost),
}

var applicationVisits = []visit{
	ask("a page", "/page", forPage).inserted(),
	ask("a page after early hints", "/hints/page", forPage).inserted(),
	ask("a page with trailers", "/trailers/page", forPage, "TE: trailers").inserted(),
	ask("data after early hints", "/hints/data", forPage),
	ask("data with trailers", "/trailers/data", forData, "TE: trailers"),
	ask("what the site is sent for data", "/request", forData, "Range: bytes=0-5", `If-None-Match: "a", W/"b"`, "Cookie: cart=3", "X-Order: 1", "X-Order: 2"),
	ask("what the site is sent for a style sheet", "/request", forStyle, "Cache-Control: no-cache"),
	ask("what the site is sent with a form", "/request", forPage, "Content-Length: 3").by(http.MethodPost),
	ask("a page for a script, of a site that varies", "/varied", forData),
	ask("a part for htmx", "/part", forData, "HX-Request: true"),
	ask("a page without a type", "/typeless", forPage),
	ask("a page in two codings", "/twice", forPage),
	ask("a page in an unknown coding", "/compress", forPage),
	ask("an AMP page", "/amp", forPage),
	ask("a page that opts out", "/off", forPage),
	ask("a page whose site opts out", "/header-off", forPage),
	ask("XHTML", "/xhtml", forPage),
	ask("an endless download", "/download", forPage),
	ask("the head of data", "/request", forData).by(http.MethodHead),
	ask("no content", "/nothing", forPage),
}

func TestWhatIsNotInjectedIsNotTouched(t *testing.T) {
	root, app := workshop(t), newApplication(t)
	fast := phpFPM(t)
	p := startPairs(t, []string{
		"nginx", "reverse_proxy " + nginx(t, root),
		"Apache", "reverse_proxy " + apache(t, root),
		"file_server", "root " + root + "\nfile_server {\nprecompressed zstd br gzip\n}",
		"file_server with encode", "encode zstd gzip\nroot " + root + "\nfile_server",
		"php-fpm", "root " + root + "\nphp_fastcgi " + fast,
		"an application", "reverse_proxy " + app.address,
	})
	for server, visits := range map[string][]visit{
		// Error pages are pages.
		"nginx":                   append([]visit{saved, part, farRange, otherMatch.inserted()}, fileVisits...),
		"Apache":                  append([]visit{part, farRange.inserted(), otherMatch}, fileVisits...),
		"file_server":             append([]visit{part, farRange, otherMatch}, fileVisits...),
		"file_server with encode": append([]visit{part, farRange, otherMatch}, fileVisits...),
		"php-fpm":                 phpVisits,
		"an application":          applicationVisits,
	} {
		t.Run(server, func(t *testing.T) {
			sheet := exchange(t, p[server].without, http.MethodGet, "/site.css", nil)
			fill := strings.NewReplacer("ETAG", strings.TrimPrefix(sheet.field("ETag"), "W/"), "MODIFIED", sheet.field("Last-Modified"))
			for _, v := range visits {
				t.Run(v.name, func(t *testing.T) {
					header := make([]string, len(v.header))
					for i, field := range v.header {
						header[i] = fill.Replace(field)
					}
					if v.method == http.MethodPost {
						header = append(header, "", "a=1")
					}
					with, without := exchange(t, p[server].with, v.method, v.target, header), exchange(t, p[server].without, v.method, v.target, header)
					if v.injected {
						expectInserted(t, with, without)
					} else {
						expectSame(t, with, without)
					}
				})
			}
		})
	}
}

func TestEveryPartOfAStreamArrivesBeforeTheSiteSendsTheNext(t *testing.T) {
	app := newApplication(t)
	p := startPairs(t, []string{"an application", "reverse_proxy " + app.address})["an application"]
	for path, injected := range map[string]bool{"/stream/page": true, "/stream/events": false, "/stream/lines": false} {
		t.Run(path, func(t *testing.T) {
			var whole [2]string
			for i, address := range []string{p.with, p.without} {
				whole[i] = app.follow(t, address, path)
			}
			if injected {
				whole[0] = strings.Replace(whole[0], snippetText, "", 1)
			}
			if whole[0] != whole[1] {
				t.Errorf("got %q\nwithout Handbill %q", whole[0], whole[1])
			}
		})
	}
}

func TestWebSocketsPass(t *testing.T) {
	p := startPairs(t, []string{"an application", "reverse_proxy " + newApplication(t).address})["an application"]
	socket, err := websocket.Dial("ws://"+p.with+"/socket", "", "http://"+p.with)
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	_ = socket.SetDeadline(time.Now().Add(patience))
	for _, sent := range []string{"<html><head>", "", strings.Repeat("oak", 50_000)} {
		if err := websocket.Message.Send(socket, sent); err != nil {
			t.Fatal(err)
		}
		var got string
		if err := websocket.Message.Receive(socket, &got); err != nil || got != sent {
			t.Fatalf("%d bytes came back as %d: %v", len(sent), len(got), err)
		}
	}
}

func TestNothingIsTouchedOverHTTP2And3(t *testing.T) {
	root, app := workshop(t), newApplication(t)
	p := startPairs(t, []string{"TLS", "tls internal\nroot " + root + "\nhandle /files/* {\nuri strip_prefix /files\nfile_server\n}\nreverse_proxy " + app.address})["TLS"]
	for _, v := range []struct {
		path     string
		header   http.Header
		injected bool
	}{
		{path: "/files/site.css", header: http.Header{"Accept-Encoding": {"gzip, br"}}},
		{path: "/files/film.webm", header: http.Header{"Range": {"bytes=10-5000000"}}},
		{path: "/files/prices.json", header: http.Header{"Accept": {"text/html"}}},
		{path: "/trailers/data", header: http.Header{"Te": {"trailers"}}},
		{path: "/request", header: http.Header{"Cookie": {"a=1; b=2"}}},
		{path: "/nothing"},
		{path: "/page", header: http.Header{"Accept": {"text/html"}, "Accept-Encoding": {"identity"}}, injected: true},
		{path: "/trailers/page", header: http.Header{"Accept": {"text/html"}, "Te": {"trailers"}}, injected: true},
	} {
		overBoth(t, v.path, func(t *testing.T, transport http.RoundTripper) {
			with, body := fetchOver(t, transport, p.with, v.path, v.header)
			without, original := fetchOver(t, transport, p.without, v.path, v.header)
			for _, r := range []*http.Response{with, without} {
				r.Header.Del("Date")
				r.Header.Del("Alt-Svc") // names the port
				if v.injected {
					for _, name := range []string{"Handbill", "Content-Length", "Etag", "Accept-Ranges", "Vary"} {
						r.Header.Del(name)
					}
				}
			}
			if with.StatusCode != without.StatusCode || !maps.EqualFunc(with.Header, without.Header, slices.Equal) || !maps.EqualFunc(with.Trailer, without.Trailer, slices.Equal) {
				t.Errorf("got %s %v %v\nwithout Handbill %s %v %v", with.Status, with.Header, with.Trailer, without.Status, without.Header, without.Trailer)
			}
			if v.injected && bytes.Count(body, []byte(snippetText)) == 1 {
				body = bytes.Replace(body, []byte(snippetText), nil, 1)
			} else if v.injected {
				t.Error("the page is not injected")
			}
			if !bytes.Equal(body, original) {
				t.Errorf("the body has changed: %d bytes, without Handbill %d", len(body), len(original))
			}
		})
	}
}

// ownAuthority takes the certificates of the Caddy under test, which it signed itself.
var ownAuthority = &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}

// overBoth runs a test over HTTP/2 and over HTTP/3.
func overBoth(t *testing.T, name string, test func(*testing.T, http.RoundTripper)) {
	t.Run(name+" over HTTP/2", func(t *testing.T) {
		transport := &http.Transport{TLSClientConfig: ownAuthority.Clone(), ForceAttemptHTTP2: true, DisableCompression: true}
		defer transport.CloseIdleConnections()
		test(t, only(t, 2, transport))
	})
	t.Run(name+" over HTTP/3", func(t *testing.T) {
		transport := &http3.Transport{TLSClientConfig: ownAuthority.Clone(), DisableCompression: true}
		defer transport.Close()
		test(t, only(t, 3, transport))
	})
}

// only fails the test when an answer does not come over the protocol that is meant.
func only(t *testing.T, major int, transport http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := transport.RoundTrip(request)
		if err == nil && response.ProtoMajor != major {
			t.Errorf("this was %s", response.Proto)
		}
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func fetchOver(t *testing.T, transport http.RoundTripper, address, path string, header http.Header) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "localhost"
	maps.Copy(request.Header, header)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

// pair is a site twice on one Caddy: behind Handbill, and without it.
type pair struct{ with, without string }

// startPairs takes names and sites in turn.
func startPairs(t *testing.T, sites []string) map[string]pair {
	t.Helper()
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, "[[messages]]\nid = \"closing-day\"\npages = [\"*\"]\ndisplay = \"banner\"\ntext = \"The workshop is closed on Monday.\"\n")
	var caddyfile strings.Builder
	fmt.Fprintf(&caddyfile, "{\nadmin ADMIN\npersist_config off\nskip_install_trust\nauto_https disable_redirects\ndefault_bind 127.0.0.1\nhandbill %s {\nstore memory\n}\n}\n", workspace)
	pairs := map[string]pair{}
	var encrypted []string
	for i := 0; i < len(sites); i += 2 {
		p := pair{porttest.Address(t), porttest.Address(t)}
		pairs[sites[i]] = p
		scheme, host := "http://", "" // whatever the host
		if strings.Contains(sites[i+1], "tls internal") {
			scheme, host = "https://", "localhost"
			encrypted = append(encrypted, p.with, p.without)
		}
		for _, site := range []struct{ address, more string }{{p.with, "handbill\n"}, {p.without, ""}} {
			port := site.address[strings.LastIndexByte(site.address, ':'):]
			fmt.Fprintf(&caddyfile, "%s%s%s {\n%s%s\n}\n", scheme, host, port, site.more, sites[i+1])
		}
	}
	s := newServer(t, caddyfile.String())
	s.start()
	for _, address := range encrypted {
		until(t, "the site has a certificate", func() bool {
			conn, err := tls.Dial("tcp", address, ownAuthority)
			if err == nil {
				_ = conn.Close()
			}
			return err == nil
		})
	}
	return pairs
}

// application is a site that does what applications do.
type application struct {
	address string
	// next lets a stream send its next part.
	next chan struct{}
}

const applicationPage = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Orders</title></head><body><h1>Orders</h1></body></html>\n"

func newApplication(t *testing.T) *application {
	t.Helper()
	app := &application{next: make(chan struct{})}
	routes := http.NewServeMux()
	plain := func(path, mediaType, body string, fields ...string) {
		routes.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{mediaType}
			if mediaType == "" {
				w.Header()["Content-Type"] = nil // net/http adds none
			}
			for i := 0; i < len(fields); i += 2 {
				w.Header().Add(fields[i], fields[i+1])
			}
			fmt.Fprint(w, body)
		})
	}
	const html = "text/html; charset=utf-8"
	plain("/page", html, applicationPage, "ETag", `"orders-7"`)
	plain("/varied", html, applicationPage, "Vary", "Sec-Fetch-Dest", "Cache-Control", "private")
	plain("/part", html, "<li>One more order</li>", "Vary", "HX-Request")
	plain("/typeless", "", applicationPage)
	plain("/twice", html, applicationPage, "Content-Encoding", "gzip, br")
	plain("/compress", html, applicationPage, "Content-Encoding", "compress")
	plain("/amp", html, strings.Replace(applicationPage, "<html", "<html amp", 1))
	plain("/off", html, strings.Replace(applicationPage, "<html", `<html data-handbill="off"`, 1))
	plain("/header-off", html, applicationPage, "Handbill", "off")
	plain("/xhtml", "application/xhtml+xml", applicationPage)
	plain("/download", "application/octet-stream", strings.Repeat("<html><head>", 1<<20))
	routes.HandleFunc("/nothing", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	routes.HandleFunc("/request", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		r.Header.Del("X-Forwarded-For")
		_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "host": r.Host, "header": r.Header})
	})
	for kind, content := range map[string][2]string{"page": {html, applicationPage}, "data": {"application/json", "[17, 18]"}} {
		routes.HandleFunc("/hints/"+kind, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Add("Link", "</site.css>; rel=preload; as=style")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Content-Type", content[0])
			fmt.Fprint(w, content[1])
		})
		routes.HandleFunc("/trailers/"+kind, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", content[0])
			w.Header().Set("Trailer", "X-Orders")
			fmt.Fprint(w, content[1])
			_ = http.NewResponseController(w).Flush()
			w.Header().Set("X-Orders", "2")
		})
	}
	app.routeStreams(routes)
	routes.Handle("/socket", websocket.Handler(func(socket *websocket.Conn) {
		var text string
		for websocket.Message.Receive(socket, &text) == nil && websocket.Message.Send(socket, text) == nil {
		}
	}))
	server := httptest.NewServer(routes)
	t.Cleanup(server.Close)
	app.address = server.Listener.Addr().String()
	return app
}

// streamParts is how many parts a stream has; each ends with partEnd and its number.
const (
	streamParts = 5
	partEnd     = "<!-- part %d -->"
)

// routeStreams adds streams that send a part only when the one before has arrived.
func (a *application) routeStreams(routes *http.ServeMux) {
	for kind, stream := range map[string][3]string{
		"page":   {"text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Orders</title></head><body>", "<p>An order</p>"},
		"events": {"text/event-stream", "", "data: an order"},
		"lines":  {"application/x-ndjson", "", `{"order": 17}`},
	} {
		routes.HandleFunc("/stream/"+kind, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", stream[0])
			fmt.Fprint(w, stream[1])
			for part := range streamParts {
				fmt.Fprintf(w, stream[2]+partEnd+"\n\n", part)
				_ = http.NewResponseController(w).Flush()
				select {
				case <-a.next:
				case <-r.Context().Done():
					return
				}
			}
		})
	}
}

// follow reads a stream, and lets the site go on only when a part has arrived.
func (a *application) follow(t *testing.T, address, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got []byte
	buffer := make([]byte, 4096)
	for part := range streamParts {
		mark := fmt.Appendf(nil, partEnd, part)
		for !bytes.Contains(got, mark) {
			n, err := response.Body.Read(buffer)
			got = append(got, buffer[:n]...)
			if err != nil && !bytes.Contains(got, mark) {
				t.Fatalf("part %d does not arrive: %v", part, err)
			}
		}
		a.next <- struct{}{}
	}
	rest, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(got) + string(rest)
}
