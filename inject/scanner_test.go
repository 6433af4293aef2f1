package inject

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/net/html"
)

// at marks the place of the insertion in the tests' documents.
const at = "▼"

func TestPlaceInThePrologue(t *testing.T) {
	tests := []struct {
		row  string // of the checklist
		page string // with the place, or as it is where nothing is inserted
		want Reason
	}{
		{row: "right after the head tag", page: "<!doctype html><html><head>" + at + "<title>Docs</title>"},
		{row: "a UTF-8 byte order mark is skipped", page: "\ufeff<!doctype html><head>" + at + "<title>Docs</title>"},
		{row: "a UTF-8 byte order mark before an implied head", page: "\ufeff<!doctype html>" + at + "<title>Docs</title>"},
		{row: "whitespace before the head is passed", page: "\t\n\f\r <html>\t\n\f\r <head>" + at + " <title>"},
		{row: "whitespace before an implied head is passed", page: "<html>\n\n  " + at + "<body>"},
		{row: "a doctype is passed", page: "<!DOCTYPE html>" + at + "<p>Hello"},
		{row: "a doctype ends at > even in its quotes", page: `<!DOCTYPE html PUBLIC "a>` + at + `b">`},
		{row: "a second doctype is passed", page: "<!doctype html><html><!doctype html>" + at + "<p>"},
		{row: "nothing goes before a doctype that follows a comment", page: "<!-- build 12 --><!doctype html><head>" + at},
		{row: "a comment ends at -->", page: "<html><!-- <head> -- > --><head>" + at},
		{row: "a comment ends at --!>", page: "<html><!-- <head> --!><head>" + at},
		{row: "a comment may be <!-->", page: "<html><!--><head>" + at + "-->"},
		{row: "a comment may be <!--->", page: "<html><!---><head>" + at + "-->"},
		{row: "a comment goes on after --!x", page: "<html><!-- --!x <head> --><head>" + at},
		{row: "a comment goes on after -- -", page: "<html><!-- -- - -> <head> --><head>" + at},
		{row: "a comment of many dashes", page: "<html><!----------><head>" + at},
		{row: "a nested comment opens nothing", page: "<html><!-- <!-- --><head>" + at + "-->"},
		{row: "a conditional comment is a comment", page: "<!doctype html><!--[if IE]><head><![endif]--><head>" + at},
		{row: "a downlevel-revealed condition is a bogus comment", page: "<html><![if !IE]><head>" + at + "<![endif]>"},
		{row: "a bogus comment <!x", page: "<html><!x -- <head --><head>" + at},
		{row: "a bogus comment <!-x", page: "<html><!-x><head>" + at},
		{row: "an XML declaration is a bogus comment", page: `<?xml version="1.0"?><!doctype html><html><head>` + at},
		{row: "a bogus comment </ x", page: "<html></ <head><head>" + at},
		{row: "</> is nothing", page: "<html></><head>" + at},
		{row: "CDATA outside foreign content is a bogus comment", page: "<html><![CDATA[ <head> " + at + "]]>"},
		{row: "<!d is no doctype, and so no evidence", page: "<!d><p>", want: ReasonFragment},
		{row: "<!doctypes counts as a doctype, as in the standard", page: "<!doctypes>" + at + "<p>"},
		{row: "html's attributes are passed", page: `<html lang="de" class=no-js data-x='y'><head>` + at},
		{row: "html may be repeated", page: "<html><html lang=de><head>" + at},
		{row: "a quoted value may hold >", page: `<html data-a="a>b" data-b='c>d'><head>` + at},
		{row: "a quoted value may hold <head>", page: `<html data-a="<head>"><head>` + at},
		{row: "the head's own attributes", page: `<html><head profile="a>b" lang=de>` + at + "<title>"},
		{row: "a quote opens after = and spaces", page: "<html a = \n \"x>\"><head>" + at},
		{row: "a quote in an attribute's name is a letter", page: `<html a"b><head>` + at + `">`},
		{row: "a quote at the start of a name is a letter", page: `<html "x><head>` + at + `">`},
		{row: "a quote in an unquoted value is a letter", page: `<html a=b"c><head>` + at + `">`},
		{row: "= at the start of a name opens no value", page: `<html ="><head>` + at + `">`},
		{row: "= after a slash opens no value", page: `<html a/="><head>` + at + `">`},
		{row: "a missing value ends the tag", page: `<html a=><head>` + at},
		{row: "an unquoted value may hold a slash", page: `<html a=b/c/><head>` + at},
		{row: "text right after a quoted value is a name", page: `<html a="b"c="d>"><head>` + at},
		{row: "before a policy in the page", page: "<!doctype html><head>" + at + `<meta http-equiv=Content-Security-Policy content="script-src 'none'">`},
		{row: "self-closing head is a head", page: "<html/><head/>" + at + "<title>"},
		{row: "header is another tag", page: "<html>" + at + "<header>Shop</header>"},
		{row: "heading is another tag", page: "<html>" + at + "<heading>"},
		{row: "hea is another tag", page: "<html>" + at + "<hea>"},
		{row: "head needs an end of its name", page: "<html>" + at + "<head\x00>"},
		{row: "any other start tag implies the head", page: "<html>" + at + "<script>var head = '<head>'</script><head>"},
		{row: "title implies the head", page: "<!doctype html>\n" + at + "<title>Docs</title>"},
		{row: "text implies the head", page: "<html> " + at + "Hello <head>"},
		{row: "NUL implies the head", page: "<html>" + at + "\x00<head>"},
		{row: "a character reference implies the head", page: "<html>" + at + "&nbsp;<head>"},
		{row: "a reference to a space counts as text", page: "<html>" + at + "&#32;<head>"},
		{row: "< before anything else is text", page: "<html>" + at + "<3<head>"},
		{row: "</head> implies the head", page: "<html>" + at + "</head><body>"},
		{row: "</body> implies the head", page: "<html>" + at + "</body>"},
		{row: "</html> implies the head", page: "<html>" + at + "</html>"},
		{row: "</br> implies the head", page: "<html>" + at + "</br>"},
		{row: "other end tags are ignored", page: "<html></p></header></b title='>'></heads><head>" + at},
		{row: "a long end tag's name is ignored to its end", page: `<html></heading="x><head>` + at + `">`},
		{row: "upper case", page: "<!DOCTYPE HTML><HTML LANG=EN><HEAD>" + at + "<TITLE>"},
		{row: "a frameset page", page: "<html>" + at + "<frameset cols='*,*'>"},
		{row: "a body without a head", page: at + "<body>Hello"},
		{row: "noscript before a head", page: "<html>" + at + "<noscript><head></noscript>"},
		{row: "a head in a template", page: "<html>" + at + "<template><head></template>"},
		{row: "a head in a textarea", page: "<html>" + at + "<textarea><head></textarea>"},
		{row: "a head in SVG's CDATA", page: "<html>" + at + "<svg><![CDATA[<head>]]></svg>"},
		{row: "only the first of two heads", page: "<html><head>" + at + "</head><head></head>"},
		{row: "a fragment", page: "<div class=row>Hello</div>", want: ReasonFragment},
		{row: "a fragment of text", page: "Hello, <b>Ada</b>", want: ReasonFragment},
		{row: "a fragment with a title", page: "<title>Cart</title><div>", want: ReasonFragment},
		{row: "a fragment behind a comment", page: "<!-- partial --><tr><td>", want: ReasonFragment},
		{row: "a fragment of an end tag", page: "</body>", want: ReasonFragment},
		{row: "text before the doctype makes it no document", page: "Warning: line 3<!doctype html><head>", want: ReasonFragment},
		{row: "half a byte order mark is text", page: "\xef\xbb<!doctype html><head>", want: ReasonFragment},
		{row: "the end of file, undecided", page: "<!doctype html><html lang=en>\n<!-- -->", want: ReasonEndedEarly},
		{row: "the end of file in a tag's name", page: "<!doctype html><hea", want: ReasonEndedEarly},
		{row: "an empty document", page: "", want: ReasonEndedEarly},
		{row: "AMP by its sign", page: "<!doctype html><html ⚡ lang=en><head>", want: ReasonAMP},
		{row: "AMP by its sign as an emoji", page: "<!doctype html><html \u26a1\ufe0f><head>", want: ReasonAMP},
		{row: "AMP by name", page: "<!doctype html><html amp><head>", want: ReasonAMP},
		{row: "AMP for ads", page: "<!doctype html><html amp4ads><head>", want: ReasonAMP},
		{row: "AMP elsewhere is none", page: "<!doctype html><html data-amp class=amp><head amp>" + at},
		{row: "opted out on html", page: `<!doctype html><html lang=en data-handbill="off"><head>`, want: ReasonOptedOutByPage},
		{row: "opted out without quotes, in capitals", page: `<html DATA-HANDBILL=OFF><head>`, want: ReasonOptedOutByPage},
		{row: "opted out by a repeated html", page: `<html><html data-handbill='off'><head>`, want: ReasonOptedOutByPage},
		{row: "the first attribute counts", page: `<html data-handbill=on data-handbill=off><head>` + at},
		{row: "another value is no opt-out", page: `<html data-handbill="official"><head>` + at},
		{row: "another attribute is no opt-out", page: `<html data-handbills="off"><head>` + at},
	}
	for _, test := range tests {
		t.Run(test.row, func(t *testing.T) {
			text := strings.Replace(test.page, at, "", 1)
			want := strings.Replace(test.page, at, marker, 1)
			got, reason := inserted(t, text, document{}, marker)
			if got != want || reason != test.want {
				t.Errorf("got %q (%v), want %q (%v)", got, reason, want, test.want)
			}
			checkSplits(t, text, document{})
			if !strings.Contains(text, "&#32;") && !strings.HasPrefix(text, "\xef\xbb<") {
				checkDocument(t, text)
			}
		})
	}
}

func TestPlaceAfterTheCharset(t *testing.T) {
	tests := []struct {
		name, page string
		want       Reason
	}{
		{name: "after meta charset", page: `<!doctype html><head><meta charset="utf-8">` + at + "<title>"},
		{name: "after other metadata and meta charset", page: `<!doctype html><head> <meta name=viewport content=x><link rel=icon href=x><base href=/><!-- --><title>A < b </titles></title><meta charset=utf-8 />` + at + "<title>"},
		{name: "after the older form", page: `<html><head><META HTTP-EQUIV="Content-Type" CONTENT="text/html; CHARSET=iso-8859-1">` + at},
		{name: "a content type without a charset does not count", page: `<html><head><meta http-equiv=content-type content=text/html>` + at + "<script>"},
		{name: "a content without http-equiv does not count", page: `<html><head><meta name=x content="charset=utf-8">` + at + "<script>"},
		{name: "with an implied head", page: `<!doctype html><meta charset=utf-8>` + at + "<title>"},
		{name: "with an implied head and no charset", page: `<!doctype html><title>x</title>` + at + "<p>"},
		{name: "before a script", page: `<html><head><meta name=x>` + at + "<script></script><meta charset=utf-8>"},
		{name: "before the end of the head", page: "<html><head><title>x</title>" + at + "</head>"},
		{name: "before text", page: "<html><head><title>x</title> " + at + "y"},
		{name: "a second head is passed", page: "<html><head><head><html lang=en></p><meta charset=x>" + at},
		{name: "a fragment stays one", page: "<meta charset=utf-8><p>", want: ReasonFragment},
		{name: "never behind a policy", page: `<html><head><meta http-equiv="Content-Security-Policy" content="script-src 'none'"><meta charset=utf-8>`, want: ReasonPolicyInPage},
		{name: "an unfinished title", page: "<html><head><title>x</titl", want: ReasonEndedEarly},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(test.page, at, "", 1)
			want := strings.Replace(test.page, at, marker, 1)
			d := document{scanner: scanner{position: AfterCharset}}
			if got, reason := inserted(t, text, d, marker); got != want || reason != test.want {
				t.Errorf("got %q (%v), want %q (%v)", got, reason, want, test.want)
			}
			checkSplits(t, text, d)
			checkDocument(t, text)
		})
	}
}

func TestMetaCharsetStaysInItsWindow(t *testing.T) {
	for _, padding := range []int{0, 400, 780, 860, 900, 960, 985, 1000, 2000} {
		t.Run(fmt.Sprintf("%d bytes before it", padding), func(t *testing.T) {
			text := "<!doctype html><head><!--" + strings.Repeat("x", max(padding-28, 0)) + "--><meta charset=utf-8><title>x</title>"
			d := document{insertionLength: len(marker)}
			got, reason := inserted(t, text, d, marker)
			if reason != ReasonNone {
				t.Fatal(reason)
			}
			const declaration = "<meta charset=utf-8>"
			before, after := strings.Index(text, declaration)+len(declaration), strings.Index(got, declaration)+len(declaration)
			if before <= charsetWindow && after > charsetWindow {
				t.Errorf("the declaration moved from %d to %d", before, after)
			}
			if before < 500 && !strings.HasPrefix(got, "<!doctype html><head>"+marker) {
				t.Errorf("it was not needed to go elsewhere: %.80q", got)
			}
		})
	}
}

func toUTF16(text string, littleEndian bool) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if littleEndian {
			out = append(out, byte(unit), byte(unit>>8))
		} else {
			out = append(out, byte(unit>>8), byte(unit))
		}
	}
	return string(out)
}

func TestUTF16(t *testing.T) {
	pages := []string{
		"<!doctype html><html lang=\"ja\"><head>" + at + "<title>お知らせ</title>",
		"<!-- 漢字 < 㸀 --><!doctype html>" + at + "<p>㰀head㸀",
		"<html>" + at + "</body>",
	}
	for _, page := range pages {
		for _, littleEndian := range []bool{true, false} {
			for _, mark := range []string{"", "\ufeff"} {
				text := toUTF16(mark+strings.Replace(page, at, "", 1), littleEndian)
				want := toUTF16(mark+strings.Replace(page, at, marker, 1), littleEndian)
				d := document{encoding: utf16BigEndian}
				if littleEndian {
					d.encoding = utf16LittleEndian
				}
				if mark != "" {
					d.encoding = asciiCompatible // the mark decides over the header
				}
				if got, reason := inserted(t, text, d, marker); got != want || reason != ReasonNone {
					t.Errorf("%q, little endian %v, mark %q: got %q (%v)", page, littleEndian, mark, got, reason)
				}
				checkSplits(t, text, d)
			}
		}
	}
}

func TestUTF8MarkDecidesOverTheHeader(t *testing.T) {
	text := "\ufeff<!doctype html><head><title>x</title>"
	got, _ := inserted(t, text, document{encoding: utf16LittleEndian}, marker)
	if want := strings.Replace(text, "<head>", "<head>"+marker, 1); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEscapeSequencesStopTheScanner(t *testing.T) {
	const kanji = "\x1b$B4A;z<\x1b(B" // ISO-2022-JP
	pages := []string{
		"<!doctype html><!-- " + kanji + " --><head>",
		"<html title=\"" + kanji + "\"><head>",
		"<html title='" + kanji + "'><head>",
		"<html title=" + kanji + "><head>",
		"<html " + kanji + "><head>",
		"<html>" + kanji + "<head>",
		"<?" + kanji + "?><html><head>",
	}
	for _, page := range pages {
		stopping := document{scanner: scanner{stopAtEscape: true}}
		if got, reason := inserted(t, page, stopping, marker); got != page || reason != ReasonEscape {
			t.Errorf("%q: %v", page, reason)
		}
		checkSplits(t, page, stopping)
		if _, reason := inserted(t, page, document{}, marker); reason == ReasonEscape {
			t.Errorf("%q: stopped in a declared encoding without escapes", page)
		}
	}
	if _, reason := inserted(t, "<html><head><title>"+kanji, document{scanner: scanner{stopAtEscape: true}}, marker); reason != ReasonNone {
		t.Errorf("behind the place: %v", reason)
	}
}

// pieces are what the generator builds documents from: tokens of a prologue,
// broken ones, and what can follow.
var pieces = []string{
	"<!doctype html>", "<!DOCTYPE html PUBLIC \"-//W3C//DTD>x\">", "<!doctype", "<!d>", "<html>", "<HTML lang=en>", "<html a=\"b>c\" d='e>f' g=h>",
	"<html", "<html =\">", "<html \"a>", "<html a/=\"b\">", "<html a = \"b\" c>", "<head>", "<HEAD>", "<head/>", "<head a=b>", "<head a='>'>", "<head", "<header>", "<hea>",
	"</head>", "</body>", "</html>", "</br>", "</p>", "</heading>", "</headx a=\"'>\">", "</>", "</ x>", "</", "<", "<!>", "<!-->", "<!--->", "<!-- x -->",
	"<!-- <head> -->", "<!-- --!>", "<!-- -- -->", "<!--", "-->", "--!>", "<!-x>", "<?xml version=\"1.0\"?>", "<?", "<![CDATA[ x ]]>", " ", "\n", "\t\f\r\n",
	"text", "&amp;", "\x00", "é", "<title>", "</title>", "<title>a<b</title>", "<meta charset=utf-8>", "<meta name=a content=b>",
	"<meta http-equiv=content-type content='text/html;charset=x'>", "<link rel=x>", "<base href=/>", "<script>", "</script>", "<style>", "</style>",
	"<template>", "</template>", "<noscript>", "</noscript>", "<body>", "<body class=a>", "<frameset>", "<frame>", "<p>", "<svg>", "<math>",
	"<table>", "<select>", "<textarea>", "<plaintext>", "\"", "'", ">", "=", "/",
}

func generate(random *rand.Rand) string {
	var text strings.Builder
	for range 1 + random.IntN(10) {
		text.WriteString(pieces[random.IntN(len(pieces))])
	}
	return text.String()
}

// generatedDocuments is how many documents a run generates: a million when
// HANDBILL_SOAK is set.
func generatedDocuments() int {
	if os.Getenv("HANDBILL_SOAK") != "" {
		return 1_000_000
	}
	return 40_000
}

func TestGeneratedDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 26))
	for i := range generatedDocuments() {
		text := generate(random)
		checkDocument(t, text)
		if i%10 == 0 {
			checkSplits(t, text, document{})
			checkSplits(t, text, document{scanner: scanner{position: AfterCharset}})
		}
		if t.Failed() {
			return
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, text := range html5libDocuments(f) {
		f.Add(text, uint16(len(text)/2))
	}
	for _, piece := range pieces {
		f.Add("<html>"+piece+"<head>", uint16(3))
	}
	f.Fuzz(func(t *testing.T, text string, split uint16) {
		if len(text) > 1<<12 {
			return
		}
		for _, d := range []document{
			{},
			{scanner: scanner{position: AfterCharset, stopAtEscape: true}},
			{encoding: utf16LittleEndian},
			{insertionLength: len(marker)},
		} {
			whole, reason := inserted(t, text, d, marker)
			if reason != ReasonNone && whole != text {
				t.Fatalf("%v, and yet changed to %q", reason, whole)
			}
			if d.insertionLength > 0 {
				continue // where it goes may depend on what can be seen at once
			}
			end := int(split) % (len(text) + 1)
			if parts, partsReason := inserted(t, text, d, marker, end); parts != whole || partsReason != reason {
				t.Fatalf("split at %d: %q (%v), want %q (%v)", end, parts, partsReason, whole, reason)
			}
		}
		if output, reason := inserted(t, text, document{}, marker); reason == ReasonNone {
			root := parse(t, output)
			if parent := takeMarker(root); parent == nil || parent.Data != "head" {
				t.Fatalf("not one insertion in the head of %q", output)
			}
			if d := difference(parse(t, text), root); d != "" && !startsWithSpaceReference(text) {
				t.Fatalf("the trees of %q differ: %s", output, d)
			}
		}
	})
}

// startsWithSpaceReference tells the one harmless difference: a reference to a
// space before the head is ignored, and a space in the head is not.
func startsWithSpaceReference(text string) bool {
	tokenizer := html.NewTokenizer(strings.NewReader(text))
	for {
		switch tokenizer.Next() {
		case html.TextToken:
			raw := string(tokenizer.Raw())
			if strings.Trim(raw, " \t\r\n\f") == "" {
				continue
			}
			decoded := html.UnescapeString(raw)
			return strings.TrimLeft(decoded, " \t\r\n\f") != strings.TrimLeft(raw, " \t\r\n\f")
		case html.StartTagToken, html.SelfClosingTagToken:
			if name, _ := tokenizer.TagName(); string(name) != "html" {
				return false
			}
		case html.ErrorToken:
			return false
		}
	}
}
