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
	if wait := limit.wait(h.clientIP(r), time.Now()); wait > 0 {
		seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
		w.Header().Set("Retry-After", seconds)
		if limit == h.polls {
			w.Header().Set(intervalHeader, seconds) // without it the reference client would wait twice as long as before
		}
		fail(w, http.StatusTooManyRequests, "too many requests from this address; try again after %s", wait.Round(time.Second))
		return false
	}
	return true
}

// crossSite says why a request comes from a page of another site; empty when it does not, or when it was not a browser.
func (h *Handler) crossSite(r *http.Request) string {
	switch from := first(r.Header, "Sec-Fetch-Site"); from {
	case "", "same-origin", "none":
	default:
		return "the request comes from another site (Sec-Fetch-Site: " + from + ")"
	}
	if origin := first(r.Header, "Origin"); origin != "" && !sameOrigin(origin, h.origin(r)) {
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
	if origin := first(r.Header, "Origin"); first(r.Header, "Sec-Fetch-Site") == "same-origin" {
		if _, host, _ := strings.Cut(origin, "://"); strings.EqualFold(host, r.Host) {
			return origin
		}
	}
	return h.scheme(r) + "://" + r.Host
}

// first is header.Get for a name in its canonical form, which is looked up alone.
func first(header http.Header, name string) string {
	if values := header[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// sameOrigin compares two origins; default ports may be written or not.
func sameOrigin(a, b string) bool { return a == b || strings.EqualFold(withoutPort(a), withoutPort(b)) }

// withoutPort is an origin without the port that its scheme has by default.
func withoutPort(origin string) string {
	for _, own := range [...]struct{ scheme, port string }{{"https://", ":443"}, {"http://", ":80"}} {
		if len(origin) > len(own.scheme) && strings.EqualFold(origin[:len(own.scheme)], own.scheme) {
			return strings.TrimSuffix(origin, own.port)
		}
	}
	return origin
}

// addressClass is what requests are counted by: an IPv4 address or the /64 of an IPv6 one.
func addressClass(remote string) string {
	if network, ok := networkOf(remote); ok {
		return network.String()
	}
	return remote
}

// networkOf is the IPv4 address, as a network, or the /64 that an address with or without a port belongs to.
func networkOf(remote string) (netip.Prefix, bool) {
	var address netip.Addr
	var err error
	if strings.HasPrefix(remote, "[") || strings.Count(remote, ":") == 1 {
		var port netip.AddrPort
		port, err = netip.ParseAddrPort(remote)
		address = port.Addr()
	} else {
		address, err = netip.ParseAddr(remote)
	}
	if err != nil {
		return netip.Prefix{}, false
	}
	bits := 64
	if address = address.Unmap().WithZone(""); address.Is4() {
		bits = 32
	}
	network, err := address.Prefix(bits)
	return network, err == nil
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

// wait takes a token for an address and returns 0, or says how long to wait for one.
func (l *limiter) wait(address string, now time.Time) time.Duration {
	h := maphash.String(l.seed, address)
	if strings.IndexByte(address, ':') >= 0 { // an IPv4 address without a port is its own network
		if network, ok := networkOf(address); ok {
			h = maphash.Comparable(l.seed, network)
		}
	}
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
