package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// pollVisitors is how many visitors poll at once, each with a cookie, a tab and an address of its own: the endpoint
// limits what one address may ask.
const pollVisitors = 128

// pollResult is the comparison for one kind of poll.
type pollResult struct {
	name string
	comparison
}

// measurePolls compares polls with Caddy's respond, which answers the same request with the same headers and body.
func measurePolls(ctx context.Context, servers launcher, rounds int) ([]pollResult, error) {
	workspace, err := writeWorkspace(servers.folder)
	if err != nil {
		return nil, err
	}
	edge, err := servers.start(ctx, "handbill "+workspace, "\thandbill\n\trespond 404")
	if err != nil {
		return nil, err
	}
	defer edge.stop()
	var results []pollResult
	for _, kind := range []struct{ name, path string }{
		{"one message due", polledPath},
		{"nothing due", quietPath},
	} {
		result, err := measurePoll(ctx, servers, edge, kind.path, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		results = append(results, pollResult{name: kind.name, comparison: result})
	}
	return results, nil
}

func measurePoll(ctx context.Context, servers launcher, edge *server, path string, rounds int) (comparison, error) {
	visitors, err := introduce(ctx, edge, path)
	if err != nil {
		return comparison{}, err
	}
	model, err := poll(ctx, edge.address, visitors[0])
	if err != nil {
		return comparison{}, err
	}
	site := model.caddyfile()
	plain, err := servers.start(ctx, "", site)
	if err != nil {
		return comparison{}, err
	}
	defer plain.stop()
	control, err := servers.start(ctx, "", site)
	if err != nil {
		return comparison{}, err
	}
	defer control.stop()
	if err := model.sameAs(ctx, plain, visitors[0]); err != nil {
		return comparison{}, err
	}
	load := func(s *server) contender {
		var requests [][]byte
		for _, v := range visitors {
			requests = append(requests, v.request(s.address))
		}
		return contender{server: s, status: model.status, visitors: overHTTP1(s, requests, true)}
	}
	return compareThree(ctx, rounds, load(edge), load(plain), load(control))
}

// polling is what one visitor sends.
type polling struct {
	edge, path, cookie, tab string
}

// header is what a browser sends with a poll from a page of the measured edge.
func (p polling) header(address string) http.Header {
	h := http.Header{
		"Content-Type":          {"application/json"},
		"X-Cio-Site-Id":         {"bench"},
		"X-Cio-Client-Platform": {"web"},
		"X-Gist-User-Anonymous": {"false"},
		"Content-Language":      {"en"},
		"Sec-Fetch-Site":        {"same-origin"},
		"Sec-Fetch-Mode":        {"cors"},
		"Sec-Fetch-Dest":        {"empty"},
		"Origin":                {"http://" + address},
		"Referer":               {"http://" + address + p.path},
	}
	if p.cookie != "" {
		h.Set("Cookie", p.cookie)
	}
	return h
}

func (p polling) body(address string) string {
	return fmt.Sprintf(`{"page":{"url":"http://%s%s"},"tab":%q,"view":%q}`, address, p.path, p.tab, p.tab+"-1")
}

func (p polling) target() string {
	return "/_handbill/api/v4/users?sessionId=6a1c8f0e-2b7d-4f7a-9a35-" + fmt.Sprintf("%012s", p.tab)
}

// request is the poll as bytes.
func (p polling) request(address string) []byte {
	var b bytes.Buffer
	body := p.body(address)
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\n", p.target(), address)
	_ = p.header(address).Write(&b) // a buffer takes everything
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.Bytes()
}

// introduce lets every visitor poll once, to get its cookie.
func introduce(ctx context.Context, edge *server, path string) ([]polling, error) {
	visitors := make([]polling, pollVisitors)
	for i := range visitors {
		visitors[i] = polling{edge: edge.address, path: path, tab: fmt.Sprintf("tab%d", i)}
		answer, err := poll(ctx, edge.address, visitors[i])
		if err != nil {
			return nil, err
		}
		for _, cookie := range (&http.Response{Header: answer.header}).Cookies() {
			visitors[i].cookie = cookie.Name + "=" + cookie.Value
		}
		if visitors[i].cookie == "" {
			return nil, fmt.Errorf("the poll of a new visitor set no cookie: %d %v", answer.status, answer.header)
		}
	}
	return visitors, nil
}

// polled is an answer as the browser gets it.
type polled struct {
	status int
	header http.Header
	body   string
}

func poll(ctx context.Context, address string, visitor polling) (polled, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+visitor.target(), strings.NewReader(visitor.body(address)))
	if err != nil {
		return polled{}, err
	}
	request.Header = visitor.header(address)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return polled{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return polled{}, err
	}
	if answer.StatusCode >= 400 {
		return polled{}, fmt.Errorf("the poll was answered with %s: %s", answer.Status, body)
	}
	answer.Header.Del("Date")
	return polled{status: answer.StatusCode, header: answer.Header, body: string(body)}, nil
}

// caddyfile is a site that answers every request like this. Server and Content-Length come from Caddy itself.
func (p polled) caddyfile() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.header)) {
		if name == "Server" || name == "Content-Length" {
			continue
		}
		fmt.Fprintf(&b, "\theader %s `%s`\n", name, p.header.Get(name))
	}
	if p.body == "" {
		fmt.Fprintf(&b, "\trespond %d", p.status)
	} else {
		fmt.Fprintf(&b, "\trespond `%s` %d", p.body, p.status)
	}
	return b.String()
}

// sameAs makes sure that a server answers with the same status, headers and body.
func (p polled) sameAs(ctx context.Context, s *server, visitor polling) error {
	got, err := poll(ctx, s.address, visitor)
	if err != nil {
		return err
	}
	if got.status != p.status || got.body != p.body || !maps.EqualFunc(got.header, p.header, slices.Equal) {
		return errors.Join(errors.New("respond does not answer as the poll does"), fmt.Errorf("poll %+v", p), fmt.Errorf("respond %+v", got))
	}
	return nil
}
