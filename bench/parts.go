package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// measurement is what every part of a run needs.
type measurement struct {
	servers  launcher
	upstream string
	rounds   int
	visitors int // whom the store remembers
}

// part is a piece of a run that can be chosen by itself. It returns its figures as Markdown.
type part struct {
	name    string
	measure func(ctx context.Context, m measurement) (string, error)
}

// parts is every part, in the order of the report.
var parts = []part{
	{"pages", func(ctx context.Context, m measurement) (string, error) {
		results, err := measurePages(ctx, m.servers, m.upstream, m.rounds)
		return pagesTable(results), err
	}},
	{"http2", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureHTTP2(ctx, m.servers, m.upstream, m.rounds)
		return pagesTable(results), err
	}},
	{"peers", func(ctx context.Context, m measurement) (string, error) {
		results, err := measurePeers(ctx, m.servers, m.upstream, m.rounds)
		return peersTable(results), err
	}},
	{"compressed", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureCompressed(ctx, m.servers, m.upstream, m.rounds)
		return compressedTable(results), err
	}},
	{"firstbyte", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureFirstByte(ctx, m.servers, m.upstream, m.rounds)
		return firstByteTable(results), err
	}},
	{"polls", func(ctx context.Context, m measurement) (string, error) {
		results, taken, err := measurePolls(ctx, m.servers, m.rounds, m.visitors)
		return pollsTable(results, taken), err
	}},
	{"workspace", func(ctx context.Context, m measurement) (string, error) {
		results, size, err := measureEdits(ctx, m.servers, m.rounds)
		if err != nil {
			return "", err
		}
		compiling, err := measureFunctions(ctx, "./engine/workspace")
		return editsTable(results, size) + "\n" + functionsTable(compiling), err
	}},
	{"streams", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureStreams(ctx, m.servers)
		return streamsTable(results), err
	}},
	{"durable", func(ctx context.Context, m measurement) (string, error) {
		result, err := measureDurable(ctx, m.rounds)
		return durableTable(result), err
	}},
	{"redis", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureRedis(ctx, m.servers, m.rounds)
		return redisTable(results), err
	}},
	{"reports", func(ctx context.Context, m measurement) (string, error) {
		results, err := measureReports(ctx, m.servers, m.rounds)
		return reportsTable(results), err
	}},
	{"functions", func(ctx context.Context, _ measurement) (string, error) {
		results, err := measureFunctions(ctx, "./inject/...", "./engine/pagerule/...", "./engine/wire/...", "./engine/store/...")
		return functionsTable(results), err
	}},
}

// partsWanted reads names with commas between them; none are all.
func partsWanted(setting string) ([]part, error) {
	if setting == "" {
		return parts, nil
	}
	var chosen []part
	var known []string
	wanted := strings.Split(setting, ",")
	for _, p := range parts {
		known = append(known, p.name)
		if slices.Contains(wanted, p.name) {
			chosen = append(chosen, p)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("BENCH_PARTS has no part %q; allowed, with commas between them: %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
