package sink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// DefaultTimeout is how long the other side of a sink over HTTP may take to answer.
const DefaultTimeout = 10 * time.Second

// poster posts batches to a URL.
type poster struct {
	url    string
	client *http.Client
}

func newPoster(to string, timeout time.Duration) poster {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = 1, 30*time.Second
	return poster{url: to, client: &http.Client{
		Transport: transport, Timeout: timeout,
		// The events of visitors go nowhere but where the operator has said.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CheckURL says what is wrong with the URL of a sink.
func CheckURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Hostname() == "" {
		return fmt.Errorf("%q is not a URL that can be posted to; write it as https://hooks.example.net/in", withoutSecrets(text))
	}
	if parsed.Fragment != "" {
		return fmt.Errorf("%q has a fragment, which nobody but a browser reads; remove it", withoutSecrets(text))
	}
	return nil
}

// withoutSecrets names where a URL leads. Its password, and often its path and query, are secrets.
func withoutSecrets(text string) string {
	parsed, err := url.Parse(text)
	if err != nil {
		return "the URL"
	}
	if parsed.Host == "" {
		return text
	}
	return parsed.Scheme + "://" + parsed.Host
}

// post sends a body, and says what the answer means for its batch.
func (p poster) post(ctx context.Context, header http.Header, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", "Handbill")
	}
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	response, err := p.client.Do(request)
	if err != nil {
		return p.withoutURL(err)
	}
	defer func() { _ = response.Body.Close() }()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // the status is answer enough
	return judge(response, said)
}

// withoutURL keeps the URL, which may be a secret, out of an error.
func (p poster) withoutURL(err error) error {
	var wrapped *url.Error
	switch {
	case !errors.As(err, &wrapped):
	case wrapped.Timeout():
		return fmt.Errorf("%s did not answer within %s: see why it is slow, or give it a longer timeout", withoutSecrets(p.url), p.client.Timeout)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s closed the connection without an answer", withoutSecrets(p.url))
	default:
		return fmt.Errorf("%s: %w", withoutSecrets(p.url), wrapped.Err)
	}
	return err
}

// judge says what an answer means.
func judge(response *http.Response, said []byte) error {
	status := response.StatusCode
	if status >= 200 && status < 300 {
		return nil
	}
	reason := fmt.Errorf("the answer is %s", response.Status)
	if text := strings.TrimSpace(string(said[:min(len(said), 200)])); text != "" {
		reason = fmt.Errorf("%w: %q", reason, text)
	}
	switch {
	case status >= 300 && status < 400:
		return fmt.Errorf("%w, which leads to %s; redirects are not followed, write the right URL", reason, withoutSecrets(response.Header.Get("Location")))
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500, status < 200:
		return &Later{Err: reason, After: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	}
	content := status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity
	return &Refusal{Reason: reason.Error(), Content: content}
}

// retryAfter reads the header, which has seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(text); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<30))*time.Second, longestAfter)
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

func (p poster) close() error {
	p.client.CloseIdleConnections()
	return nil
}
