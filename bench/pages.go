package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageConnections is how many visitors load pages at once.
const pageConnections = 32

// snippetMark is what an injected page holds and another does not.
const snippetMark = "/_handbill/client.js"

// navigation is the header of a browser that opens a page.
const navigation = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
	"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en\r\n" +
	"Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\n"

// proxies are the three servers in front of the upstream: with the directive, without it, and the control.
type proxies struct{ with, without, control *server }

// startProxies starts them by one of a launcher's ways.
func startProxies(ctx context.Context, start func(ctx context.Context, global, site string) (*server, error), folder, upstream string) (p proxies, err error) {
	workspace, err := writeWorkspace(folder)
	if err != nil {
		return proxies{}, err
	}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	proxy := "\treverse_proxy " + upstream
	if p.with, err = start(ctx, "handbill "+workspace, "\thandbill\n"+proxy); err != nil {
		return p, err
	}
	if p.without, err = start(ctx, "", proxy); err != nil {
		return p, err
	}
	p.control, err = start(ctx, "", proxy)
	return p, err
}

func (p proxies) stop() {
	for _, s := range []*server{p.with, p.without, p.control} {
		if s != nil {
			s.stop()
		}
	}
}

// pageResult is the comparison for one size of page.
type pageResult struct {
	size int
	comparison
}

// measurePages loads pages over HTTP/1.1.
func measurePages(ctx context.Context, servers launcher, upstream string, rounds int) ([]pageResult, error) {
	p, err := startProxies(ctx, servers.start, servers.folder, upstream)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	return p.measure(ctx, rounds, func(s *server, size int) contender {
		return contender{server: s, status: http.StatusOK, visitors: overHTTP1(s, navigations(s, "/page/"+strconv.Itoa(size)), false)}
	})
}

// measure compares the three servers under a load of pages of each size.
func (p proxies) measure(ctx context.Context, rounds int, load func(s *server, size int) contender) ([]pageResult, error) {
	var results []pageResult
	for _, size := range pageSizes {
		for s, injected := range map[*server]bool{p.with: true, p.without: false, p.control: false} {
			if err := checkPage(ctx, s, "/page/"+strconv.Itoa(size), injected); err != nil {
				return nil, err
			}
		}
		result, err := compareThree(ctx, rounds, load(p.with, size), load(p.without, size), load(p.control, size))
		if err != nil {
			return nil, err
		}
		results = append(results, pageResult{size: size, comparison: result})
	}
	return results, nil
}

// checkPage makes sure that what is measured is what it is called. A server that has just started may pass pages as they are
// until it has opened its store.
func checkPage(ctx context.Context, s *server, path string, injected bool) error {
	wanted := 0
	if injected {
		wanted = 1
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(20 * time.Millisecond) {
		status, found, err := countSnippets(ctx, s, path)
		switch {
		case err != nil:
			return err
		case status == http.StatusOK && found == wanted:
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("%s answers %d with %d snippets instead of %d\n%s", path, status, found, wanted, s.log)
		}
	}
}

func countSnippets(ctx context.Context, s *server, path string) (status, found int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+path, http.NoBody)
	if err != nil {
		return 0, 0, err
	}
	answer, err := testClient.Do(request)
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, bytes.Count(body, []byte(snippetMark)), err
}

// navigations are the requests of all visitors who open a page.
func navigations(s *server, path string) [][]byte {
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, s.address, navigation)
	return slices.Repeat([][]byte{request}, pageConnections)
}

// workspaceMessages is how many messages the measured workspace holds. One of them is due on polledPath.
const (
	workspaceMessages = 50
	polledPath        = "/billing/"
)

// writeWorkspace writes the messages that the measured server has loaded.
func writeWorkspace(folder string) (path string, err error) {
	var b strings.Builder
	b.WriteString("[workspace]\nname = \"Bench\"\nsite_id = \"bench\"\nwrite_key = \"bench-web\"\n")
	for i := range workspaceMessages {
		pages := fmt.Sprintf("/shop/%d/*", i)
		if i == 0 {
			pages = polledPath + "*"
		}
		fmt.Fprintf(&b, "\n[[messages]]\nid = \"notice-%d\"\npages = [%q]\ndisplay = \"banner\"\n"+
			"text = \"Invoices of **%s** are ready.\"\nbuttons = [{ text = \"Show me\", action = \"/billing/invoices/\" }]\n",
			i, pages, time.Month(1+i%12))
	}
	path = filepath.Join(folder, "messages.toml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}
