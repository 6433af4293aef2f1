package inject

import (
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// textEncoding is how a document's text is laid out in bytes, as far as
// inserting ASCII in it is concerned.
type textEncoding uint8

const (
	asciiCompatible textEncoding = iota // one byte for each ASCII character
	utf16LittleEndian
	utf16BigEndian
	otherEncoding // nothing that ASCII can be inserted in
)

// parseContentType splits a Content-Type into its media type, in the case in
// which it came, and the value of its charset parameter. It is as lenient as
// browsers are (MIME Sniffing standard 4.4): faulty parameters are passed over,
// and the first charset counts.
func parseContentType(value string) (mediaType, charset string) {
	switch value { // as most sites say it
	case "text/html; charset=utf-8", "text/html; charset=UTF-8":
		return "text/html", "utf-8"
	}
	mediaType, rest, _ := strings.Cut(value, ";")
	mediaType = strings.Trim(mediaType, " \t\r\n")
	for rest != "" {
		var name, parameter string
		rest = strings.TrimLeft(rest, " \t\r\n")
		end := strings.IndexAny(rest, ";=")
		if end < 0 {
			break
		}
		name, rest = rest[:end], rest[end:]
		if rest[0] == ';' {
			rest = rest[1:]
			continue
		}
		rest = rest[1:]
		if strings.HasPrefix(rest, `"`) {
			parameter, rest, _ = strings.Cut(rest[1:], `"`)
			_, rest, _ = strings.Cut(rest, ";")
		} else {
			parameter, rest, _ = strings.Cut(rest, ";")
			parameter = strings.TrimRight(parameter, " \t\r\n")
		}
		if strings.EqualFold(name, "charset") && parameter != "" {
			return mediaType, parameter
		}
	}
	return mediaType, ""
}

// encodingOf judges a charset label of the Encoding standard (section 4.2). All
// encodings that are not listed there as UTF-16, ISO-2022-JP or replacement are
// ASCII-compatible: no second byte of a letter looks like "<" or ">". ESC
// switches ISO-2022-JP to kanji, whose bytes may. A label that browsers do not know
// declares nothing: they look for another in the page.
func encodingOf(charset string) (encoding textEncoding, escapes, declared bool) {
	if charset == "utf-8" || strings.EqualFold(charset, "utf-8") {
		return asciiCompatible, false, true
	}
	switch strings.ToLower(strings.Trim(charset, " \t\r\n\f")) {
	case "utf-16", "utf-16le", "csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff":
		return utf16LittleEndian, false, true
	case "utf-16be", "unicodefffe":
		return utf16BigEndian, false, true
	case "iso-2022-jp", "csiso2022jp":
		return asciiCompatible, true, true
	case "replacement", "csiso2022kr", "hz-gb-2312", "iso-2022-cn", "iso-2022-cn-ext", "iso-2022-kr",
		"utf-7", "unicode-1-1-utf-7", "utf-32", "utf-32le", "utf-32be":
		return otherEncoding, false, true
	}
	_, err := htmlindex.Get(charset)
	return asciiCompatible, err != nil, err == nil
}

// isASCII reads eight bytes at a time.
func isASCII(text []byte) bool {
	for len(text) >= 8 {
		if binary.LittleEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
