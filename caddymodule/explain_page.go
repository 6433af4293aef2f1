package caddymodule

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"handbill/inject"
)

// pageTime is how long a page may take that explain asks for.
const pageTime = 10 * time.Second

// pageVerdict says of a page whether it gets its snippet.
type pageVerdict struct {
	// Outcome is "injected", "skipped", or "unknown" where nobody can tell.
	Outcome string `json:"outcome"`
	// Reason is a stable code for why the page is not injected: one of inject's, or one of those below.
	Reason string `json:"reason,omitempty"`
	// Saw is the reason in words, Help what can be done.
	Saw  string `json:"saw"`
	Help string `json:"help,omitempty"`
	// Status is that of the page's answer, Workspace whose messages the page shows.
	Status    int    `json:"status,omitempty"`
	Workspace string `json:"workspace,omitempty"`
}

func skipped(code, saw, help string) pageVerdict {
	return pageVerdict{Outcome: "skipped", Reason: code, Saw: saw, Help: help}
}

func unknown(code, saw, help string) pageVerdict {
	return pageVerdict{Outcome: "unknown", Reason: code, Saw: saw, Help: help}
}

// What a page may be besides what package inject finds.
var (
	pageIsInjected = pageVerdict{Outcome: "injected", Saw: "The page has its snippet."}
	pageIsEndpoint = skipped("endpoint", "The address belongs to Handbill's own endpoint.", "Ask about a page of the site.")
	pageIsUnwanted = skipped("not_requested", "The request is outside of the directive's matcher, in `skip`, or `snippet` is off.",
		"Look at the directive `handbill` of the site in the Caddyfile.")
	pageIsNotAsked = unknown("not_asked", "Without a running server nobody can tell; a page is asked where it is served.",
		"Leave the path of the workspace away to ask the running server.")
	pageIsError = skipped("error", "There is no page at this address, and Caddy's own answer to an error is none either.",
		"Look at what stands after `handbill` in the Caddyfile; for messages on error pages write handle_errors, with `handbill` in it.")
	pageIsSlow = unknown("no_answer", fmt.Sprintf("The site did not answer within %s.", pageTime), "Look at the site that Caddy asks.")
)

// verdictOf is what the injector says.
func verdictOf(reason inject.Reason) pageVerdict {
	if reason == inject.ReasonNone {
		return pageIsInjected
	}
	meaning, advice := reason.Sentence()
	return skipped(reason.String(), meaning, advice)
}

// pageQuestion is an operator's question what becomes of a page. It travels in the context of a request that this process
// makes to itself, so that nobody from outside can ask it, and no header is needed that the site might see.
type pageQuestion struct {
	mu      sync.Mutex
	verdict pageVerdict
	// status and location are those of the answer; zero while there is none.
	status   int
	location string
}

type pageQuestionKey struct{}

// pageQuestions is how many are being asked; mostly none, and then no request is searched for one.
var pageQuestions atomic.Int32

// pageQuestionOf is the question that a request asks; nil for requests of browsers.
func pageQuestionOf(r *http.Request) *pageQuestion {
	if pageQuestions.Load() == 0 {
		return nil
	}
	q, _ := r.Context().Value(pageQuestionKey{}).(*pageQuestion)
	return q
}

// answer notes what a handler made of the page. The last one counts: that of the error page after the site's, and of two
// handlers in a row the outer one.
func (q *pageQuestion) answer(workspace string, verdict pageVerdict) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	verdict.Workspace = workspace
	q.verdict = verdict
}

// failed notes that what comes after a handler has no page for the address: Caddy goes on with handle_errors.
func (q *pageQuestion) failed(workspace string) {
	if q == nil {
		return
	}
	if verdict, _ := q.asked(); verdict.Outcome == "" {
		q.answer(workspace, pageIsError)
	}
}

// observe tells the question, if there is one, what the injector made of a page.
func (h *Handler) observe(r *http.Request, reason inject.Reason) {
	if q := pageQuestionOf(r); q != nil {
		q.answer(h.workspace, verdictOf(reason))
	}
}

// asked is the answer; verdict.Outcome is empty where no handler of ours had the request.
func (q *pageQuestion) asked() (verdict pageVerdict, location string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	verdict = q.verdict
	verdict.Status = q.status
	return verdict, q.location
}

// explainPage asks the running servers for a page, as a browser would, and says what became of it. It goes through all of
// Caddy's handlers and to the site itself; only names, certificates and whatever stands in front of Caddy are left out.
func explainPage(ctx context.Context, address *url.URL, header http.Header) pageVerdict {
	app, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		return unknown("no_server", "This Caddy serves no sites.", "Ask the one that serves the page, with --address.")
	}
	port := portOf(address)
	verdict := unknown("no_server", "This Caddy serves no sites.", "Ask the one that serves the page, with --address.")
	for _, server := range serversAt(app.(*caddyhttp.App).Servers, port) {
		q := &pageQuestion{}
		answered := q.ask(ctx, server, address, port, header)
		found, location := q.asked()
		switch {
		case found.Outcome != "":
			return found
		case !answered:
			verdict = pageIsSlow
		case location != "":
			verdict = unknown("redirect", fmt.Sprintf("The address leads to %s (status %d).", location, found.Status), "Ask about that address.")
			verdict.Status = found.Status
		default:
			verdict = unknown("no_handler", fmt.Sprintf("No site with the directive `handbill` answered; the status is %d.", found.Status),
				"Look whether the Caddyfile has a site of this address, and `handbill` in it.")
			verdict.Status = found.Status
		}
	}
	return verdict
}

// portOf is the port that an address names or implies.
func portOf(address *url.URL) int {
	if port, err := strconv.Atoi(address.Port()); err == nil {
		return port
	}
	if address.Scheme == "http" {
		return caddyhttp.DefaultHTTPPort
	}
	return caddyhttp.DefaultHTTPSPort
}

// serversAt are the servers that listen on a port; all of them where none does, as behind a proxy with ports of its own.
func serversAt(servers map[string]*caddyhttp.Server, port int) []*caddyhttp.Server {
	var here, all []*caddyhttp.Server
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		server := servers[name]
		all = append(all, server)
		if slices.ContainsFunc(server.Listen, func(listener string) bool {
			address, err := caddy.ParseNetworkAddress(listener)
			return err == nil && !address.IsUnixNetwork() && int(address.StartPort) <= port && port <= int(address.EndPort)
		}) {
			here = append(here, server)
		}
	}
	if len(here) == 0 {
		return all
	}
	return here
}

// ask has a server answer the page, and says whether it did in time.
func (q *pageQuestion) ask(ctx context.Context, server *caddyhttp.Server, address *url.URL, port int, header http.Header) bool {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, pageQuestionKey{}, q), pageTime)
	defer cancel()
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	request := pageRequest(context.WithValue(ctx, http.LocalAddrContextKey, loopback), address, header)
	if address.Scheme == "https" && len(server.TLSConnPolicies) > 0 {
		request.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, CipherSuite: tls.TLS_AES_128_GCM_SHA256, ServerName: address.Hostname()}
	} else if request.Header.Get("X-Forwarded-Proto") == "" {
		request.Header.Set("X-Forwarded-Proto", address.Scheme)
	}
	pageQuestions.Add(1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer pageQuestions.Add(-1)
		defer func() { _ = recover() }() // a handler that aborts, as net/http's server survives it
		server.ServeHTTP(&pageAnswer{question: q, header: make(http.Header)}, request)
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// pageRequest is how a browser asks for a page that somebody opens, with the operator's headers instead of its own.
func pageRequest(ctx context.Context, address *url.URL, header http.Header) *http.Request {
	target := *address
	target.Fragment, target.RawFragment = "", ""
	request := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: target.Path, RawPath: target.RawPath, RawQuery: target.RawQuery}, Host: target.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: http.NoBody, RemoteAddr: "127.0.0.1:0", RequestURI: target.RequestURI(),
		Header: http.Header{
			"Accept":                    {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
			"Accept-Encoding":           {"gzip, deflate, br, zstd"},
			"Accept-Language":           {"en"},
			"Sec-Fetch-Dest":            {"document"},
			"Sec-Fetch-Mode":            {"navigate"},
			"Sec-Fetch-Site":            {"none"},
			"Upgrade-Insecure-Requests": {"1"},
			"User-Agent":                {"Mozilla/5.0 (compatible; handbill messages explain)"},
		},
	}).WithContext(ctx)
	if request.URL.Path == "" {
		request.URL.Path = "/"
	}
	maps.Copy(request.Header, header)
	return request
}

// pageAnswer is where the page goes that explain asked for: nowhere. Only its header counts.
type pageAnswer struct {
	question *pageQuestion
	header   http.Header
}

// Header implements [http.ResponseWriter].
func (a *pageAnswer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *pageAnswer) WriteHeader(status int) {
	a.question.mu.Lock()
	defer a.question.mu.Unlock()
	if status >= 200 && a.question.status == 0 {
		a.question.status, a.question.location = status, a.header.Get("Location")
	}
}

// Write drops the page's text.
func (a *pageAnswer) Write(text []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return len(text), nil
}

// FlushError and the deadlines do nothing, as nobody waits for what is written.
func (a *pageAnswer) FlushError() error { a.WriteHeader(http.StatusOK); return nil }

// Flush implements [http.Flusher].
func (a *pageAnswer) Flush() { a.WriteHeader(http.StatusOK) }

// SetReadDeadline is for [http.ResponseController].
func (a *pageAnswer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is for [http.ResponseController].
func (a *pageAnswer) SetWriteDeadline(time.Time) error { return nil }

// EnableFullDuplex is for [http.ResponseController].
func (a *pageAnswer) EnableFullDuplex() error { return nil }
