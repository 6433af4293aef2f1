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

// firstByteResult holds, per server and in sorted milliseconds, how long the first part of a streamed page took.
type firstByteResult struct{ with, without, control []float64 }

// measureFirstByte loads a page whose site sends the first part at once and the rest after a pause, one page at a time.
func measureFirstByte(ctx context.Context, servers launcher, upstream string, rounds int) (firstByteResult, error) {
	p, err := startProxies(ctx, servers, upstream)
	if err != nil {
		return firstByteResult{}, err
	}
	defer p.stop()
	if err := checkPage(ctx, p.with, "/stream", true); err != nil {
		return firstByteResult{}, err
	}
	var result firstByteResult
	lanes := []struct {
		server *server
		times  *[]float64
	}{{p.with, &result.with}, {p.without, &result.without}, {p.control, &result.control}}
	for range rounds * firstByteSamples {
		for _, lane := range rand.Perm(len(lanes)) {
			taken, err := firstPart(ctx, lanes[lane].server)
			if err != nil {
				return firstByteResult{}, err
			}
			*lanes[lane].times = append(*lanes[lane].times, taken.Seconds()*1e3)
		}
	}
	for _, lane := range lanes {
		slices.Sort(*lane.times)
	}
	return result, nil
}

// firstPart is the time from the request to the last byte of what the site sends before its pause.
func firstPart(ctx context.Context, s *server) (time.Duration, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/stream", http.NoBody)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	var got []byte
	buffer := make([]byte, 4096)
	for !bytes.Contains(got, []byte(shellEnd)) {
		n, err := answer.Body.Read(buffer)
		got = append(got, buffer[:n]...)
		if err != nil && !bytes.Contains(got, []byte(shellEnd)) {
			return 0, fmt.Errorf("the streamed page ends before its first part does: %w", err)
		}
	}
	taken := time.Since(start)
	_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	return taken, err
}
