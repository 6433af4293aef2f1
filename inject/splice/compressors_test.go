package splice

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const anySize = 1 << 30

// commands are compressors that read a page from a file and write to the standard
// output.
var commands = []struct {
	name     string
	wrapping wrapping
	maxPage  int // bytes of the biggest page: some of these take their time
	command  []string
}{
	{"zopfli", inGzip, 60_000, []string{"zopfli", "-c", "--i1", "--gzip"}},
	{"zopfli", inZlib, 60_000, []string{"zopfli", "-c", "--i1", "--zlib"}},
	{"zopfli", raw, 60_000, []string{"zopfli", "-c", "--i1", "--deflate"}},
	{"zopfli, many iterations", inGzip, 20_000, []string{"zopfli", "-c", "--i15", "--gzip"}},
	{"libdeflate 1", inGzip, anySize, []string{"libdeflate-gzip", "-c", "-1"}},
	{"libdeflate 6", inGzip, anySize, []string{"libdeflate-gzip", "-c", "-6"}},
	{"libdeflate 9", inGzip, anySize, []string{"libdeflate-gzip", "-c", "-9"}},
	{"libdeflate 12", inGzip, 200_000, []string{"libdeflate-gzip", "-c", "-12"}},
	{"pigz", inGzip, anySize, []string{"pigz", "-c", "-6", "-p", "2"}},
	{"pigz, with a comment", inGzip, anySize, []string{"pigz", "-c", "-9", "-C", "made by pigz"}},
	{"pigz, small blocks", inGzip, anySize, []string{"pigz", "-c", "-6", "-b", "32", "-i"}},
	{"pigz, rsyncable", inGzip, anySize, []string{"pigz", "-c", "-R", "-p", "2"}},
	{"pigz", inZlib, anySize, []string{"pigz", "-c", "-z", "-6", "-b", "32", "-p", "2"}},
	{"pigz 11", inGzip, 20_000, []string{"pigz", "-c", "-11"}},
	{"gzip 1", inGzip, anySize, []string{"gzip", "-c", "-1"}},
	{"gzip 9", inGzip, anySize, []string{"gzip", "-c", "-9"}},
}

// compressedBody is a page as some compressor made it.
type compressedBody struct {
	wrapping wrapping
	origin   string
	body     []byte
}

func TestSplicesWhateverTheCompressor(t *testing.T) {
	dir := t.TempDir()
	for name, text := range realPages(t) {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		want := withInsertion(text, int64(bytes.Index(text, []byte("<head>"))+len("<head>")), snippet)
		origins := map[string]string{} // by the file of the spliced body
		for i, c := range compressedBy(t, file, text) {
			out, w := splicing{c.wrapping.format, new(headFinder), snippet, 32 << 10}.run(t, c.body)
			if w.Outcome() != Inserted {
				t.Errorf("%s by %s: outcome %v", name, c.origin, w.Outcome())
			}
			got, err := c.wrapping.decompress(out)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s by %s: Go reads wrong text (%v)", name, c.origin, err)
			}
			output := fmt.Sprintf("%s.%d.spliced.%s", file, i, c.wrapping.name)
			if err := os.WriteFile(output, out, 0o600); err != nil {
				t.Fatal(err)
			}
			origins[output] = c.origin
		}
		checkWithZlib(t, origins, want)
		checkWithLibdeflate(t, origins, want)
	}
}

// realPages are pages of several generators and of many sizes.
func realPages(t *testing.T) map[string][]byte {
	pages := map[string][]byte{
		"orders-1":   orders(1000),
		"orders-33":  orders(33_000),
		"orders-150": orders(150_000),
	}
	for _, name := range []string{
		pythonPages + "download.html",
		pythonPages + "about.html",
		pythonPages + "library/errno.html",
		"git-doc/usr/share/doc/git/html/git-rebase.html",
		"postgresql-doc/usr/share/doc/postgresql-doc-15/html/sql-select.html",
		"postgresql-doc/usr/share/doc/postgresql-doc-15/html/index.html",
	} {
		pages[filepath.Base(name)] = documentation(t, name)
	}
	for name, text := range pages {
		if !bytes.Contains(text, []byte("<head>")) {
			t.Fatalf("%s has no <head>", name)
		}
	}
	return pages
}

// compressedBy compresses a page by every compressor there is.
func compressedBy(t *testing.T, file string, text []byte) (bodies []compressedBody) {
	t.Helper()
	for _, c := range commands {
		if len(text) > c.maxPage {
			continue
		}
		body, err := exec.Command(c.command[0], append(c.command[1:], file)...).Output()
		if err != nil {
			t.Fatalf("%s: %v\nRun scripts/install-test-tools.sh first: it installs the compressors.", c.name, err)
		}
		bodies = append(bodies, compressedBody{c.wrapping, c.name, body})
	}

	if out, err := exec.Command("node", "testdata/zlib.mjs", "compress", file).CombinedOutput(); err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	for _, wr := range wrappings {
		files, err := filepath.Glob(file + ".*." + wr.name)
		if err != nil || len(files) == 0 {
			t.Fatalf("no bodies of zlib: %v", err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			bodies = append(bodies, compressedBody{wr, "zlib, " + filepath.Base(file), body})
		}
	}

	for _, wr := range append(klauspost, wrappings...) {
		for _, level := range []int{-2, 1, 6} {
			bodies = append(bodies, compressedBody{wr, fmt.Sprintf("%s in Go, level %d", wr.name, level), wr.compress(t, level, text)})
		}
	}
	return bodies
}

// checkWithZlib has zlib decompress files.
func checkWithZlib(t *testing.T, origins map[string]string, want []byte) {
	t.Helper()
	files := slices.Sorted(maps.Keys(origins))
	out, err := exec.Command("node", append([]string{"testdata/zlib.mjs", "decompress"}, files...)...).Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	sums := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(sums) != len(files) {
		t.Fatalf("zlib read %d of %d files", len(sums), len(files))
	}
	for i, file := range files {
		if sums[i] != fmt.Sprintf("%x", sha256.Sum256(want)) {
			t.Errorf("%s by %s: zlib reads wrong text: %s", filepath.Base(file), origins[file], sums[i])
		}
	}
}

// checkWithLibdeflate has libdeflate decompress the files in the gzip format.
func checkWithLibdeflate(t *testing.T, origins map[string]string, want []byte) {
	t.Helper()
	command := []string{"-d", "-c", "-S", ".gzip"}
	n := len(command)
	for file := range origins {
		if strings.HasSuffix(file, ".gzip") {
			command = append(command, file)
		}
	}
	n = len(command) - n
	out, err := exec.Command("libdeflate-gzip", command...).Output()
	if err != nil || !bytes.Equal(out, bytes.Repeat(want, n)) {
		t.Errorf("libdeflate reads wrong text of %d files (%v)", n, err)
	}
}
