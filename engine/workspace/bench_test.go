package workspace

import (
	"fmt"
	"strings"
	"testing"
)

// manyMessages is a workspace as large sites have it: pages of their own, two
// steps, Markdown, an image and buttons in each message.
func manyMessages(count int) []File {
	var text strings.Builder
	text.WriteString("[workspace]\nname = \"Large\"\ntimezone = \"Europe/Berlin\"\n")
	for i := range count {
		fmt.Fprintf(&text, `
[[messages]]
id = "message-%[1]d"
status = "live"
audience = "identified"
pages = ["https://example.com/section-%[1]d/*", "/shop/*/item-%[1]d"]
except = ["/section-%[1]d/private/*"]
start = 2026-12-01T09:00:00
priority = %[2]d
display = "modal"

  [[messages.steps]]
  name = "welcome"
  title = "What is new in section %[1]d"
  text = "Three things, the first of them *long asked for*. Read [the whole story](/docs/%[1]d) or **try it**."
  image = { src = "/img/section-%[1]d.png", alt = "The section", width = 640, height = 360 }
  buttons = [{ text = "Show me", action = "next" }, { text = "Not now", action = "dismiss" }]

  [[messages.steps]]
  text = "That was all."
  buttons = [{ text = "Done", action = "dismiss" }]
`, i, i%100)
	}
	return []File{{Name: "messages.toml", Data: []byte(text.String())}}
}

func compiled(tb testing.TB, previous *Snapshot, files []File) *Snapshot {
	tb.Helper()
	snapshot, _, err := CompileFrom(previous, files)
	if err != nil {
		tb.Fatal(err)
	}
	return snapshot
}

// Compiling 10,000 messages may take 3 s.
func BenchmarkCompileTenThousandMessages(b *testing.B) {
	files := manyMessages(10_000)
	b.SetBytes(int64(len(files[0].Data)))
	for b.Loop() {
		compiled(b, nil, files)
	}
}

func BenchmarkCompileOneEditInTenThousandMessages(b *testing.B) {
	files := manyMessages(10_000)
	before := compiled(b, nil, files)
	edited := []File{{Name: "messages.toml", Data: []byte(strings.Replace(string(files[0].Data), "in section 5000", "in Section 5000", 1))}}
	for b.Loop() {
		compiled(b, before, edited)
	}
}

// benchmarkEdit compiles an edit of ten thousand messages, of which a hundred name a template and a segment each.
func benchmarkEdit(b *testing.B, old, edited string) {
	const around = `
[[segments]]
id = "segment-of-teams"
where = 'traits.plan == "team"'

[[templates]]
id = "template-of-news"
params = ["what"]
title = "News"
text = "{{ params.what }}"
`
	files := manyMessages(10_000)
	var text strings.Builder
	text.WriteString(string(files[0].Data) + around)
	for i := range 100 {
		fmt.Fprintf(&text, "\n[[messages]]\nid = \"news-%[1]d\"\npages = [\"/news/%[1]d\"]\naudience = [\"segment-of-teams\"]\ntemplate = \"template-of-news\"\nparams = { what = \"Number %[1]d\" }\n", i)
	}
	before := compiled(b, nil, []File{{Name: "messages.toml", Data: []byte(text.String())}})
	after := []File{{Name: "messages.toml", Data: []byte(strings.Replace(text.String(), old, edited, 1))}}
	for b.Loop() {
		compiled(b, before, after)
	}
}

func BenchmarkCompileAnotherNameOfTenThousandMessages(b *testing.B) {
	benchmarkEdit(b, `name = "Large"`, `name = "Larger"`)
}

func BenchmarkCompileAnotherSegmentOfTenThousandMessages(b *testing.B) {
	benchmarkEdit(b, `"team"`, `"free"`)
}

func BenchmarkCompileAnotherTemplateOfTenThousandMessages(b *testing.B) {
	benchmarkEdit(b, `title = "News"`, `title = "Newest"`)
}
