package splice

import (
	"bytes"
	"compress/gzip"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"
)

// withHeader gives a gzip body another header, with all fields that the flags ask for.
func withHeader(body []byte, flags byte, extra, name, comment string) []byte {
	header := []byte{0x1F, 0x8B, 8, flags, 0x78, 0x56, 0x34, 0x12, 2, 3}
	if flags&flagExtra != 0 {
		header = append(header, byte(len(extra)), byte(len(extra)>>8))
		header = append(header, extra...)
	}
	if flags&flagName != 0 {
		header = append(append(header, name...), 0)
	}
	if flags&flagComment != 0 {
		header = append(append(header, comment...), 0)
	}
	if flags&flagChecksum != 0 {
		crc := crc32.ChecksumIEEE(header)
		header = append(header, byte(crc), byte(crc>>8))
	}
	return append(header, body[fixedHeaderLength:]...)
}

func TestPassesEveryHeaderField(t *testing.T) {
	text := orders(50_000)
	plain := inGzip.compress(t, 6, text)
	for flags := range byte(0x20) {
		for _, extra := range []string{"", "BC\x02\x00\x1f\x8b", strings.Repeat("x", 0xFFFF)} {
			body := withHeader(plain, flags, extra, "page.html", "made by hand")
			for _, piece := range []int{1, 3, 11, 1000, whole} {
				out, w := splicing{Gzip, new(headFinder), snippet, piece}.run(t, body)
				got, err := inGzip.decompress(out)
				if err != nil || !bytes.Equal(got, withInsertion(text, headEnd, snippet)) {
					t.Errorf("flags %05b, pieces of %d: wrong text (%v, %v)", flags, piece, w.Outcome(), err)
				}
				if header := len(body) - len(plain) + fixedHeaderLength; !bytes.Equal(out[:header], body[:header]) {
					t.Errorf("flags %05b, pieces of %d: the header changed", flags, piece)
				}
			}
		}
	}
}

func TestLeavesHeadersThatItDoesNotKnow(t *testing.T) {
	body := inGzip.compress(t, 6, orders(1000))
	inZlib := inZlib.compress(t, 6, orders(1000))
	patched := func(body []byte, patches ...int) []byte {
		body = bytes.Clone(body)
		for i := 0; i < len(patches); i += 2 {
			body[patches[i]] = byte(patches[i+1])
		}
		return body
	}
	tests := []struct {
		name   string
		format Format
		body   []byte
		want   Outcome
	}{
		{"plain text under the name of gzip", Gzip, orders(1000), Unsupported},
		{"another first byte", Gzip, patched(body, 0, 0x1E), Unsupported},
		{"another second byte", Gzip, patched(body, 1, 0x8A), Unsupported},
		{"another method", Gzip, patched(body, 2, 7), Unsupported},
		{"a reserved flag", Gzip, patched(body, 3, 0x20), Unsupported},
		{"all flags", Gzip, patched(body, 3, 0xFF), Unsupported},
		{"a preset dictionary", Deflate, patched(inZlib, 0, 0x78, 1, 0xBB), Unsupported},
		{"zlib's window too big: no zlib, and no DEFLATE", Deflate, patched(inZlib, 0, 0x88, 1, 0x1C), Damaged},
		{"plain text under the name of deflate", Deflate, orders(1000), Damaged},
		{"an empty body under the name of gzip", Gzip, nil, Damaged},
		{"an empty body under the name of deflate", Deflate, nil, Damaged},
		{"one byte", Deflate, []byte{0x78}, Damaged},
	}
	for _, test := range tests {
		for _, piece := range []int{1, 5, whole} {
			out, w := splicing{test.format, new(headFinder), snippet, piece}.run(t, test.body)
			if !bytes.Equal(out, test.body) {
				t.Errorf("%s, pieces of %d: the body changed", test.name, piece)
			}
			if w.Outcome() != test.want {
				t.Errorf("%s, pieces of %d: outcome %v, want %v", test.name, piece, w.Outcome(), test.want)
			}
		}
	}
}

// namedMember is a gzip member with a name, as the gzip command writes it.
func namedMember(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name, w.ModTime = "rest.html", time.Unix(1_700_000_000, 0)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestChangesOnlyTheFirstOfSeveralMembers(t *testing.T) {
	big := documentation(t, pythonPages+"library/errno.html")
	firsts := []struct {
		name string
		text []byte
	}{
		{"ends at the point", orders(1000)[:headEnd]},
		{"ends soon behind it", orders(2000)},
		{"ends just before the horizon", orders(33_000)[:headEnd+maxDistance-1]},
		{"ends at the horizon", orders(33_000)[:headEnd+maxDistance]},
		{"ends just behind the horizon", orders(33_000)[:headEnd+maxDistance+1]},
		{"is big", orders(150_000)},
		{"is a real page", big},
	}
	rests := []struct {
		name    string
		members [][]byte
	}{
		{"a small one", [][]byte{inGzip.compress(t, 6, []byte("<p>more"))}},
		{"one without text", [][]byte{inGzip.compress(t, 6)}},
		{"one with a name", [][]byte{namedMember(t, orders(5000))}},
		{"one with every field", [][]byte{withHeader(inGzip.compress(t, 6, orders(5000)), 0x1F, "BC\x02\x00ab", "n", "c")}},
		{"a stored one", [][]byte{inGzip.compress(t, 0, orders(5000))}},
		{"big ones", [][]byte{inGzip.compress(t, 9, orders(100_000)), inGzip.compress(t, -2, orders(100_000))}},
		{"many", [][]byte{namedMember(t, orders(500)), namedMember(t, nil), inGzip.compress(t, 0), inGzip.compress(t, 1, orders(70_000)), inGzip.compress(t, 6, []byte("a"))}},
	}
	for _, first := range firsts {
		for _, level := range []int{0, 6} {
			member := inGzip.compress(t, level, first.text)
			for _, rest := range rests {
				following := bytes.Join(rest.members, nil)
				more, err := inGzip.decompress(following)
				if err != nil {
					t.Fatal(err)
				}
				body := append(bytes.Clone(member), following...)
				at := headEnd
				if first.name == "is a real page" {
					at = int64(bytes.Index(first.text, []byte("<head>")) + len("<head>"))
				}
				for _, piece := range []int{1 + len(body)/2000, 1000, 32 << 10, whole} {
					out, _ := splicing{Gzip, new(headFinder), snippet, piece}.run(t, body)
					if !bytes.HasSuffix(out, following) {
						t.Errorf("the first %s, level %d, then %s, pieces of %d: the others changed", first.name, level, rest.name, piece)
					}
					got, err := inGzip.decompress(out)
					if want := append(withInsertion(first.text, at, snippet), more...); err != nil || !bytes.Equal(got, want) {
						t.Errorf("the first %s, level %d, then %s, pieces of %d: wrong text (%v)", first.name, level, rest.name, piece, err)
					}
				}
			}
		}
	}
}

func TestPassesWhatStandsBehindTheTrailer(t *testing.T) {
	text := orders(20_000)
	garbage := []byte("\r\nand something that is no gzip")
	for _, wr := range wrappings {
		body := append(wr.compress(t, 6, text), garbage...)
		for _, piece := range []int{1, 1000, whole} {
			out, _ := splicing{wr.format, new(headFinder), snippet, piece}.run(t, body)
			member, ok := bytes.CutSuffix(out, garbage)
			if !ok {
				t.Errorf("%s, pieces of %d: the rest changed", wr.name, piece)
			}
			if got, err := wr.decompress(member); err != nil || !bytes.Equal(got, withInsertion(text, headEnd, snippet)) {
				t.Errorf("%s, pieces of %d: wrong text (%v)", wr.name, piece, err)
			}
		}
	}
}

// What looks like a member inside of compressed data must not be taken for one.
func TestIsNotFooledByMagicNumbersInTheData(t *testing.T) {
	text := orders(40_000)
	decoys := [][]byte{
		{0x1F, 0x8B, 8},
		{0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0},
		{0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF},
		{0x1F, 0x8B, 8, 4, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF},
		{0x1F, 0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 3, 'a', 0, 0x4B, 0x04, 0x50},
	}
	// A length before it that the text can have.
	length := []byte{1, 2, 3, 4, 0, 0, 1, 0}
	for _, decoy := range decoys {
		text = append(text, length...)
		text = append(text, decoy...)
		text = append(text, orders(500)...)
	}
	for _, wr := range wrappings {
		body := wr.compress(t, 0, text) // as it is, in stored blocks
		for _, piece := range []int{1, 9, 1000, whole} {
			out, _ := splicing{wr.format, new(headFinder), snippet, piece}.run(t, body)
			if got, err := wr.decompress(out); err != nil || !bytes.Equal(got, withInsertion(text, headEnd, snippet)) {
				t.Errorf("%s, pieces of %d: wrong text (%v)", wr.name, piece, err)
			}
		}
	}
}

func TestFirstMemberAloneIsEnoughForBrowsers(t *testing.T) {
	text := orders(100_000)
	body := append(inGzip.compress(t, 6, text), namedMember(t, []byte("<p>never shown"))...)
	out, _ := splicing{Gzip, new(headFinder), snippet, 1000}.run(t, body)
	r, err := gzip.NewReader(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	r.Multistream(false)
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, withInsertion(text, headEnd, snippet)) {
		t.Errorf("wrong text (%v)", err)
	}
}
