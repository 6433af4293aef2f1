package pagerule

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxHostLength is more than any host has, as bytes of UTF-8: RFC 1035,
// section 2.3.4. It bounds the work on what no browser sends.
const maxHostLength = 1024

// parseAuthority reads the host and the port of an address; the port is empty
// where the address has none. A user name is dropped.
func parseAuthority(authority string) (host, port string, err error) {
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	host, port, err = splitPort(authority)
	if err != nil {
		return "", "", err
	}
	if strings.HasPrefix(host, "[") {
		host, err = parseIPv6(host)
		return host, port, err
	}
	if host, err = url.PathUnescape(host); err != nil {
		return "", "", fmt.Errorf("the host %q is wrongly encoded", authority)
	}
	if host == "" {
		return "", "", errors.New("the host is missing")
	}
	if len(host) > maxHostLength {
		return "", "", fmt.Errorf("the host is longer than %d bytes", maxHostLength)
	}
	host, err = asciiHost(host)
	if err != nil {
		return "", "", err
	}
	if err := checkHost(host); err != nil {
		return "", "", err
	}
	return host, port, nil
}

// splitPort cuts the port off and normalises it.
func splitPort(authority string) (host, port string, err error) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || strings.HasSuffix(authority, "]") {
		return authority, "", nil
	}
	host, port = authority[:colon], authority[colon+1:]
	if port == "" {
		return host, "", nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", "", fmt.Errorf("the port %q is no number from 0 to 65535", port)
	}
	return host, strconv.FormatUint(number, 10), nil
}

func parseIPv6(host string) (string, error) {
	inside, closed := strings.CutSuffix(host[1:], "]")
	address, err := netip.ParseAddr(inside)
	if !closed || err != nil || !address.Is6() || address.Zone() != "" {
		return "", fmt.Errorf("the host %q is no IPv6 address in brackets", host)
	}
	return "[" + address.String() + "]", nil
}

// checkHost refuses the characters that no browser accepts in a host:
// https://url.spec.whatwg.org/#forbidden-domain-code-point
func checkHost(host string) error {
	for _, c := range []byte(host) {
		if c <= ' ' || c == 0x7f || strings.IndexByte(`#/:<>?@[\]^|%`, c) >= 0 {
			return fmt.Errorf("the host %q holds %q, which no host can hold", host, c)
		}
	}
	return nil
}

// asciiHost writes a host as browsers do: in lower case, and each label that
// is not ASCII in Punycode.
func asciiHost(host string) (string, error) {
	if !utf8.ValidString(host) {
		return "", fmt.Errorf("the host %q is no UTF-8", host)
	}
	host = strings.ToLower(host)
	if isASCII(host) {
		return host, nil
	}
	host = strings.NewReplacer("。", ".", "．", ".", "｡", ".").Replace(host)
	labels := strings.Split(host, ".")
	for i, label := range labels {
		if isASCII(label) {
			continue
		}
		if strings.Contains(label, "*") {
			return "", errors.New(`"*" cannot stand in a part of the host that has letters beyond a to z: write that part whole, or "*" for all of it`)
		}
		labels[i] = "xn--" + punycode(label)
	}
	return strings.Join(labels, "."), nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// punycode encodes one label of a host name: RFC 3492, section 6.3.
func punycode(label string) string {
	const (
		base, low, high, skew = 36, 1, 26, 38
		damp                  = 700
		digits                = "abcdefghijklmnopqrstuvwxyz0123456789"
	)
	var encoded []byte
	for _, r := range label {
		if r < utf8.RuneSelf {
			encoded = append(encoded, byte(r))
		}
	}
	basic := len(encoded)
	if basic > 0 {
		encoded = append(encoded, '-')
	}
	runes := []rune(label)
	threshold := func(k, bias int) int { return min(max(k-bias, low), high) }
	next, delta, bias := rune(utf8.RuneSelf), 0, 72
	for done := basic; done < len(runes); {
		smallest := rune(utf8.MaxRune)
		for _, r := range runes {
			if r >= next && r < smallest {
				smallest = r
			}
		}
		delta += int(smallest-next) * (done + 1)
		next = smallest
		for _, r := range runes {
			if r < next {
				delta++
			}
			if r != next {
				continue
			}
			rest := delta
			for k := base; ; k += base {
				t := threshold(k, bias)
				if rest < t {
					break
				}
				encoded = append(encoded, digits[t+(rest-t)%(base-t)])
				rest = (rest - t) / (base - t)
			}
			encoded = append(encoded, digits[rest])
			// RFC 3492, section 6.1.
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			done++
			delta += delta / done
			k := 0
			for ; delta > (base-low)*high/2; k += base {
				delta /= base - low
			}
			bias = k + (base-low+1)*delta/(delta+skew)
			delta = 0
		}
		delta++
		next++
	}
	return string(encoded)
}
