package inject

import (
	"strconv"
	"strings"
)

// coding is a response's content coding (RFC 9110, 8.4.1).
type coding uint8

const (
	identity coding = iota
	gzipCoding
	deflateCoding
	brotliCoding
	zstdCoding
)

// codingOf reads Content-Encoding.
func codingOf(values []string) (coding, Reason) {
	found, reason := identity, ReasonNone
	layers := 0
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.TrimSpace(name)
			if name == "" || strings.EqualFold(name, "identity") {
				continue
			}
			layers++
			switch strings.ToLower(name) {
			case "gzip", "x-gzip":
				found = gzipCoding
			case "deflate":
				found = deflateCoding
			case "br":
				found = brotliCoding
			case "zstd":
				found = zstdCoding
			default:
				reason = ReasonUnknownCoding
			}
		}
	}
	if layers > 1 {
		reason = ReasonSeveralCodings
	}
	return found, reason
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3).
func acceptsGzip(values []string) bool {
	if len(values) > 0 && strings.HasPrefix(values[0], "gzip,") {
		return true // as browsers say it
	}
	accepted := false
	for _, value := range values {
		for item := range strings.SplitSeq(value, ",") {
			name, parameters, _ := strings.Cut(item, ";")
			name = strings.TrimSpace(name)
			switch {
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				return quality(parameters) > 0
			case name == "*":
				accepted = quality(parameters) > 0
			}
		}
	}
	return accepted
}

// quality reads the weight among an item's parameters (RFC 9110, 12.4.2); 1
// where there is none, 0 where it cannot be read.
func quality(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return 0
		}
		return weight
	}
	return 1
}
