package source

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"handbill/engine/workspace"
)

// HTTPOptions say how a URL is asked.
type HTTPOptions struct {
	// Interval is how often it is asked, and Timeout how long an answer may take. Zero: 30 and 10 seconds.
	Interval, Timeout time.Duration
	// Header is sent with each request, and never to another host.
	Header http.Header
	// PublicKeys are those that the workspace must be signed with, by one of them; see [Sign]. None: it need not be signed.
	PublicKeys []ed25519.PublicKey
}

// Defaults of HTTPOptions.
const (
	DefaultInterval = 30 * time.Second
	DefaultTimeout  = 10 * time.Second
)

const (
	maximumRedirects = 5
	// maximumHeader bounds the headers of an answer, in bytes.
	maximumHeader = 64 << 10
	userAgent     = "handbill"
)

// CheckURL says what is wrong with the URL of a workspace.
func CheckURL(text string) error {
	const example = "write it as https://config.example.net/messages.toml"
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("the URL of the workspace cannot be read; " + example)
	case parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "":
		return fmt.Errorf("%q is not a URL of http or https; %s", parsed.Redacted(), example)
	case parsed.Fragment != "":
		return fmt.Errorf("%q has a fragment, which is not sent; leave out # and what follows", parsed.Redacted())
	}
	return nil
}

// HTTP is a workspace at a URL: one file of TOML. It is asked at an interval whether it is still the same, by ETag or by
// Last-Modified. The URL is one that [CheckURL] takes.
func HTTP(address string, options HTTPOptions) Source {
	if options.Interval == 0 {
		options.Interval = DefaultInterval
	}
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	parsed, err := url.Parse(address)
	if err != nil {
		parsed = &url.URL{Opaque: "a URL that cannot be read"}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // verifies TLS, asks for gzip, and heeds HTTPS_PROXY
	transport.MaxResponseHeaderBytes = maximumHeader
	transport.MaxIdleConns, transport.IdleConnTimeout = 2, 2*options.Interval
	h := &remote{address: address, url: parsed, options: options, pace: newPace(options.Interval), transport: transport}
	h.client = &http.Client{Transport: transport, CheckRedirect: h.redirect}
	return h
}

type remote struct {
	address   string
	url       *url.URL
	options   HTTPOptions
	pace      pace
	transport *http.Transport
	client    *http.Client

	// What was loaded last, and how the server calls it. They belong to the goroutine that loads.
	files  []workspace.File
	known  version
	signed time.Time
}

// version is how a server calls what it has sent.
type version struct{ etag, modified string }

// versionOf is how a server calls what it has sent; nothing where it was written a moment ago. Servers know when a file was
// written to a second, and make their ETags of that: in the same second it may be written again.
func versionOf(header http.Header) version {
	const moment = 2 * time.Second
	modified, err := http.ParseTime(header.Get("Last-Modified"))
	if sent, dateErr := http.ParseTime(header.Get("Date")); err == nil && dateErr == nil && sent.Sub(modified) < moment {
		return version{}
	}
	return version{etag: header.Get("ETag"), modified: header.Get("Last-Modified")}
}

// String is the URL, without a password and without a query, which may hold one.
func (h *remote) String() string {
	shown := *h.url
	if shown.RawQuery != "" {
		shown.RawQuery = "…"
	}
	return strings.Replace(shown.Redacted(), "?%E2%80%A6", "?…", 1)
}

// Origin is the whole URL, and who must have signed.
func (h *remote) Origin() string { return h.address + " " + h.signers() }

// Signed implements [Signed].
func (h *remote) Signed() time.Time { return h.signed }

// Again implements [Signed].
func (h *remote) Again() { h.known = version{} }

// Tag implements [Resumer]. What was believed for one signer is not for another.
func (h *remote) Tag() string {
	if h.known == (version{}) {
		return ""
	}
	parts := []string{h.known.etag, h.known.modified, h.signers()}
	if !h.signed.IsZero() {
		parts = append(parts, h.signed.Format(time.RFC3339))
	}
	return strings.Join(parts, "\n")
}

// Resume implements [Resumer].
func (h *remote) Resume(files []workspace.File, tag string) {
	parts := strings.Split(tag, "\n")
	if len(parts) < 3 || parts[2] != h.signers() || len(files) == 0 {
		return
	}
	var signed time.Time
	if len(parts) > 3 {
		var err error
		if signed, err = time.Parse(time.RFC3339, parts[3]); err != nil {
			return
		}
	}
	h.files, h.known, h.signed = files, version{etag: parts[0], modified: parts[1]}, signed
}

// Watch asks at the interval.
func (h *remote) Watch(ctx context.Context, changed func()) error {
	return h.pace.watch(ctx, nil, changed)
}

// Close gives up the connections that are kept open.
func (h *remote) Close() { h.transport.CloseIdleConnections() }

// Load asks the URL for what it has.
func (h *remote) Load(ctx context.Context) ([]workspace.File, error) {
	limited, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	files, err := h.fetch(limited)
	if err == nil {
		h.files = files
		h.pace.succeeded()
		return files, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var refused *refusal
	if !errors.As(err, &refused) {
		refused = h.unreachable(err)
	}
	h.pace.failed(refused.again)
	return nil, workspace.Problem{File: h.String(), Text: refused.text, Fix: refused.fix}
}

func (h *remote) fetch(ctx context.Context) ([]workspace.File, error) {
	response, err := h.ask(ctx, h.url, h.known)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified && h.known != (version{}) {
		return h.files, nil
	}
	if err := checkAnswer(response); err != nil {
		return nil, err
	}
	data, err := readAnswer(response, workspace.MaximumFileSize)
	if err != nil {
		return nil, err
	}
	if err := checkText(data); err != nil {
		return nil, err
	}
	signed, err := h.verify(ctx, data, response.Header.Values(SignatureHeader))
	if err != nil {
		return nil, err
	}
	h.known, h.signed = versionOf(response.Header), signed
	return Alone(h.String(), data), nil
}

// ask sends a request; known is what need not be sent again.
func (h *remote) ask(ctx context.Context, address *url.URL, known version) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "application/toml, text/plain;q=0.9, */*;q=0.5")
	for name, values := range h.options.Header {
		request.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	if known.etag != "" {
		request.Header.Set("If-None-Match", known.etag)
	} else if known.modified != "" {
		request.Header.Set("If-Modified-Since", known.modified)
	}
	return h.client.Do(request)
}

// redirect follows a few redirects. What was meant for the URL's own host alone goes to no other.
func (h *remote) redirect(request *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maximumRedirects:
		return &refusal{text: fmt.Sprintf("it redirects more than %d times", maximumRedirects), fix: "name the URL that it leads to"}
	case h.url.Scheme == "https" && request.URL.Scheme != "https":
		return &refusal{text: fmt.Sprintf("it redirects to %s, which is not encrypted", shownHost(request.URL)), fix: "let it redirect to https, or name the URL that it leads to"}
	case request.URL.Scheme != "https" && request.URL.Scheme != "http":
		return &refusal{text: fmt.Sprintf("it redirects to something of %s", request.URL.Scheme), fix: "name the URL that it leads to"}
	}
	request.Header.Del("Referer") // the URL's query may hold a secret
	if request.URL.Scheme != h.url.Scheme || !strings.EqualFold(request.URL.Host, h.url.Host) {
		for name := range h.options.Header {
			request.Header.Del(name)
		}
		request.Header.Del("Authorization")
	}
	return nil
}

func shownHost(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Alone is a workspace of one file, such as comes over a network. Lists that its segments name are files, and there are none
// beside it.
func Alone(name string, data []byte) []workspace.File {
	file := workspace.File{Name: name, Data: data}
	files := []workspace.File{file}
	for _, list := range workspace.Lists(file) {
		files = append(files, workspace.File{Name: list, List: true, Problem: "what comes over a network has no files beside it; write the ids into the segment: ids = [\"…\"]"})
	}
	return files
}

// readAnswer reads a body of at most so many bytes.
func readAnswer(response *http.Response, most int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	switch {
	case err != nil && errors.Is(err, context.DeadlineExceeded):
		return nil, err
	case err != nil:
		return nil, &refusal{text: fmt.Sprintf("the answer broke off after %d bytes (%v)", len(data), err), fix: "see why; it is asked again"}
	case len(data) > most:
		return nil, &refusal{text: fmt.Sprintf("the answer has more than the %d MiB that a file may have", most>>20), fix: "take messages out that have ended, or correct the URL"}
	}
	return data, nil
}
