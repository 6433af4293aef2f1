package main

import (
	"context"
	"net/http"
	"strconv"
)

// compressedResult is the comparison for one page that the site compresses.
type compressedResult struct {
	name string
	comparison
	transcoded []measured // decoded, injected and encoded again
}

// measureCompressed compares pages that pass compressed, pages that are patched without being decoded as a whole, and pages
// that a Caddy decodes, injects and encodes again.
func measureCompressed(ctx context.Context, servers launcher, upstream string, rounds int) ([]compressedResult, error) {
	p, err := startProxies(ctx, servers.start, servers.folder, upstream)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	workspace, err := writeWorkspace(servers.folder)
	if err != nil {
		return nil, err
	}
	// Without Accept-Encoding, Go's transport asks for gzip by itself and decodes it.
	transcoder, err := servers.start(ctx, "handbill "+workspace, "\tencode gzip\n\thandbill\n\treverse_proxy "+upstream+" {\n\t\theader_up -Accept-Encoding\n\t}")
	if err != nil {
		return nil, err
	}
	defer transcoder.stop()
	var results []compressedResult
	for _, kind := range []struct{ name, path string }{{"compressed before", "/compressed/"}, {"compressed as it is sent", "/compressing/"}} {
		for _, size := range compressedSizes {
			path := kind.path + strconv.Itoa(size)
			for s, injected := range map[*server]bool{p.with: true, p.without: false, p.control: false, transcoder: true} {
				if err := checkPage(ctx, s, path, injected); err != nil {
					return nil, err
				}
			}
			load := func(s *server) contender {
				return contender{server: s, status: http.StatusOK, visitors: overHTTP1(s, navigations(s, path), false)}
			}
			lanes, err := compare(ctx, rounds, load(p.with), load(p.without), load(p.control), load(transcoder))
			if err != nil {
				return nil, err
			}
			results = append(results, compressedResult{
				name: byteSize(size) + ", " + kind.name, transcoded: lanes[3],
				comparison: comparison{with: lanes[0], without: lanes[1], control: lanes[2]},
			})
		}
	}
	return results, nil
}
