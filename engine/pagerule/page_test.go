package pagerule

import (
	"strings"
	"testing"

	"golang.org/x/net/idna"
)

var normalisedAddresses = []struct{ name, address, normal string }{
	{"the home page", "https://example.com", "https://example.com"},
	{"the home page with its slash", "https://example.com/", "https://example.com"},
	{"scheme and host in capitals", "HTTPS://Example.COM/Docs", "https://example.com/Docs"},
	{"the scheme's own port", "http://example.com:80/docs", "http://example.com/docs"},
	{"another port", "https://example.com:080/docs", "https://example.com:80/docs"},
	{"an empty port", "https://example.com:/docs", "https://example.com/docs"},
	{"a user name", "https://ann:secret@example.com/docs", "https://example.com/docs"},
	{"one trailing slash of two", "https://example.com/docs//", "https://example.com/docs/"},
	{"a trailing slash before the query", "https://example.com/docs/?x=1", "https://example.com/docs?x=1"},
	{"an empty query and fragment", "https://example.com/docs?#", "https://example.com/docs"},
	{"a query without path", "https://example.com?x=1", "https://example.com?x=1"},
	{"a second question mark", "https://example.com/?x=1?y=2", "https://example.com?x=1%3Fy=2"},
	{"a question mark in the fragment", "https://example.com/#/a?b", "https://example.com#/a?b"},
	{"the fragment's trailing slash", "https://example.com/#/a/", "https://example.com#/a"},
	{"the fragment that is a slash", "https://example.com/#/", "https://example.com#/"},
	{"dot segments", "https://example.com/a/./b/../c", "https://example.com/a/c"},
	{"dot segments at the end", "https://example.com/a/b/..", "https://example.com/a"},
	{"dot segments beyond the root", "https://example.com/../../a", "https://example.com/a"},
	{"encoded dot segments", "https://example.com/a/%2E%2e/b", "https://example.com/b"},
	{"a name that starts with a dot", "https://example.com/.well-known/x", "https://example.com/.well-known/x"},
	{"backslashes", `https://example.com\a\b?c\d`, "https://example.com/a/b?c%5Cd"},
	{"needless encoding", "https://example.com/%7Eann/%64ocs", "https://example.com/~ann/docs"},
	{"small hexadecimal digits", "https://example.com/a%2fb", "https://example.com/a%2Fb"},
	{"a percent sign that encodes nothing", "https://example.com/100%/a%2", "https://example.com/100%25/a%252"},
	{"letters beyond ASCII", "https://example.com/über?q=é", "https://example.com/%C3%BCber?q=%C3%A9"},
	{"bytes that are no UTF-8", "https://example.com/\xff", "https://example.com/%FF"},
	{"spaces around", "  https://example.com/a b ", "https://example.com/a%20b"},
	{"line breaks inside", "https://example.com/a\r\n\tb", "https://example.com/ab"},
	{"an international host", "https://BÜCHER.example/", "https://xn--bcher-kva.example"},
	{"an encoded host", "https://ex%61mple.com/", "https://example.com"},
	{"an IPv6 host", "http://[0:0::1]:8080/a", "http://[::1]:8080/a"},
}

func TestNewPageNormalises(t *testing.T) {
	for _, test := range normalisedAddresses {
		t.Run(test.name, func(t *testing.T) {
			page, err := NewPage(test.address, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := page.String(); got != test.normal {
				t.Errorf("%q is %q, want %q", test.address, got, test.normal)
			}
			if page.URL != test.address {
				t.Errorf("URL is %q, want the address as given", page.URL)
			}
		})
	}
}

func TestNewPageRefusesWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{
		"", "/pricing", "example.com/pricing", "//example.com/", "ftp://example.com/", "about:blank", "file:///etc/hosts",
		"https://", "https:///pricing", "https://:8080/", "https://example.com:x/", "https://example.com:70000/",
		"https://exa mple.com/", "https://exa|mple.com/", "https://exa%zzmple.com/", "http://[::1", "http://[v1.x]/", "https://\xff.example/",
		"https://" + strings.Repeat("例", 400) + ".example/",
	} {
		if page, err := NewPage(address, "Billing"); err == nil {
			t.Errorf("NewPage(%q) = %v, want an error", address, &page)
		} else if !strings.Contains(err.Error(), "page") {
			t.Errorf("NewPage(%q): %v", address, err)
		}
	}
}

func TestNormalizeTwiceIsNormalizeOnce(t *testing.T) {
	for _, text := range []string{"/a%2Fb%25", "/100%", "/über/%7e", "/a?b#c", "/[x]{y}", "%%41%4"} {
		for _, where := range []part{inPath, inQuery, inFragment} {
			once := normalize(text, where)
			if twice := normalize(once, where); twice != once {
				t.Errorf("%q: once %q, twice %q", text, once, twice)
			}
		}
	}
}

// The oracle is the library that Go's own HTTP client uses.
func TestInternationalHosts(t *testing.T) {
	for _, host := range []string{
		"bücher.example", "BÜCHER.example", "straße.example", "пример.испытание", "例え.テスト", "例え。テスト", "ουτοπία.δπθ.gr",
		"münchen-ost.example", "a.ü.b", "한국.kr", "مثال.إختبار", "xn--bcher-kva.example", "😀.example", "ñ.example", "éèê.example",
		"他们为什么不说中文.example", "почемужеонинеговорятпорусски.example",
	} {
		want, err := idna.New(idna.MapForLookup(), idna.Transitional(false)).ToASCII(host)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := asciiHost(host); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", host, got, err, want)
		}
	}
}
