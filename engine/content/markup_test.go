package content

import (
	"strings"
	"testing"
)

func TestHTMLBecomesATreeOfWhatIsAllowed(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"20 % <b>off</b>", "20 % <strong>off</strong>"},
		{"<h1>A</h1><p>B<!-- c --></p>", "<h3>A</h3><p>B</p>"},
		{`<a href="/offers?a=1&amp;b=2">x</a>`, `<a href="/offers?a=1&amp;b=2">x</a>`},
		{`<img src="/a.png" alt="A" width="2" height="3">`, `<img src="/a.png" alt="A" width="2" height="3">`},
		{"<p>a<p>b", "<p>a</p><p>b</p>"},
		{"&lt;script&gt;", "&lt;script&gt;"},
	} {
		nodes, err := HTML(c.source)
		var out strings.Builder
		writeNodes(&out, nodes)
		if err != nil || out.String() != c.want {
			t.Errorf("%s becomes %s, want %s, error %v", c.source, out.String(), c.want, err)
		}
	}
}

func TestWhatHTMLMayNotHoldIsAnError(t *testing.T) {
	for source, want := range map[string]string{
		"<script>alert(1)</script>":                        "the HTML holds <script>, which is not allowed",
		"<p><style>p{}</style></p>":                        "the HTML holds <style>, which is not allowed",
		"<iframe src=x></iframe>":                          "the HTML holds <iframe>, which is not allowed",
		"<svg><a href='javascript:x'>x</a></svg>":          "the HTML holds <svg>, which is not allowed",
		"<math><mi>x</mi></math>":                          "the HTML holds <math>, which is not allowed",
		"<form><input></form>":                             "the HTML holds <form>, which is not allowed",
		"<p onclick=x>a</p>":                               "the HTML holds <p onclick>, which is not allowed",
		"<p style=color:red>a</p>":                         "the HTML holds <p style>, which is not allowed",
		"<p class=a>a</p>":                                 "the HTML holds <p class>, which is not allowed",
		`<a href="javascript:alert(1)">a</a>`:              `the address "javascript:alert(1)" has the scheme "javascript"`,
		`<a href="java&#x09;script:alert(1)">a</a>`:        `the address "java\tscript:alert(1)" holds '\t', which no address may`,
		`<img src="data:image/png;base64,x">`:              `the address "data:image/png;base64,x" has the scheme "data"`,
		`<a>a</a>`:                                         "the HTML holds an <a> without href",
		`<img alt="A">`:                                    "the HTML holds an <img> without src",
		`<img src="/a.png" width="wide">`:                  `the HTML holds <img width="wide">`,
		`<video src="/a.mp4" alt="A" width="640"></video>`: "the HTML holds a <video> that lacks src, alt, width or height",
		`<video src="/a.mp4" alt="A" width="640" height="360" autoplay></video>`:            "the HTML holds <video autoplay>, which is not allowed",
		`<video src="/a.mp4" alt="A" width="640" height="360">Sorry</video>`:                "the HTML holds a <video> with something else in it than <track>",
		`<video src="/a.mp4" alt="A" width="640" height="360"><track src="/a.vtt"></video>`: "the HTML holds a <track> that is not in a <video>, or lacks src or srclang",
		`<p><track src="/a.vtt" srclang="en"></p>`:                                          "the HTML holds a <track> that is not in a <video>, or lacks src or srclang",
		`<video src="/a.mp4" alt="A" width="640" height="360" poster="poster.png"></video>`: `the address "poster.png" means another file on every page`,
		`<video src="javascript:alert(1)" alt="A" width="640" height="360"></video>`:        `the address "javascript:alert(1)"`,
		`<img src="/a.png" onerror=x>`:                                                      "the HTML holds <img onerror>, which is not allowed",
		`<img src="/a.png" width="100%">`:                                                   `the HTML holds <img width="100%">`,
		strings.Repeat("<div>", 40):                                                         "the HTML is nested deeper than 32 levels",
		strings.Repeat("x", 1<<17):                                                          "the HTML has 131072 bytes",
	} {
		if _, err := HTML(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %s", source, err, want)
		}
	}
}

// Whatever a visitor's value is and whatever its filter does, it is text, or a part of an address that is allowed.
func TestAValueInHTMLIsNeverMarkup(t *testing.T) {
	const hostile = `<img src=x onerror=alert(1)><script>alert(2)</script>"'&`
	for _, c := range []struct{ source, want string }{
		{"<p>{{ traits.x }}</p>", "<p>&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;alert(2)&lt;/script&gt;&#34;&#39;&amp;</p>"},
		{"<p>{{ traits.x | upcase }}</p>", "<p>&lt;IMG SRC=X ONERROR=ALERT(1)&gt;&lt;SCRIPT&gt;ALERT(2)&lt;/SCRIPT&gt;&#34;&#39;&amp;</p>"},
		{"<p>{% capture a %}{{ traits.x }}{% endcapture %}{{ a }}</p>", "<p>&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;alert(2)&lt;/script&gt;&#34;&#39;&amp;</p>"},
		{"{% if traits.x %}<b>{{ traits.x | truncate: 5, '' }}</b>{% endif %}", "<strong>&lt;img </strong>"},
		{`<a href="/search?q={{ traits.x }}">a</a>`, `<a href="/search?q=%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%3Cscript%3Ealert%282%29%3C%2Fscript%3E%22%27%26">a</a>`},
		{`<a href="{{ traits.script }}">a</a>`, "a"},
		{`<img src="/a.png" alt="{{ traits.x | slice: 0, 4 }}">`, `<img src="/a.png" alt="&lt;img">`},
		{`<img src="{{ traits.script }}">b`, "b"},
	} {
		text, err := ParseText(Markup, c.source, nil)
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		made, err := Localize([]Translation{{Template: &Template{Steps: []StepTemplate{{Body: text}}}}})
		if err != nil {
			t.Fatal(err)
		}
		rendered, err := made.In(nil).Render(Values{Traits: map[string]any{"x": hostile, "script": "javascript:alert(1)"}})
		var out strings.Builder
		if err == nil {
			writeNodes(&out, rendered.Content.Steps[0].Body)
		}
		if err != nil || out.String() != c.want {
			t.Errorf("%s becomes\n%s, want\n%s, error %v", c.source, out.String(), c.want, err)
		}
	}
	for _, source := range []string{"<{{ traits.x }}>a", "<p {{ traits.x }}>a</p>", `<p title="{{ traits.x }}">a</p>`, "<!-- {{ traits.x }} -->a", `<img src="/a.png" width="{{ traits.x }}">`, "<p style=\"{{ traits.x }}\">a</p>"} {
		if _, err := ParseText(Markup, source, nil); err == nil && !strings.HasPrefix(source, "<{{") {
			t.Errorf("%s is taken", source)
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{"<p>a<b>b</b>", "<table><td>a", "<a href=/x><a href=/y>", "<svg><p>", "&amp;&#0;", "<ul><li>a<li>b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		nodes, err := HTML(source)
		if err != nil {
			return
		}
		var out strings.Builder
		writeNodes(&out, nodes)
		if _, err := HTML(out.String()); err != nil && !strings.Contains(err.Error(), "nested") && !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%q becomes %q, which is refused: %v", source, out.String(), err)
		}
	})
}
