//go:build sites

package sites

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// snippet is what an injected page has and its original has not.
const snippet = `<script async src="/_handbill/client.js" data-anonymous-in-app></script>`

const (
	// parts is how many parts an orders page has: the shell and three that are suspended.
	parts = 4
	// streamings is how often a page is read each way.
	streamings = 10
)

// expectParts reads the orders page part by part. The application sends a part only when the one before has arrived, so a
// byte that is held back ends the test. What arrives must be the page and the snippet. The times are told.
func (app application) expectParts(t *testing.T, coding string) {
	t.Helper()
	var took [2][parts][]time.Duration
	for i := range streamings {
		for turn := range 2 {
			lane := (i + turn) % 2 // each comes first in turn
			address := []string{app.with, app.without}[lane]
			visit := fmt.Sprintf("%s-%d-%d", coding, i, lane)
			body, arrived := app.read(t, address, visit, coding)
			if found := strings.Count(body, snippet); found != 1-lane {
				t.Fatalf("the page has the snippet %d times:\n%s", found, body)
			}
			for part := range parts {
				took[lane][part] = append(took[lane][part], arrived[part])
			}
		}
	}
	for part := range parts {
		t.Logf("part %d arrived after %s, without Handbill %s (median of %d)", part, median(took[0][part]), median(took[1][part]), streamings)
	}
}

// read reads the orders page, and opens the gate of a part when the one before has arrived. It returns how long each part took
// from the moment at which the application could send it.
func (app application) read(t *testing.T, address, visit, coding string) (body string, arrived [parts]time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/orders?visit="+visit, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/html")
	request.Header.Set("Sec-Fetch-Dest", "document")
	request.Header.Set("Accept-Encoding", coding)
	// Pages for robots are not streamed.
	request.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36")
	began := time.Now()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content := io.Reader(answer.Body)
	switch used := answer.Header.Get("Content-Encoding"); {
	case used == "gzip" && coding == "gzip":
		if content, err = gzip.NewReader(answer.Body); err != nil {
			t.Fatal(err)
		}
	case used != "" || coding == "gzip":
		t.Fatalf("the page came in %q, and was asked for in %q", used, coding)
	}
	var got []byte
	buffer := make([]byte, 32<<10)
	for part := range parts {
		mark := fmt.Appendf(nil, `id="part-%d"`, part)
		for !bytes.Contains(got, mark) {
			n, err := content.Read(buffer)
			got = append(got, buffer[:n]...)
			if err != nil && !bytes.Contains(got, mark) {
				t.Fatalf("part %d does not arrive at %s: %v after\n%s", part, address, err, got)
			}
		}
		arrived[part] = time.Since(began)
		if part+1 < parts {
			began = time.Now()
			app.release(t, visit, part+1)
		}
	}
	rest, err := io.ReadAll(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(got) + string(rest), arrived
}

// release lets the application send a part.
func (app application) release(t *testing.T, visit string, part int) {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://%s/release?visit=%s&part=%d", app.site, visit, part))
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("the gate of part %d: %s", part, answer.Status)
	}
}

func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2].Round(10 * time.Microsecond)
}

// expectSameBytes asks for what the framework's own scripts ask for, which is not for us.
func (app application) expectSameBytes(t *testing.T, path string, header http.Header) {
	t.Helper()
	var answers [2]string
	for lane, address := range []string{app.with, app.without} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = header
		answer, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		answer.Header.Del("Date")
		answers[lane] = fmt.Sprint(answer.Status, answer.Header, string(body))
	}
	if answers[0] != answers[1] {
		t.Errorf("%s is\n%s\nwithout Handbill\n%s", path, answers[0], answers[1])
	}
}
