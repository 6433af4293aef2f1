package inject

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// external and inline are the two forms of a snippet.
var (
	external = Insertion{Bytes: []byte(`<script async src="/_handbill/client.js"></script>`), NonceAt: len("<script")}
	inline   = Insertion{Bytes: []byte(`<script>load()</script>`), NonceAt: len("<script"), Base: "/_handbill/"}
)

// loader is a snippet whose file creates further scripts, and frames.
var loader = Insertion{Bytes: []byte(`<script src="/_handbill/client.js"></script>`), NonceAt: len("<script"), Loads: true, Embeds: true}

const inlineHash = "'sha256-Qn5QVYTzqsxnj0ilm2l+WQZU301YmwVBksEDoZZ/Fbk='"

func TestPolicies(t *testing.T) {
	// What the policies of a page at http://shop.example.com become; an empty line is a
	// header that stays as it is.
	const own = "shop.example.com/_handbill/"
	blocked := []string{"blocked"}
	tests := []struct {
		row       string
		insertion Insertion
		policies  []string // report-only ones begin with "?"
		nonce     string
		want      []string // nil: all stay as they are
		keep      bool     // with KeepCSP too
	}{
		{row: "no restriction of scripts", policies: []string{"img-src 'none'; upgrade-insecure-requests"}, keep: true},
		{row: "an empty policy", policies: []string{""}, keep: true},
		{row: "'self' passes a file of the same origin", policies: []string{"script-src 'self'"}, keep: true},
		{row: "'self' of default-src passes", policies: []string{"default-src 'self'"}, keep: true},
		{row: "* passes", policies: []string{"default-src *"}, keep: true},
		{row: "http: passes", policies: []string{"script-src http:; connect-src http:"}, keep: true},
		{row: "the host passes", policies: []string{"script-src shop.example.com; connect-src *.example.com"}, keep: true},
		{row: "the host and path pass", policies: []string{"script-src http://shop.example.com/_handbill/; connect-src http://shop.example.com:80"}, keep: true},
		{row: "https does not cover http", policies: []string{"script-src https:"}, want: []string{"script-src https: " + own}},
		{row: "another port does not pass", policies: []string{"script-src shop.example.com:8443"}, want: []string{"script-src shop.example.com:8443 " + own}},
		{row: "another path does not pass", policies: []string{"script-src shop.example.com/js/"}, want: []string{"script-src shop.example.com/js/ " + own}},
		{row: "a file is no folder", policies: []string{"script-src shop.example.com/_handbill"}, want: []string{"script-src shop.example.com/_handbill " + own}},
		{row: "a wildcard is no host", policies: []string{"script-src *.shop.example.com"}, want: []string{"script-src *.shop.example.com " + own}},

		{row: "the page's nonce is reused", policies: []string{"script-src 'nonce-r4nd0m'"}, nonce: "r4nd0m", keep: true},
		{row: "script-src-elem decides before script-src", policies: []string{"script-src 'nonce-a'; script-src-elem 'nonce-b'; default-src 'nonce-c' 'self'"}, nonce: "b", keep: true},
		{row: "script-src decides before default-src", policies: []string{"default-src 'self' 'nonce-c'; script-src 'nonce-a'"}, nonce: "a", keep: true},
		{row: "default-src decides where there is no other", policies: []string{"default-src 'self' 'nonce-c'"}, nonce: "c", keep: true},
		{row: "names and keywords in any case", policies: []string{"SCRIPT-SRC 'NONCE-r4nd0m'; CONNECT-SRC 'Self'"}, keep: true, nonce: "r4nd0m"},
		{row: "the first of two directives counts", policies: []string{"script-src 'nonce-a'; script-src 'nonce-b'"}, nonce: "a", keep: true},
		{row: "a nonce that is none is not copied", policies: []string{`script-src 'self' 'nonce-a"b' 'nonce-' 'nonce-===' 'nonce-a='`}, nonce: "a=", keep: true},
		{row: "the nonce beside 'strict-dynamic'", policies: []string{"script-src 'strict-dynamic' 'nonce-r4nd0m' 'unsafe-inline' https:"}, nonce: "r4nd0m", keep: true},
		{row: "one nonce in several headers", policies: []string{"script-src 'nonce-a'", "script-src 'nonce-a' 'self'"}, nonce: "a", keep: true},
		{row: "one nonce in policies joined by a comma", policies: []string{"script-src 'nonce-a', script-src 'nonce-a'; img-src *"}, nonce: "a", keep: true},
		{row: "a nonce here and 'self' there", policies: []string{"script-src 'nonce-a'", "script-src 'self'"}, nonce: "a", keep: true},
		{row: "the nonce that most policies know", policies: []string{"script-src 'nonce-a' 'self'", "script-src 'nonce-b'"}, nonce: "b", keep: true},
		{row: "different nonces: a source is added", policies: []string{"script-src 'nonce-a'", "script-src 'nonce-b'"}, nonce: "a",
			want: []string{"", "script-src 'nonce-b' " + own}},
		{row: "different nonces with 'strict-dynamic': one is added", policies: []string{"script-src 'strict-dynamic' 'nonce-a', script-src 'strict-dynamic' 'nonce-b'"}, nonce: "a",
			want: []string{"script-src 'strict-dynamic' 'nonce-a', script-src 'strict-dynamic' 'nonce-b' 'nonce-a'"}},
		{row: "'strict-dynamic' heeds no hosts", policies: []string{"script-src 'strict-dynamic' 'self' 'sha256-abc'"}, want: blocked},
		{row: "'strict-dynamic' in default-src", policies: []string{"default-src 'strict-dynamic'"}, want: blocked},

		{row: "a nonce does not help the scripts that a script creates", insertion: loader, policies: []string{"script-src 'nonce-a'"}, nonce: "a",
			want: []string{"script-src 'nonce-a' " + own}},
		{row: "a nonce with 'strict-dynamic' does", insertion: loader, policies: []string{"script-src 'nonce-a' 'strict-dynamic'"}, nonce: "a", keep: true},
		{row: "'self' allows scripts and frames", insertion: loader, policies: []string{"default-src 'self'"}, keep: true},
		{row: "frame-src gets the endpoint alone", insertion: loader, policies: []string{"frame-src 'none'"}, want: []string{"frame-src " + own}},
		{row: "child-src stays for the rest", insertion: loader, policies: []string{"child-src https://pay.example.net"},
			want: []string{"child-src https://pay.example.net; frame-src https://pay.example.net " + own}},
		{row: "default-src stays for other frames", insertion: loader, policies: []string{"default-src https://pay.example.net; script-src 'self'; connect-src 'self'"},
			want: []string{"default-src https://pay.example.net; script-src 'self'; connect-src 'self'; frame-src https://pay.example.net " + own}},
		{row: "a snippet without frames leaves them alone", policies: []string{"frame-src 'none'"}, keep: true},

		{row: "'none' is replaced", policies: []string{"script-src 'none'"}, want: []string{"script-src " + own}},
		{row: "an empty list is as 'none'", policies: []string{"script-src; img-src *"}, want: []string{"script-src " + own + "; img-src *"}},
		{row: "'none' of default-src stays for the rest", policies: []string{"default-src 'none'"},
			want: []string{"default-src 'none'; script-src " + own + "; connect-src " + own}},
		{row: "default-src stays for the rest", policies: []string{"default-src https://cdn.example.net; img-src *;"},
			want: []string{"default-src https://cdn.example.net; img-src *; script-src https://cdn.example.net " + own + "; connect-src https://cdn.example.net " + own}},
		{row: "what default-src says of scripts goes along", policies: []string{"default-src 'unsafe-inline' 'unsafe-eval' https://cdn.example.net; connect-src 'self'"},
			want: []string{"default-src 'unsafe-inline' 'unsafe-eval' https://cdn.example.net; connect-src 'self'; script-src 'unsafe-inline' 'unsafe-eval' https://cdn.example.net " + own}},
		{row: "'unsafe-inline' stays in force beside a source", policies: []string{"script-src 'unsafe-inline' https://cdn.example.net"},
			want: []string{"script-src 'unsafe-inline' https://cdn.example.net " + own}},
		{row: "connect-src gets the endpoint alone", policies: []string{"script-src 'self'; connect-src https://api.example.net"},
			want: []string{"script-src 'self'; connect-src https://api.example.net " + own}},
		{row: "connect-src 'none' is replaced", policies: []string{"script-src 'self'; connect-src 'none'"}, want: []string{"script-src 'self'; connect-src " + own}},
		{row: "nonces do not help connections", policies: []string{"default-src 'nonce-a'"}, nonce: "a",
			want: []string{"default-src 'nonce-a'; connect-src " + own}},

		{row: "only what reports: the nonce", policies: []string{"?script-src 'nonce-a'"}, nonce: "a", keep: true},
		{row: "only what reports: a source is added", policies: []string{"?script-src 'none'"}, want: []string{"?script-src " + own}},
		{row: "only what reports blocks nothing", policies: []string{"?script-src 'strict-dynamic'"}, keep: true},
		{row: "an enforced policy and one that reports", policies: []string{"script-src 'nonce-a'", "?script-src 'nonce-a' 'strict-dynamic'"}, nonce: "a", keep: true},

		{row: "a sandbox without scripts", policies: []string{"sandbox allow-same-origin"}, want: blocked},
		{row: "a sandbox with another origin", policies: []string{"sandbox allow-scripts"}, want: blocked},
		{row: "a sandbox with scripts of the page's origin", policies: []string{"sandbox Allow-Scripts allow-same-origin"}, keep: true},
		{row: "Trusted Types do not concern the parser", policies: []string{"require-trusted-types-for 'script'; trusted-types default"}, keep: true},

		{row: "inline: nothing is needed", insertion: inline, policies: []string{"script-src 'self' 'unsafe-inline'"}, keep: true},
		{row: "inline: never a hash beside 'unsafe-inline'", insertion: inline, policies: []string{"script-src 'unsafe-inline'"},
			want: []string{"script-src 'unsafe-inline' " + own}},
		{row: "inline: the nonce, and the file that it loads", insertion: inline, policies: []string{"script-src 'nonce-a'"}, nonce: "a",
			want: []string{"script-src 'nonce-a' " + own}},
		{row: "inline: the nonce with 'strict-dynamic' covers what it loads", insertion: inline, policies: []string{"script-src 'nonce-a' 'strict-dynamic'"}, nonce: "a", keep: true},
		{row: "inline: a hash", insertion: inline, policies: []string{"script-src 'self'"}, want: []string{"script-src 'self' " + inlineHash}},
		{row: "inline: a hash where 'unsafe-inline' is off already", insertion: inline, policies: []string{"script-src 'self' 'unsafe-inline' 'sha256-abc'"},
			want: []string{"script-src 'self' 'unsafe-inline' 'sha256-abc' " + inlineHash}},
		{row: "inline: a hash with 'strict-dynamic'", insertion: inline, policies: []string{"script-src 'strict-dynamic'"},
			want: []string{"script-src 'strict-dynamic' " + inlineHash}},
		{row: "inline: the hash is there", insertion: inline, policies: []string{"script-src 'self' " + inlineHash}, keep: true},
		{row: "no place for a nonce", insertion: Insertion{Bytes: external.Bytes, NonceAt: -1}, policies: []string{"script-src 'nonce-a'"},
			want: []string{"script-src 'nonce-a' " + own}},
		{row: "a whole URL as base", insertion: Insertion{Bytes: external.Bytes, NonceAt: -1, Base: "https://www.example.org/_handbill/"}, policies: []string{"default-src 'self'"},
			want: []string{"default-src 'self'; connect-src 'self' https://www.example.org/_handbill/"}},
	}
	for _, test := range tests {
		t.Run(test.row, func(t *testing.T) {
			if test.insertion.Bytes == nil {
				test.insertion = external
			}
			r := httptest.NewRequest(http.MethodGet, "http://shop.example.com/cart", nil)
			header := policyHeader(test.policies)
			decision := decidePolicy(r, header, readNeeds(test.insertion), test.insertion.NonceAt >= 0, ExtendCSP)
			got := []string{"blocked"}
			if !decision.blocked {
				got = changedPolicies(test.policies, header, decision)
			}
			if !slices.Equal(got, test.want) || decision.nonce != test.nonce {
				t.Errorf("became %q with the nonce %q, want %q with %q", got, decision.nonce, test.want, test.nonce)
			}
			if kept := decidePolicy(r, header, readNeeds(test.insertion), test.insertion.NonceAt >= 0, KeepCSP); !kept.values.none() {
				t.Errorf("kept policies were changed: %q", kept.values)
			} else if kept.blocked == test.keep && !onlyReports(test.policies) {
				t.Errorf("kept: blocked %v", kept.blocked)
			}
			checkExtension(t, r, header, decision, test.insertion)
		})
	}
}

func policyHeader(policies []string) http.Header {
	header := http.Header{}
	for _, text := range policies {
		if reported, ok := strings.CutPrefix(text, "?"); ok {
			header.Add("Content-Security-Policy-Report-Only", reported)
		} else {
			header.Add("Content-Security-Policy", text)
		}
	}
	return header
}

func onlyReports(policies []string) bool {
	return !slices.ContainsFunc(policies, func(text string) bool { return !strings.HasPrefix(text, "?") })
}

// changedPolicies lists the policies in the order in which they came, "" for those
// that stay; nil when all do.
func changedPolicies(policies []string, before http.Header, decision policyDecision) []string {
	var list []string
	changed := false
	indexes := [len(policyHeaders)]int{}
	for _, text := range policies {
		i, prefix := 0, ""
		if strings.HasPrefix(text, "?") {
			i, prefix = 1, "?"
		}
		j := indexes[i]
		indexes[i]++
		value := ""
		if values := decision.values[i]; values != nil && values[j] != before[policyHeaders[i].name][j] {
			value = prefix + values[j]
			changed = true
		}
		list = append(list, value)
	}
	if !changed {
		return nil
	}
	return list
}

// checkExtension asks the new policies again: they must let the insertion pass as
// they are, and still say everything that the old ones said.
func checkExtension(t *testing.T, r *http.Request, header http.Header, decision policyDecision, insertion Insertion) {
	t.Helper()
	if decision.blocked {
		return
	}
	after := header.Clone()
	for i, h := range policyHeaders {
		if decision.values[i] != nil {
			after[h.name] = decision.values[i]
		}
	}
	again := decidePolicy(r, after, readNeeds(insertion), insertion.NonceAt >= 0, KeepCSP)
	if again.blocked {
		t.Errorf("the new policies forbid the insertion: %v", after)
	}
	for i, h := range policyHeaders {
		for j, line := range header[h.name] {
			old, now := strings.Split(line, ","), strings.Split(after[h.name][j], ",")
			if len(old) != len(now) {
				t.Errorf("policy %d of %q became %q", i, line, after[h.name][j])
				continue
			}
			for k := range old {
				checkNotLoosened(t, old[k], now[k])
			}
		}
	}
}

// checkNotLoosened compares two policies directive by directive: the new one may
// have our sources more, and directives that repeat what default-src or child-src says.
func checkNotLoosened(t *testing.T, old, now string) {
	t.Helper()
	before, after := directivesOf(old), directivesOf(now)
	for name, list := range after {
		was, found := before[name]
		if !found && name == "frame-src" {
			was, found = before["child-src"]
		}
		if !found {
			was = before["default-src"]
		}
		if readSources(strings.Join(was, " ")).allowsInline() && !readSources(strings.Join(list, " ")).allowsInline() && name != "connect-src" && name != "frame-src" {
			t.Errorf("%s: 'unsafe-inline' is off in %q", name, now)
		}
		for _, source := range list {
			added := !slices.Contains(was, source)
			ours := strings.Contains(source, "/_handbill/") || source == "'self'" || strings.HasPrefix(source, "'sha256-") || strings.HasPrefix(source, "'nonce-")
			if added && !ours {
				t.Errorf("%s got %s: %q", name, source, now)
			}
		}
	}
	for name, list := range before {
		for _, source := range list {
			if !slices.Contains(after[name], source) && !strings.EqualFold(source, "'none'") {
				t.Errorf("%s lost %s: %q", name, source, now)
			}
		}
	}
}

func directivesOf(text string) map[string][]string {
	directives := map[string][]string{}
	for directive := range strings.SplitSeq(text, ";") {
		fields := strings.Fields(directive)
		if len(fields) == 0 {
			continue
		}
		if name := strings.ToLower(fields[0]); directives[name] == nil {
			directives[name] = append([]string{}, fields[1:]...)
		}
	}
	return directives
}

func TestSourcesOfOddAddresses(t *testing.T) {
	tests := []struct {
		host   string
		secure bool
		policy string
		want   string // "": it passes
	}{
		{"localhost:8080", false, "script-src x", "script-src x localhost:8080/_handbill/"},
		{"localhost:8080", false, "script-src localhost:8080; connect-src localhost:*", ""},
		{"[::1]:8080", false, "script-src x", "script-src x 'self'"},
		{"[::1]", false, "script-src x", "script-src x 'self'"},
		{"a;b 'self'", false, "script-src x", "script-src x 'self'"},
		{"a:1;2", false, "script-src x", "script-src x 'self'"},
		{"", false, "script-src x", "script-src x 'self'"},
		{"shop.example.com", true, "script-src https:; connect-src https://shop.example.com:443", ""},
		{"shop.example.com", true, "script-src http:; connect-src http://shop.example.com", ""},
		{"shop.example.com:443", true, "script-src shop.example.com; connect-src shop.example.com:80", ""},
	}
	for _, test := range tests {
		r := httptest.NewRequest(http.MethodGet, "http://x/", nil)
		r.Host = test.host
		if test.secure {
			r.TLS = &tls.ConnectionState{}
		}
		header := policyHeader([]string{test.policy})
		decision := decidePolicy(r, header, readNeeds(external), false, ExtendCSP)
		got := ""
		if values := decision.values[0]; values != nil {
			got = values[0]
		}
		if decision.blocked || got != test.want {
			t.Errorf("%q: %q became %q, want %q", test.host, test.policy, got, test.want)
		}
	}
}

func TestScriptsFromElsewhere(t *testing.T) {
	elsewhere := Insertion{Bytes: []byte(`<link rel=preload><script src="https://cdn.example.net/hb/client.js"></script>`), NonceAt: -1}
	r := httptest.NewRequest(http.MethodGet, "http://shop.example.com/", nil)
	decision := decidePolicy(r, policyHeader([]string{"default-src 'self'"}), readNeeds(elsewhere), false, ExtendCSP)
	want := "default-src 'self'; script-src 'self' https://cdn.example.net/hb/; connect-src 'self' https://cdn.example.net/hb/"
	if decision.blocked || decision.values[0][0] != want {
		t.Errorf("became %q, want %q", decision.values[0], want)
	}
	relative := Insertion{Bytes: []byte(`<script src="client.js"></script>`), NonceAt: -1}
	if decision := decidePolicy(r, policyHeader([]string{"script-src 'self'"}), readNeeds(relative), false, ExtendCSP); !decision.blocked {
		t.Errorf("a file whose address is not known: %q", decision.values[0])
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("script-src 'self' 'nonce-abc' 'strict-dynamic'; default-src 'none', connect-src x", "sandbox allow-scripts", "shop.example.com")
	f.Add("default-src 'unsafe-inline' https:;;script-src-elem", "?script-src 'sha256-x'", "[::1]:80")
	f.Fuzz(func(t *testing.T, one, two, host string) {
		if strings.ContainsAny(one+two, "\r\n\x00") {
			return
		}
		r := httptest.NewRequest(http.MethodGet, "http://x/", nil)
		r.Host = host
		header := policyHeader([]string{one, two})
		before := header.Clone()
		for _, insertion := range []Insertion{external, inline} {
			decision := decidePolicy(r, header, readNeeds(insertion), true, ExtendCSP)
			checkExtension(t, r, header, decision, insertion)
			if decision.nonce != "" && nonceOf("'nonce-"+decision.nonce+"'") == "" {
				t.Errorf("%q is no nonce", decision.nonce)
			}
		}
		if !reflect.DeepEqual(before, header) {
			t.Errorf("the header was changed to %v", header)
		}
	})
}
