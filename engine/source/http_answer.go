package source

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// refusal is why a URL's answer is not taken, and what to do.
type refusal struct {
	text, fix string
	// again is how long the server wishes to be left alone.
	again time.Duration
}

// Error is the text and the fix.
func (r *refusal) Error() string { return r.text + "; " + r.fix }

// checkAnswer refuses an answer that is no workspace, by its head.
func checkAnswer(response *http.Response) error {
	status := fmt.Sprintf("it answered %s", strings.TrimSpace(response.Status))
	again := retryAfter(response.Header.Get("Retry-After"))
	switch code := response.StatusCode; {
	case code == http.StatusOK:
		return checkType(response.Header)
	case code == http.StatusNotModified:
		return &refusal{text: "it answered that nothing has changed, and was not asked that", fix: "mend the server, or the cache in front of it"}
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		return &refusal{text: status, fix: "send what it wants to see, such as: header Authorization \"Bearer {env.CONFIG_TOKEN}\"", again: again}
	case code == http.StatusNotFound, code == http.StatusGone:
		return &refusal{text: status, fix: "correct the URL, or put the workspace there", again: again}
	case code == http.StatusTooManyRequests:
		return &refusal{text: status, fix: "ask less often, such as: interval 5m", again: again}
	case code >= 500:
		return &refusal{text: status, fix: "see what is wrong with the server; it is asked again", again: again}
	default:
		return &refusal{text: status + ", and should answer 200", fix: "correct the URL", again: again}
	}
}

// retryAfter is how long a server wishes to be left alone: seconds, or a date.
func retryAfter(text string) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(longestWish/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}

// checkType refuses what says that it is something else than text. Servers call TOML by many names.
func checkType(header http.Header) error {
	if coding := header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return &refusal{text: fmt.Sprintf("the answer has the encoding %s, which was not asked for", quoted(coding)), fix: "send it as it is, or with gzip to those who ask for it"}
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return nil
	}
	switch major, _, _ := strings.Cut(kind, "/"); {
	case kind == "text/html", kind == "application/xhtml+xml":
		return errPage
	case major == "image", major == "audio", major == "video", major == "font", major == "multipart", strings.HasSuffix(kind, "json"),
		strings.HasSuffix(kind, "xml"), kind == "application/pdf", kind == "application/zip", kind == "application/gzip", kind == "text/css",
		kind == "text/javascript":
		return &refusal{text: fmt.Sprintf("the answer is of the type %s, and should be TOML (application/toml or text/plain)", quoted(kind)), fix: "correct the URL, or the type that the server gives the file"}
	}
	return nil
}

// errPage is for a page where a workspace should be: mostly somebody wants to know who asks.
var errPage = &refusal{
	text: "the answer is a web page, such as one for signing in, and no workspace",
	fix:  "send what lets the server know you, such as: header Authorization \"Bearer {env.CONFIG_TOKEN}\", or correct the URL",
}

// checkText refuses a body that is no workspace, whatever its type says.
func checkText(data []byte) error {
	begin := bytes.ToLower(bytes.TrimSpace(data[:min(len(data), 512)]))
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return &refusal{text: "the answer is empty, which would take every message away", fix: "put the workspace there; to show nothing, pause the messages: status = \"paused\""}
	case bytes.HasPrefix(begin, []byte("<!doctype")), bytes.HasPrefix(begin, []byte("<html")):
		return errPage
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return &refusal{text: "the answer is compressed, and does not say so", fix: "let the server say Content-Encoding: gzip, or send the file as it is"}
	}
	return nil
}

// quoted shows a short part of what a server says.
func quoted(text string) string {
	const most = 100
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strconv.Quote(text)
}

// unreachable says in plain words why there is no answer. Errors of the client hold the URL, which may hold a secret.
func (h *remote) unreachable(err error) *refusal {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{text: fmt.Sprintf("it did not answer whole within %s", h.options.Timeout), fix: "see why it is slow, or wait longer: timeout " + (3 * h.options.Timeout).String()}
	case errors.As(err, &name):
		return &refusal{text: fmt.Sprintf("the host %s is not found (%s)", h.url.Hostname(), name.Err), fix: "correct the host, or see that this machine's name service works"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &refusal{text: fmt.Sprintf("the connection to %s is refused", h.url.Host), fix: "see that the server runs, and that the port is right"}
	case errors.As(err, &certificate), strings.Contains(text, "x509:"):
		return &refusal{text: fmt.Sprintf("its certificate is not trusted (%v)", err), fix: "give the server a certificate of an authority that this machine trusts, or let the machine trust its authority"}
	case errors.As(err, &record), strings.Contains(text, "HTTP response to HTTPS client"):
		return &refusal{text: "it does not speak TLS", fix: "write http:// where the server speaks no TLS, or correct the port"}
	case strings.Contains(text, "response headers exceeded"), strings.Contains(text, "server response headers"):
		return &refusal{text: fmt.Sprintf("its answer's headers have more than %d KiB", maximumHeader>>10), fix: "correct the URL, or mend the server"}
	default:
		return &refusal{text: fmt.Sprintf("there is no answer (%s)", quoted(text)), fix: "see that the server runs, and that this machine may connect to it; it is asked again"}
	}
}
