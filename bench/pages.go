package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
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

func startProxies(ctx context.Context, servers launcher, upstream string) (p proxies, err error) {
	workspace, err := writeWorkspace(servers.folder)
	if err != nil {
		return proxies{}, err
	}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	proxy := "\treverse_proxy " + upstream
	if p.with, err = servers.start(ctx, "handbill "+workspace, "\thandbill\n"+proxy); err != nil {
		return p, err
	}
	if p.without, err = servers.start(ctx, "", proxy); err != nil {
		return p, err
	}
	p.control, err = servers.start(ctx, "", proxy)
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

func measurePages(ctx context.Context, servers launcher, upstream string, rounds int) ([]pageResult, error) {
	p, err := startProxies(ctx, servers, upstream)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var results []pageResult
	for _, size := range pageSizes {
		path := "/page/" + strconv.Itoa(size)
		for s, injected := range map[*server]bool{p.with: true, p.without: false, p.control: false} {
			if err := checkPage(ctx, s, path, injected); err != nil {
				return nil, err
			}
		}
		load := func(s *server) contender {
			request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, s.address, navigation)
			return contender{server: s, status: http.StatusOK, requests: repeated([]byte(request), pageConnections)}
		}
		result, err := compare(ctx, rounds, load(p.with), load(p.without), load(p.control))
		if err != nil {
			return nil, err
		}
		results = append(results, pageResult{size: size, comparison: result})
	}
	return results, nil
}

// checkPage makes sure that what is measured is what it is called.
func checkPage(ctx context.Context, s *server, path string, injected bool) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if found := bytes.Count(body, []byte(snippetMark)); injected != (found == 1) || answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s with %d snippets; expected to be injected: %t\n%s", path, answer.Status, found, injected, s.log)
	}
	return nil
}

func repeated(request []byte, n int) [][]byte {
	requests := make([][]byte, n)
	for i := range requests {
		requests[i] = request
	}
	return requests
}

// workspaceMessages is how many messages the measured workspace holds. One of them is due on polledPath.
const (
	workspaceMessages = 50
	polledPath        = "/billing/"
	quietPath         = "/docs/"
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
