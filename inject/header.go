package inject

import (
	"net/http"
	"strconv"
	"strings"
	"unsafe"
)

// headerName is the response header by which a site opts out, by which one
// injector knows what another has done, and which explains when asked to.
const headerName = "Handbill"

const (
	markOff      = "off"      // the site wants no insertion
	markInjected = "injected" // the page has its insertion
	markPlanned  = "planned"  // the header had to go before the place was found
	markSkipped  = "skipped; reason="
)

// integrityHeaders vouch for bytes that an insertion changes (RFC 9530, RFC 9421,
// RFC 1864); Accept-Ranges offers parts of them.
var integrityHeaders = [...]string{
	"Accept-Ranges", "Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Signature", "Signature-Input",
}

// trailerDigests are those of them that may come after the body.
var trailerDigests = [...]string{"Digest", "Content-Digest", "Repr-Digest", "Signature", "Signature-Input"}

// headerChange says what an insertion means for a response's header.
type headerChange struct {
	// length is that of the body with the insertion; -1: unknown.
	length int64
	// decoded: the body's coding was taken off.
	decoded bool
	// asked: the request's Accept-Encoding was changed.
	asked bool
	// mark is the value of the header Handbill.
	mark string
	// tag is the page's entity tag; "" where it gets none.
	tag string
	// private: the page is for this visitor alone.
	private bool
	// policies are the policies' new lines; nil where nothing changes.
	policies policyLines
}

// apply changes header, which is as the survey found it; the memory for the new
// values is storage.
func (c headerChange) apply(header http.Header, was *survey, storage *headerValues) {
	if was.integrity {
		for _, name := range integrityHeaders {
			delete(header, name)
		}
	}
	if c.length >= 0 {
		header["Content-Length"] = storage.number(slotLength, c.length)
	} else if was.contentLength != nil {
		delete(header, "Content-Length")
	}
	if c.decoded {
		delete(header, "Content-Encoding")
	}
	if c.decoded || c.asked {
		addVary(header, was.vary, storage)
	}
	switch {
	case c.private:
		makePrivate(header, was.cacheControl)
	case c.tag != "":
		header["Etag"] = storage.text(slotTag, c.tag)
	case was.tag != nil:
		delete(header, "Etag")
	}
	for i, h := range policyHeaders {
		if c.policies[i] != nil {
			header[h.name] = c.policies[i]
		}
	}
	header[headerName] = storage.text(slotMark, c.mark)
}

// headerValues is memory for new values in a header, allocated together with the
// response's writer. Header maps outlive a handler, so it is never used again.
type headerValues struct {
	slots  [slotCount]string
	digits [20]byte
}

const (
	slotLength = iota
	slotVary
	slotTag
	slotMark
	slotCount
)

func (v *headerValues) text(slot int, value string) []string {
	v.slots[slot] = value
	return v.slots[slot : slot+1 : slot+1]
}

// number writes a number in decimal. Its text lies in digits, which nobody writes
// to again: that makes it as constant as any string, without an allocation.
func (v *headerValues) number(slot int, n int64) []string {
	digits := strconv.AppendInt(v.digits[:0], n, 10)
	return v.text(slot, unsafe.String(&digits[0], len(digits)))
}

func addVary(header http.Header, vary []string, storage *headerValues) {
	const name = "Accept-Encoding"
	switch {
	case len(vary) == 0:
		header["Vary"] = storage.text(slotVary, name)
	case !hasToken(vary, name) && !hasToken(vary, "*"):
		header["Vary"] = append(vary[:len(vary):len(vary)], name)
	}
}

// makePrivate keeps a page from shared caches, and from being compared with another
// visitor's.
func makePrivate(header http.Header, control []string) {
	delete(header, "Etag")
	delete(header, "Last-Modified")
	for name := range header {
		// Headers that speak to particular caches, over the head of Cache-Control
		// (RFC 9213).
		if strings.HasSuffix(name, "Cdn-Cache-Control") || name == "Surrogate-Control" {
			delete(header, name)
		}
	}
	directives := []string{"private"}
	for _, value := range control {
		for directive := range strings.SplitSeq(value, ",") {
			directive = strings.TrimSpace(directive)
			name, _, _ := strings.Cut(directive, "=")
			switch strings.ToLower(name) {
			case "", "public", "private", "s-maxage", "proxy-revalidate":
			default:
				directives = append(directives, directive)
			}
		}
	}
	header["Cache-Control"] = []string{strings.Join(directives, ", ")}
}

// number reads a header's one number; -1 where there is none, or no one.
func number(values []string) int64 {
	if len(values) != 1 {
		return -1
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// dropTrailers takes back digests that came after the body.
func dropTrailers(header http.Header) {
	for _, name := range trailerDigests {
		delete(header, name)
		delete(header, http.TrailerPrefix+name)
	}
}
