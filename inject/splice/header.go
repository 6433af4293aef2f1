package splice

// headerField is the part of a gzip header that is read next (RFC 1952, section
// 2.3).
type headerField uint8

const (
	fieldFixed  headerField = iota // magic number, method, flags, time, system
	fieldLength                    // of the extra field
	fieldExtra
	fieldName
	fieldComment
	fieldChecksum
	fieldNone // the header is over
)

const (
	flagChecksum = 1 << 1
	flagExtra    = 1 << 2
	flagName     = 1 << 3
	flagComment  = 1 << 4
	flagReserved = 0xE0
)

const fixedHeaderLength = 10

// gzipHeader reads a gzip header in pieces of any size and keeps nothing of it
// but the flags.
type gzipHeader struct {
	field headerField
	flags byte
	count int // bytes read of a field of known length
	extra int // length of the extra field
}

// read consumes bytes up to the header's end. It is damaged where this is no
// gzip header, or one that is not understood.
func (h *gzipHeader) read(p []byte) (n int, result progress) {
	for ; h.field != fieldNone; n++ {
		if n == len(p) {
			return n, starved
		}
		if !h.readByte(p[n]) {
			return n, damaged
		}
	}
	return n, done
}

func (h *gzipHeader) readByte(c byte) bool {
	h.count++
	switch h.field {
	case fieldFixed:
		switch h.count {
		case 1:
			return c == 0x1F
		case 2:
			return c == 0x8B
		case 3:
			return c == deflateMethod
		case 4:
			h.flags = c
			return c&flagReserved == 0
		case fixedHeaderLength:
			h.advance()
		}
	case fieldLength:
		if h.count == 1 {
			h.extra = int(c)
			break
		}
		h.extra |= int(c) << 8
		h.advance()
	case fieldExtra:
		if h.count == h.extra {
			h.advance()
		}
	case fieldName, fieldComment:
		if c == 0 {
			h.advance()
		}
	case fieldChecksum:
		if h.count == 2 {
			h.advance()
		}
	}
	return true
}

// advance goes to the next field that the flags announce.
func (h *gzipHeader) advance() {
	h.count = 0
	for h.field++; h.field != fieldNone; h.field++ {
		switch h.field {
		case fieldLength:
			if h.flags&flagExtra != 0 {
				return
			}
		case fieldExtra:
			if h.extra > 0 {
				return
			}
		case fieldName:
			if h.flags&flagName != 0 {
				return
			}
		case fieldComment:
			if h.flags&flagComment != 0 {
				return
			}
		case fieldChecksum:
			if h.flags&flagChecksum != 0 {
				return
			}
		}
	}
}

// deflateMethod is the compression method 8 of gzip and zlib headers.
const deflateMethod = 8

const zlibHeaderLength = 2

// isZlibHeader tells a zlib header (RFC 1950, section 2.2) from the start of raw
// DEFLATE. The latter would have to begin with a stored block and have bits set
// that every compressor leaves zero.
func isZlibHeader(first, second byte) bool {
	return first&0x0F == deflateMethod && first>>4 <= 7 && (int(first)<<8|int(second))%31 == 0
}

// zlibWindow is how far back the stream's matches may reach.
func zlibWindow(first byte) int {
	return 1 << (first>>4 + 8)
}

// zlibHasDictionary reports a preset dictionary, which nobody but the site has.
func zlibHasDictionary(second byte) bool {
	return second&0x20 != 0
}
