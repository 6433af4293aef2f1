package workspace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"handbill/engine/content"
)

const inLanguages = `[workspace]
locale = "en"

[[themes]]
id = "loud"
accent = "#c40000"
accent_text = "#ffffff"

[[templates]]
id = "news"
params = ["title", "body"]
title = "{{ params.title }}"
text = "{{ params.body }}"

[[messages]]
id = "sale"
pages = ["*"]
display = "modal"
position = "bottom"
title = "Sale"
text = "20 % off."
buttons = [{ name = "go", text = "See offers", action = "/offers" }]

  [messages.locales.de]
  title = "Schlussverkauf"
  text = "20 % billiger."
  buttons = { go = "Zu den Angeboten" }

  [[messages.variants]]
  id = "short"
  weight = 20
  title = "Sale!"

    [messages.variants.locales.de]
    title = "Ausverkauf!"

  [[messages.variants]]
  id = "loud"
  theme = "loud"
  display = "banner"

  [[messages.variants]]
  id = "steps"
  [[messages.variants.steps]]
  text = "One."
  buttons = [{ text = "Next", action = "next" }]
  [[messages.variants.steps]]
  text = "Two."

[[messages]]
id = "launch"
template = "news"
params = { title = "Dark mode", body = "Try it." }
pages = ["*"]

  [[messages.variants]]
  id = "b"
  params = { title = "The lights are off" }
`

func TestAVariantIsTheMessageWithWhatItWritesItself(t *testing.T) {
	snapshot, problems, warnings := compile(t, "a.toml", inLanguages)
	if len(problems) > 0 {
		t.Fatal(told(problems))
	}
	if got := told(warnings); strings.Count(got, "\n") > 0 || !strings.Contains(got, "steps") {
		t.Errorf("warnings:\n%s", got)
	}
	sale, launch := snapshot.Message("sale"), snapshot.Message("launch")
	for _, test := range []struct {
		m                                        *Message
		variant, language, display, title, style string
	}{
		{sale, "control", "en", "modal", "Sale", ""},
		{sale, "control", "de", "modal", "Schlussverkauf", ""},
		{sale, "short", "en", "modal", "Sale!", ""},
		{sale, "short", "de", "modal", "Ausverkauf!", ""},
		{sale, "loud", "en", "banner", "Sale", "#c40000"},
		{sale, "loud", "de", "banner", "Schlussverkauf", "#c40000"},
		{sale, "steps", "en", "modal", "", ""},
		{launch, "control", "en", "banner", "Dark mode", ""},
		{launch, "b", "en", "banner", "The lights are off", ""},
	} {
		v := test.m.InVariant(test.variant)
		same := v.Localized.In([]string{test.language}).Same()
		if same == nil {
			t.Fatalf("%s %s is not the same for all", test.m.ID, test.variant)
		}
		if v.Variant != test.variant || v.ID != test.m.ID || same.Display != test.display || same.Steps[0].Title != test.title || !strings.Contains(same.Style, test.style) {
			t.Errorf("%s in %s: %q %+v", test.variant, test.language, v.Variant, same)
		}
	}
	if of := sale.InVariant("loud").Slot; of == sale.Slot || sale.InVariant("short").Slot != sale.Slot {
		t.Errorf("the slots are %q and %q", of, sale.Slot)
	}
	if steps := sale.InVariant("steps").Content.Steps; len(steps) != 2 {
		t.Errorf("%d steps", len(steps))
	}
}

func TestAVariantMayShowADocumentInASandbox(t *testing.T) {
	const document = "<!doctype html><title>Sale</title><p>20 % off.</p>"
	s := good(t, "a.toml", banner+"variants = [{ id = \"b\", html_sandbox = \""+document+"\" }]\n")
	frame := content.Sandboxed(document)
	shown := ""
	for _, v := range s.Message("spring-sale").Variants {
		if v.Message.document != "" {
			shown += v.Message.Variant
		}
	}
	if got, ok := s.Document(frame); !ok || got != document || shown != "b" {
		t.Errorf("the document is %q, shown in %q", got, shown)
	}
}

func TestSharesOfVariants(t *testing.T) {
	for _, test := range []struct {
		name, variants string
		want           string
	}{
		{"one without a weight is a half", "{ id = \"b\" }", "control 50, b 50"},
		{"weights are percentages", "{ id = \"b\", weight = 10 }, { id = \"c\", weight = 20 }", "control 70, b 10, c 20"},
		{"weights may leave nothing", "{ id = \"b\", weight = 30 }, { id = \"c\", weight = 70 }", "control 0, b 30, c 70"},
		{"what is left is shared", "{ id = \"b\", weight = 40 }, { id = \"c\" }", "control 30, b 40, c 30"},
		{"what cannot be shared is the message's", "{ id = \"b\" }, { id = \"c\" }", "control 33.34, b 33.33, c 33.33"},
		{"a weight of zero is for nobody new", "{ id = \"b\", weight = 0 }", "control 100, b 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := good(t, "a.toml", banner+"variants = ["+test.variants+"]\n").Message("spring-sale")
			counted := make(map[string]int)
			for bucket := range 10_000 {
				counted[m.VariantOf(bucket).Variant]++
			}
			var got []string
			for _, v := range m.Variants {
				got = append(got, v.Message.Variant+" "+strings.TrimSuffix(formatHundredths(v.Buckets), ".00"))
				if counted[v.Message.Variant] != v.Buckets {
					t.Errorf("%s has %d buckets, and got %d", v.Message.Variant, v.Buckets, counted[v.Message.Variant])
				}
			}
			if all := strings.Join(got, ", "); all != test.want {
				t.Errorf("got %s, want %s", all, test.want)
			}
		})
	}
}

// formatHundredths writes buckets as a percentage.
func formatHundredths(buckets int) string { return fmt.Sprintf("%.2f", float64(buckets)/100) }

func TestDoubtfulExperimentsAreWarnedOf(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"weights that were meant as parts", banner + "variants = [{ id = \"b\", weight = 1 }, { id = \"c\", weight = 1 }]\n", `a.toml:6:1: message "spring-sale": 98 % of visitors see no variant, but the message as it stands; weights are percentages: two equal halves are 50 and 50, or none at all`},
		{"a group of one", banner + "exclusive_group = \"onbording\"\n", `a.toml:2:1: message "spring-sale": no other message is of the exclusive_group "onbording"; give another message the same, or leave it out`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, warnings := compile(t, "a.toml", test.text)
			if got := told(warnings); len(problems) > 0 || got != test.want {
				t.Errorf("got\n%s\nwant\n%s\n%s", got, test.want, told(problems))
			}
		})
	}
}

func TestAnEditOfAVariantIsAnotherGenerationAndOthersAreKept(t *testing.T) {
	now := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	first := sameAsWhole(t, now, nil, oneFile(inLanguages))
	generation := first.Generation
	for _, edit := range []struct{ from, to string }{
		{`title = "Sale!"`, `title = "Sale!!"`},
		{"weight = 20", "weight = 30"},
		{"#c40000", "#a00000"},
		{"[[messages]]\nid = \"sale\"", "# A line more\n\n[[messages]]\nid = \"sale\""},
		{"Ausverkauf!", "Raus!"},
		{"[[messages]]\nid = \"launch\"", "[[messages]]\nid = \"other\"\npages = [\"*\"]\ntext = \"A\"\nexclusive_group = \"a\"\n\n[[messages]]\nid = \"launch\""},
	} {
		text := strings.Replace(inLanguages, edit.from, edit.to, 1)
		edited := sameAsWhole(t, now, first, oneFile(text))
		if !strings.Contains(edit.to, "A line more") && edited.Generation == generation {
			t.Errorf("%s: the generation is the same", edit.to)
		}
		sameAsWhole(t, now, edited, oneFile(inLanguages))
	}
}
