package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// firstByteSamples is how many streamed pages each server delivers in a round.
const firstByteSamples = 3

// firstByteResult holds, per server and in sorted milliseconds, how long the first part of a page took.
type firstByteResult struct {
	name                   string
	with, without, control []float64
}

// measureFirstByte loads pages whose site sends the first part at once and the rest after a pause, one page at a time.
func measureFirstByte(ctx context.Context, servers launcher, upstream string, rounds int) ([]firstByteResult, error) {
	p, err := startProxies(ctx, servers.start, servers.folder, upstream)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	var results []firstByteResult
	for _, page := range []struct{ name, path, end string }{
		{"streamed", "/stream", shellEnd}, {"of known length, sent slowly", "/slow", shellEnd},
		// Of what is compressed, Go's client shows the first byte early, but not all that has arrived.
		{"of known length, compressed, sent slowly: its first byte", "/slow-compressed", ""},
	} {
		if err := checkPage(ctx, p.with, page.path, true); err != nil {
			return nil, err
		}
		result := firstByteResult{name: page.name}
		lanes := []struct {
			server *server
			times  *[]float64
		}{{p.with, &result.with}, {p.without, &result.without}, {p.control, &result.control}}
		for range rounds * firstByteSamples {
			for _, lane := range rand.Perm(len(lanes)) {
				taken, err := firstPart(ctx, lanes[lane].server, page.path, page.end)
				if err != nil {
					return nil, err
				}
				*lanes[lane].times = append(*lanes[lane].times, taken.Seconds()*1e3)
			}
		}
		for _, lane := range lanes {
			slices.Sort(*lane.times)
		}
		results = append(results, result)
	}
	return results, nil
}

// firstPart is the time from the request to the end of what the site sends before its pause; without an end, to the first byte
// of the body.
func firstPart(ctx context.Context, s *server, path, end string) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+path, http.NoBody)
	if err != nil {
		return 0, err
	}
	size := 4096
	if end == "" {
		size = 1
		request.Header.Set("Accept-Encoding", "gzip") // which also keeps the client from decoding it
	}
	start := time.Now()
	answer, err := testClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var got []byte
	buffer := make([]byte, size)
	for len(got) == 0 || !bytes.Contains(got, []byte(end)) {
		n, err := answer.Body.Read(buffer)
		got = append(got, buffer[:n]...)
		if err != nil && !bytes.Contains(got, []byte(end)) {
			return 0, fmt.Errorf("the page ends before its first part does: %w", err)
		}
	}
	taken := time.Since(start)
	_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	return taken, err
}
