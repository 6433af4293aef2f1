package inject

import (
	"bytes"
	"net/http"

	"handbill/inject/splice"
)

// rewrite is what a response needs only when it may be injected. It is used again
// for other responses.
type rewrite struct {
	plan     plan
	document document
	page

	// buffer is what was received and not yet sent: at most what net/http would
	// hold as well, then the beginning of a tag.
	buffer []byte
	// raw is a compressed body as it came, while undecided.
	raw     []byte
	piece   []byte // for ReadFrom
	splicer *splice.Writer
}

// page is how far a page has come.
type page struct {
	insertion Insertion
	nonce     string      // for the insertion to carry
	policies  policyLines // the policies' new lines
	tag       string      // the page's entity tag; "" where it gets none
	length    int64       // the site's Content-Length; -1 where there is none
	received  int64       // bytes of the body
	limit     int         // of buffer, while deciding
	headerLen int         // number of header fields that were sent
	// announced is the header as the site announced it, where it may have been changed
	// since.
	announced http.Header

	// promised: the header names the length of the page with its insertion.
	promised bool
	// expectsLate: writers below may set fields when the header passes them.
	expectsLate bool
	// withheld is why the insertion is left away after all: something turned up with the
	// header that forbids it.
	withheld Reason
	injected bool
	// straight: what is decided leaves at once; the rest follows without copying.
	straight bool
	// faulty: a fault of ours left this in a state that nobody knows.
	faulty bool

	splicing bool
	released bool // what the splicer has held is on its way
	ended    bool // the splicer has been given all there is
	decoder  *decoder
	failed   error // why the rest of the body cannot be read
}

// forget makes ready for another response.
func (rw *rewrite) forget() {
	rw.page = page{}
	rw.buffer, rw.raw = rw.buffer[:0], rw.raw[:0]
}

// longInsertion is the length above which an insertion goes after the
// declaration of the charset, when only the page has one.
const longInsertion = 256

// begin makes ready for the document's first byte.
func (rw *rewrite) begin(position Position) {
	rw.document = document{encoding: rw.plan.encoding}
	d := &rw.document
	d.scanner.position = position
	d.scanner.stopAtEscape = rw.plan.stopAtEscape
	if !rw.plan.declared && d.encoding == asciiCompatible {
		d.insertionLength = len(rw.insertion.Bytes)
		if d.insertionLength > longInsertion {
			d.scanner.position = AfterCharset
		}
	}
}

// readBuffer is small enough for net/http to hold what is read into it, so that
// reading costs no write of its own.
func (rw *rewrite) readBuffer() []byte {
	if rw.piece == nil {
		rw.piece = make([]byte, joinLimit)
	}
	if rw.compressed() {
		return rw.piece
	}
	return rw.piece[:startBuffer]
}

// appendInsertion appends the markup, with its nonce, in the page's encoding.
func (rw *rewrite) appendInsertion(to []byte) []byte {
	markup := rw.insertion.Bytes
	if rw.withheld != ReasonNone {
		return rw.document.encode(to, rw.blank())
	}
	if rw.nonce == "" {
		return rw.document.encode(to, markup)
	}
	to = rw.document.encode(to, markup[:rw.insertion.NonceAt])
	to = rw.document.encode(to, []byte(` nonce="`+rw.nonce+`"`))
	return rw.document.encode(to, markup[rw.insertion.NonceAt:])
}

// blank is what stands in the insertion's place when its length was promised
// already: space, which means nothing in a document's head.
func (rw *rewrite) blank() []byte {
	if !rw.promised {
		return nil
	}
	length := rw.insertionLength()
	if rw.document.encoding != asciiCompatible {
		length /= 2
	}
	return bytes.Repeat([]byte{' '}, int(length))
}

// stands reports whether text begins with the insertion. Another injector has put it
// there then, whose header had to go before its mark was sure.
func (rw *rewrite) stands(text []byte) bool {
	markup := rw.insertion.Bytes
	if rw.nonce != "" {
		before, ok := bytes.CutPrefix(text, markup[:rw.insertion.NonceAt])
		quoted, found := bytes.CutPrefix(before, []byte(` nonce="`+rw.nonce+`"`))
		if !ok || !found {
			return false
		}
		text, markup = quoted, markup[rw.insertion.NonceAt:]
	}
	return bytes.HasPrefix(text, markup)
}

// insertionLength is the number of bytes by which the body grows.
func (rw *rewrite) insertionLength() int64 {
	length := len(rw.insertion.Bytes)
	if rw.nonce != "" {
		length += len(` nonce=""`) + len(rw.nonce)
	}
	if rw.document.encoding != asciiCompatible {
		length *= 2
	}
	return int64(length)
}
