package wire

import (
	"hash/maphash"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How much one address (an IPv4 address, or a /64 of IPv6) may ask. A poll costs tens of microseconds, so that a whole
// company behind one address, ten thousand tabs polling every ten seconds, still fits; a write costs a disk
// synchronisation shared with others.
const (
	pollRate   = 1000 // a second
	pollBurst  = 2000
	writeRate  = 200
	writeBurst = 1000
)

// guard refuses what must not reach the engine: requests of other sites' pages, and too many at once. It has answered
// when it returns false.
func (h *Handler) guard(w http.ResponseWriter, r *http.Request, limit *limiter) bool {
	if reason := h.crossSite(r); reason != "" {
		fail(w, http.StatusForbidden, "%s; the endpoint answers pages of its own site only", reason)
		return false
	}
	if wait := limit.wait(addressClass(h.clientIP(r)), time.Now()); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		fail(w, http.StatusTooManyRequests, "too many requests from this address; try again after %s", wait.Round(time.Second))
		return false
	}
	return true
}

// crossSite says why a request comes from a page of another site; empty when it does not, or when it was not a browser.
func (h *Handler) crossSite(r *http.Request) string {
	switch from := r.Header.Get("Sec-Fetch-Site"); from {
	case "", "same-origin", "none":
	default:
		return "the request comes from another site (Sec-Fetch-Site: " + from + ")"
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, h.origin(r)) {
		return "the request comes from " + origin + ", not from " + h.origin(r)
	}
	return ""
}

// origin is the site's own scheme and host. Where a browser itself says that it asks from the same origin, its Origin
// tells the scheme even when TLS ended at a proxy that the server does not know.
func (h *Handler) origin(r *http.Request) string {
	if h.site.Origin != "" {
		return h.site.Origin
	}
	if origin := r.Header.Get("Origin"); r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		if _, host, _ := strings.Cut(origin, "://"); strings.EqualFold(host, r.Host) {
			return origin
		}
	}
	return h.scheme(r) + "://" + r.Host
}

// sameOrigin compares two origins; default ports may be written or not.
func sameOrigin(a, b string) bool { return normalOrigin(a) == normalOrigin(b) }

func normalOrigin(origin string) string {
	origin = strings.ToLower(origin)
	if rest, ok := strings.CutPrefix(origin, "https://"); ok {
		return "https://" + strings.TrimSuffix(rest, ":443")
	}
	if rest, ok := strings.CutPrefix(origin, "http://"); ok {
		return "http://" + strings.TrimSuffix(rest, ":80")
	}
	return origin
}

// addressClass is what requests are counted by: an IPv4 address or the /64 of an IPv6 one.
func addressClass(remote string) string {
	text := remote
	if port, err := netip.ParseAddrPort(remote); err == nil {
		text = port.Addr().String()
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Unmap().Is4() {
		return text
	}
	prefix, err := address.WithZone("").Prefix(64)
	if err != nil {
		return text
	}
	return prefix.String()
}

// limiter is a table of token buckets of constant size: addresses that fall on one bucket share it, which at these rates
// only an attacker notices, and no flood of addresses makes it grow.
type limiter struct {
	rate, burst float64
	seed        maphash.Seed
	shards      [64]limiterShard
}

type limiterShard struct {
	sync.Mutex
	buckets [256]bucket
}

type bucket struct {
	used float64 // tokens taken and not yet given back
	at   time.Time
}

func newLimiter(rate, burst float64) *limiter {
	return &limiter{rate: rate, burst: burst, seed: maphash.MakeSeed()}
}

// wait takes a token for key and returns 0, or says how long to wait for one.
func (l *limiter) wait(key string, now time.Time) time.Duration {
	h := maphash.String(l.seed, key)
	shard := &l.shards[h%uint64(len(l.shards))]
	shard.Lock()
	defer shard.Unlock()
	b := &shard.buckets[(h>>8)%uint64(len(shard.buckets))]
	b.used = max(0, b.used-now.Sub(b.at).Seconds()*l.rate)
	b.at = now
	if b.used+1 > l.burst {
		return time.Duration((b.used + 1 - l.burst) / l.rate * float64(time.Second))
	}
	b.used++
	return 0
}
