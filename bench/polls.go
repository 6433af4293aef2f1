package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// pollVisitors is how many visitors poll at once, each with a cookie, a tab and an address of its own: the endpoint
// limits what one address may ask.
const pollVisitors = 128

// pollResult is the comparison for one kind of poll.
type pollResult struct {
	name string
	comparison
	// repeated is the part of the polls that were answered from memory.
	repeated float64
}

// Where the polls are that are measured; busyMessages of manyMessages may appear on each.
const (
	quietPath    = "/quiet/"    // the visitors have closed all of them
	duePath      = "/due/"      // everybody is shown the same
	personalPath = "/personal/" // what is shown is made for the visitor
)

// pollKind is a kind of poll that is measured.
type pollKind struct {
	name, path string
	// first: each poll is the first one of a page view. Otherwise all but the first ask again on an unchanged page, as
	// clients do every ten to sixty seconds.
	first bool
	// held: the client says that it holds what is due; seen: that is on screen.
	held, seen bool
}

var pollKinds = []pollKind{
	{name: "nothing due, the first poll of a page view", path: quietPath, first: true},
	{name: "nothing due, asked again", path: quietPath},
	{name: "one message, the same for everybody", path: duePath},
	{name: "one message, made for the visitor", path: personalPath},
	{name: "the client holds what is due, and has not shown it", path: duePath, held: true},
	{name: "the client holds what was made for the visitor, and has not shown it", path: personalPath, held: true},
	{name: "what is due is on screen, asked again", path: duePath, held: true, seen: true},
	{name: "what was made for the visitor is on screen, asked again", path: personalPath, held: true, seen: true},
}

// measurePolls compares polls of known visitors with Caddy's respond, which answers the same request with the same headers
// and body, and reads what the edge takes that knows them all.
func measurePolls(ctx context.Context, servers launcher, rounds, visitors int) ([]pollResult, memoryResult, error) {
	p, err := populate(ctx, servers.folder, visitors)
	if err != nil {
		return nil, memoryResult{}, err
	}
	workspace, err := writePolledWorkspace(servers.folder)
	if err != nil {
		return nil, memoryResult{}, err
	}
	edge, err := servers.start(ctx, fmt.Sprintf("handbill %s {\n\t\tstore bbolt %s\n\t}", workspace, p.path), "\thandle /metrics {\n\t\tmetrics\n\t}\n\thandbill\n\trespond 404")
	if err != nil {
		return nil, memoryResult{}, err
	}
	defer edge.stop()
	var results []pollResult
	for _, kind := range pollKinds {
		result, err := measurePoll(ctx, servers, edge, kind, rounds)
		if err != nil {
			return nil, memoryResult{}, fmt.Errorf("%s: %w", kind.name, err)
		}
		results = append(results, result)
	}
	taken, err := measureMemory(ctx, edge, p)
	return results, taken, err
}

// writePolledWorkspace writes manyMessages messages. Each fourth has a condition that holds, and each fourth is a campaign that nobody has started.
func writePolledWorkspace(folder string) (path string, err error) {
	var b strings.Builder
	b.WriteString("[workspace]\nname = \"Bench\"\nsite_id = \"bench\"\nwrite_key = \"bench-web\"\nthrottle = { per_day = 32 }\n" +
		"\n[[segments]]\nid = \"buyers\"\nwhere = 'events[\"Order Completed\"].count > 0'\n")
	write := func(id, pages, text string, i int) {
		fmt.Fprintf(&b, "\n[[messages]]\nid = %q\npages = [%q]\ndisplay = \"banner\"\ntext = %q\nignore_throttle = true\n"+
			"buttons = [{ text = \"Show me\", action = \"/offers/\" }]\n", id, pages, text)
		switch i % 4 {
		case 1:
			b.WriteString("where = 'traits.seats >= 0 && visit.page_views > 0'\naudience = [\"!buyers\"]\n")
		case 2:
			b.WriteString("kind = \"campaign\"\ntrigger = { event = \"Trial Started\" }\n")
		}
	}
	for i := range busyMessages {
		write(fmt.Sprintf("quiet-%d", i), quietPath+"*", "Invoices of **March** are ready.", i)
		write(fmt.Sprintf("due-%d", i), duePath+"*", "Invoices of **March** are ready.", i)
		write(fmt.Sprintf("personal-%d", i), personalPath+"*", "Hello {{ traits.first_name | default: 'there' }}, invoices of **March** are ready for {{ traits.plan | upcase }}.", i)
	}
	for i := range manyMessages - 3*busyMessages {
		write(fmt.Sprintf("message-%d", i), fmt.Sprintf("/section-%d/*", i), "What is new.", i)
	}
	path = filepath.Join(folder, "polled.toml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

func measurePoll(ctx context.Context, servers launcher, edge *server, kind pollKind, rounds int) (pollResult, error) {
	result := pollResult{name: kind.name}
	visitors, err := prepare(ctx, edge, kind)
	if err != nil {
		return result, err
	}
	model, err := poll(ctx, edge.address, visitors[0])
	if err != nil {
		return result, err
	}
	site := model.caddyfile()
	plain, err := servers.start(ctx, "", site)
	if err != nil {
		return result, err
	}
	defer plain.stop()
	control, err := servers.start(ctx, "", site)
	if err != nil {
		return result, err
	}
	defer control.stop()
	if err := model.sameAs(ctx, plain, visitors[0]); err != nil {
		return result, err
	}
	load := func(s *server) contender {
		var requests [][]byte
		for _, v := range visitors {
			requests = append(requests, v.request(s.address))
		}
		return contender{server: s, status: model.status, visitors: overHTTP1(s, requests, true)}
	}
	before, beforeToo, err := edge.polls(ctx)
	if err != nil {
		return result, err
	}
	if result.comparison, err = compareThree(ctx, rounds, load(edge), load(plain), load(control)); err != nil {
		return result, err
	}
	all, repeated, err := edge.polls(ctx)
	result.repeated = (repeated - beforeToo) / (all - before)
	return result, err
}

// prepare has the visitors begin their visits, and see what they are to have on screen.
func prepare(ctx context.Context, edge *server, kind pollKind) ([]polling, error) {
	visitors := acquaintances(edge, kind.path)
	for i := range visitors {
		v := &visitors[i]
		first, err := poll(ctx, edge.address, *v)
		if err != nil {
			return nil, err
		}
		if kind.held {
			v.generation = first.generation()
		}
		if kind.seen {
			if err := see(ctx, edge.address, *v, first); err != nil {
				return nil, err
			}
		}
		if kind.first {
			v.view = numbered + "00000000"
		}
	}
	return visitors, nil
}

// see reports that the messages of an answer came on screen.
func see(ctx context.Context, address string, visitor polling, answer polled) error {
	var list struct{ InAppMessages []struct{ DeliveryID string } }
	if err := json.Unmarshal([]byte(answer.body), &list); err != nil || len(list.InAppMessages) == 0 {
		return fmt.Errorf("there is nothing to see in %s: %w", answer.body, err)
	}
	var events []string
	for i, m := range list.InAppMessages {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"Report Delivery Event","messageId":"%s-%s-%d","properties":{"deliveryId":%q,"metric":"opened"}}`, visitor.tab, visitor.path, i, m.DeliveryID))
	}
	body := `{"batch":[` + strings.Join(events, ",") + `],"writeKey":"bench-web"}`
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/_handbill/v1/b", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header = visitor.header(address)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if err == nil && (reply.StatusCode != http.StatusOK || bytes.Contains(said, []byte("rejected"))) {
		err = fmt.Errorf("the report was answered with %s: %s", reply.Status, said)
	}
	return err
}

// polls reads from the edge's metrics how many polls it has answered, and how many of them from memory.
func (s *server) polls(ctx context.Context) (all, repeated float64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/metrics", nil)
	if err != nil {
		return 0, 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		number, notNumber := strconv.ParseFloat(value, 64)
		switch {
		case notNumber != nil:
		case strings.HasPrefix(name, "caddy_handbill_polls_total{"):
			all += number
		case strings.HasPrefix(name, "caddy_handbill_polls_repeated_total{"):
			repeated += number
		}
	}
	if err == nil && all == 0 {
		err = fmt.Errorf("the metrics tell of no polls:\n%s", text)
	}
	return all, repeated, err
}

// acquaintances are visitors whom the edge knows; see populate.
func acquaintances(edge *server, path string) []polling {
	visitors := make([]polling, pollVisitors)
	for i := range visitors {
		visitors[i] = polling{edge: edge.address, path: path, tab: fmt.Sprintf("tab%d", i), cookie: "handbill_id=" + anonymousID(i)}
	}
	return visitors
}

// polling is what one visitor sends.
type polling struct {
	edge, path, cookie, tab string
	// view names the page view; empty: one of its own for each tab and path.
	view string
	// generation is that of the answer which the client holds.
	generation string
}

// header is what a browser sends with a poll from a page of the measured edge.
func (p polling) header(address string) http.Header {
	h := http.Header{
		"Content-Type":          {"application/json"},
		"X-Cio-Site-Id":         {"bench"},
		"X-Cio-Client-Platform": {"web"},
		"X-Gist-User-Anonymous": {"false"},
		"Content-Language":      {"en"},
		"User-Agent":            {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
		"Accept":                {"*/*"},
		"Accept-Language":       {"en-US,en;q=0.5"},
		"Accept-Encoding":       {"gzip, deflate, br, zstd"},
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
	held := ""
	if p.generation != "" {
		held = fmt.Sprintf(`,"generation":%q`, p.generation)
	}
	return fmt.Sprintf(`{"page":{"url":"http://%s%s","number":1},"tab":%q,"view":%q%s,"show":{},"fired":[],"zone":"Europe/Paris","reset":false}`,
		address, p.path, p.tab, cmp.Or(p.view, p.tab+p.path), held)
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

// generation is the one that an answer names.
func (p polled) generation() string {
	var list struct{ Generation string }
	_ = json.Unmarshal([]byte(p.body), &list) // an answer without a list names none
	return list.Generation
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
