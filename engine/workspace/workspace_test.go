package workspace

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine/audience"
	"handbill/engine/content"
	"handbill/engine/pagerule"
)

// good compiles files that must be right.
func good(t *testing.T, files ...string) *Snapshot {
	t.Helper()
	snapshot, problems, _ := compile(t, files...)
	if len(problems) > 0 {
		t.Fatal(told(problems))
	}
	return snapshot
}

func ids(s *Snapshot) string {
	var all []string
	for _, message := range s.Messages {
		all = append(all, message.ID)
	}
	return strings.Join(all, " ")
}

func TestTheSmallestMessageHasTheDefaults(t *testing.T) {
	s := good(t, "messages.toml", `
[[messages]]
id = "spring-sale"
display = "banner"
pages = ["*"]
text = "Spring sale: 20 % off until Sunday."
buttons = [{ text = "See offers", action = "/offers" }]
`)
	if s.Name != "Handbill" || s.SiteID != "handbill" || s.WriteKey != "handbill-web" || !s.InApp {
		t.Errorf("the settings are %+v", s)
	}
	m := s.Message("spring-sale")
	if m == nil || m.Status != StatusLive || m.Audience.String() != audience.Anyone || m.Frequency.Name != FrequencyUntilDismissed || m.Priority != 100 ||
		!m.Start.IsZero() || !m.End.IsZero() || m.File != "messages.toml" || m.Line != 2 {
		t.Fatalf("the message is %+v", m)
	}
	if m.Content.Display != content.DisplayBanner || m.Content.Position != content.PositionTop || len(m.Content.Steps) != 1 {
		t.Fatalf("the content is %+v", m.Content)
	}
	if step := m.Content.Steps[0]; step.Name != "step-1" || step.Buttons[0] != (content.Button{Name: "see-offers", Text: "See offers", Action: "/offers"}) {
		t.Errorf("the step is %+v", step)
	}
	if page := mustPage(t, "https://example.com/anything"); !m.Pages.Match(page) {
		t.Error("it does not appear on every page")
	}
	if s.Message("absent") != nil {
		t.Error("a message that is not there was found")
	}
}

func mustPage(t *testing.T, address string) *pagerule.Page {
	t.Helper()
	page, err := pagerule.NewPage(address, "")
	if err != nil {
		t.Fatal(err)
	}
	return &page
}

func TestAMessageWithEverything(t *testing.T) {
	s := good(t, "settings.toml", `
[workspace]
name = "Example"
site_id = "example"
write_key = "example-web"
in_app = false
timezone = "Europe/Berlin"
`, "tour.toml", `
[[messages]]
id = "billing-tour"
kind = "broadcast"
status = "paused"
audience = "identified"
pages = ["https://example.com/*/billing", "name:Billing"]
except = ["/admin/*"]
start = 2026-12-01T09:00:00
end = 2026-12-31T18:00:00+01:00
priority = -5
frequency = "once"
display = "modal"
position = "bottom"

  [[messages.steps]]
  name = "welcome"
  title = "Hello"
  text = """
    Billing has a **new** home.

    - Invoices
    - Payments
  """
  image = { src = "/img/billing.png", alt = "The billing page", width = 640, height = 360 }
  buttons = [
    { name = "show-me", text = "Show me", action = "next" },
    { text = "→", action = "event:later" },
  ]

  [[messages.steps]]
  image = { src = "https://example.com/invoices.png", alt = "" }

    [[messages.steps.buttons]]
    text = "Done"
    action = "dismiss"
`)
	if s.Name != "Example" || s.SiteID != "example" || s.WriteKey != "example-web" || s.InApp {
		t.Errorf("the settings are %+v", s)
	}
	m := s.Message("billing-tour")
	if m.Status != StatusPaused || m.Audience.String() != audience.Identified || m.Frequency.Name != FrequencyOnce || m.Priority != -5 || m.File != "tour.toml" || m.Line != 2 {
		t.Errorf("the message is %+v", m)
	}
	if want := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC); !m.Start.Equal(want) || m.Start.Format(time.RFC3339) != "2026-12-01T09:00:00+01:00" {
		t.Errorf("it starts at %s", m.Start)
	}
	if want := time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC); !m.End.Equal(want) {
		t.Errorf("it ends at %s", m.End)
	}
	if !slices.Equal(m.PageRules, []string{"https://example.com/*/billing", "name:Billing"}) || !slices.Equal(m.Except, []string{"/admin/*"}) {
		t.Errorf("the page rules are %v except %v", m.PageRules, m.Except)
	}
	if !m.Pages.Match(mustPage(t, "https://example.com/ui/billing")) || m.Pages.Match(mustPage(t, "https://example.com/admin/billing")) {
		t.Error("the page rules do not hold")
	}
	want := `<section data-step="welcome"><h2>Hello</h2><img src="/img/billing.png" alt="The billing page" width="640" height="360">` +
		`<div class="body"><p>Billing has a <strong>new</strong> home.</p><ul><li>Invoices</li><li>Payments</li></ul></div>` +
		`<div class="buttons"><button type="button" name="show-me" value="next">Show me</button><button type="button" name="button-2" value="event:later">→</button></div></section>` +
		`<section data-step="step-2"><img src="https://example.com/invoices.png" alt="">` +
		`<div class="buttons"><button type="button" name="done" value="dismiss">Done</button></div></section>`
	if got := m.Content.HTML(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMessagesComeByPriorityThenStartThenFile(t *testing.T) {
	message := func(id, more string) string {
		return fmt.Sprintf("[[messages]]\nid = %q\ndisplay = \"banner\"\npages = [\"*\"]\ntext = \"Hi\"\n%s\n", id, more)
	}
	s := good(t,
		"b.toml", message("late", "start = 2026-12-02T00:00:00Z")+message("first-in-b", "")+message("urgent", "priority = 1"),
		"a.toml", message("early", "start = 2026-12-02T00:00:00+01:00")+message("second-in-a", "priority = 100")+message("low", "priority = 101"),
	)
	if got, want := ids(s), "urgent first-in-b second-in-a early late low"; got != want {
		t.Errorf("the order is %s, want %s", got, want)
	}
}

func TestTheGenerationIsThatOfTheMeaning(t *testing.T) {
	settings := "[workspace]\nname = \"Example\"\n"
	second := strings.Replace(banner, "spring-sale", "summer-sale", 1)
	base := good(t, "a.toml", settings+banner+second).Generation
	if len(base) != 16 {
		t.Errorf("the generation is %q", base)
	}
	for name, same := range map[string][]string{
		"the same again":           {"a.toml", settings + banner + second},
		"other names and files":    {"x.toml", settings, "y.toml", "\n\n" + banner, "z.toml", second},
		"comments and blanks":      {"a.toml", "# Sales\n" + settings + "\n" + strings.ReplaceAll(banner, " = ", "=") + second},
		"keys in another order":    {"a.toml", settings + "[[messages]]\ntext = \"20 % off until Sunday.\"\npages = [\"*\"]\nid = \"spring-sale\"\ndisplay = \"banner\"\n" + second},
		"another way to write it":  {"a.toml", settings + "[[messages]]\ntext = '20 % off until Sunday.'\npages = [ \"\\u002a\" ]\nid = \"spring-sale\"\ndisplay = \"banner\"\n" + second},
		"the order of equal files": {"a.toml", banner + second + settings},
	} {
		if got := good(t, same...).Generation; got != base {
			t.Errorf("%s: the generation changed", name)
		}
	}
	seen := map[string]string{base: "the base"}
	for name, text := range map[string]string{
		"a word":           strings.Replace(settings+banner+second, "20 %", "30 %", 1),
		"a setting":        "[workspace]\nname = \"Example 2\"\n" + banner + second,
		"in_app":           settings + "in_app = false\n" + banner + second,
		"the order":        settings + second + banner,
		"a message less":   settings + banner,
		"a priority":       settings + banner + "priority = 7\n" + second,
		"a status":         settings + banner + second + "status = \"paused\"\n",
		"a start":          settings + banner + second + "start = 2026-12-01T09:00:00Z\n",
		"an explicit zone": settings + "timezone = \"UTC\"\n" + banner + second,
	} {
		got := good(t, "a.toml", text).Generation
		if other, taken := seen[got]; taken {
			t.Errorf("%s has the generation of %s", name, other)
		}
		seen[got] = name
	}
	if local := good(t, "a.toml", "[workspace]\ntimezone = \"UTC\"\n"+banner+"start = 2026-12-01T09:00:00\n").Generation; local != "17c3c43b5015be25" {
		t.Errorf("the generation is %s here: does the machine's time zone matter?", local)
	}
}

func TestUnchangedMessagesAreReused(t *testing.T) {
	second := strings.Replace(banner, "spring-sale", "summer-sale", 1)
	third := strings.Replace(banner, "spring-sale", "winter-sale", 1) + "start = 2026-12-01T09:00:00\n"
	files := func(text string) []File { return []File{{Name: "a.toml", Data: []byte(text)}} }
	zone := "[workspace]\ntimezone = \"Europe/Berlin\"\n"
	before, _, err := Compile(files(zone + banner + second + third))
	if err != nil {
		t.Fatal(err)
	}

	after, _, err := CompileFrom(before, files(zone+banner+strings.Replace(second, "20 %", "30 %", 1)+third))
	if err != nil {
		t.Fatal(err)
	}
	if after.Message("spring-sale") != before.Message("spring-sale") || after.Message("winter-sale") != before.Message("winter-sale") {
		t.Error("an unchanged message was made again")
	}
	if after.Message("summer-sale") == before.Message("summer-sale") || !strings.Contains(after.Message("summer-sale").Content.HTML(), "30 %") {
		t.Error("the changed message was not made again")
	}

	moved, _, err := CompileFrom(after, files("\n\n"+zone+second+banner+third))
	if err != nil {
		t.Fatal(err)
	}
	if was, is := after.Message("spring-sale"), moved.Message("spring-sale"); is.Line == was.Line || &is.Content.Steps[0] != &was.Content.Steps[0] {
		t.Errorf("a message that moved is %+v, was %+v", is, was)
	}
	if got, want := moved.Generation, good(t, "a.toml", zone+second+banner+third).Generation; got != want {
		t.Errorf("the generation of a compile from before is %s, of a fresh one %s", got, want)
	}

	elsewhere, _, err := CompileFrom(before, files(strings.Replace(zone, "Berlin", "Lisbon", 1)+banner+second+third))
	if err != nil {
		t.Fatal(err)
	}
	if got := elsewhere.Message("winter-sale").Start.UTC().Hour(); got != 9 {
		t.Errorf("in the new time zone it starts at %d UTC", got)
	}

	// Two messages that both look unchanged are still one too many.
	if _, _, err := CompileFrom(before, files(zone+banner+banner)); err == nil || !strings.Contains(err.Error(), "a.toml:9:1") {
		t.Errorf("the second of two equal ids: %v", err)
	}
}

func TestWarningsOfReusedMessagesAreToldAgain(t *testing.T) {
	files := []File{{Name: "a.toml", Data: []byte(strings.Replace(banner, `["*"]`, `["/Billing"]`, 1) + "title = \"A\"\n")}}
	before, first, err := Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	_, again, err := CompileFrom(before, files)
	if err != nil || len(first) != 1 || !slices.Equal(first, again) {
		t.Errorf("first %v, then %v, error %v", first, again, err)
	}
}

func TestNoFilesAreAnEmptyWorkspace(t *testing.T) {
	s, warnings, err := Compile(nil)
	if err != nil || len(warnings) > 0 || len(s.Messages) != 0 || !s.InApp || s.Generation == "" {
		t.Errorf("it is %+v, %v, %v", s, warnings, err)
	}
}

func TestHelloIsAMessageLikeOthers(t *testing.T) {
	hello := Hello()
	if hello != Hello() || hello.ID == "" || hello.Status != StatusLive || !hello.Pages.Match(mustPage(t, "http://localhost:8080/")) {
		t.Errorf("hello is %+v", hello)
	}
	for _, step := range hello.Content.Steps {
		for _, button := range step.Buttons {
			if _, err := content.ParseAction(button.Action); err != nil {
				t.Error(err)
			}
		}
	}
	if got := hello.Content.HTML(); !strings.Contains(got, "Hello from Handbill") || !strings.Contains(got, "<code>[[messages]]</code>") {
		t.Errorf("it shows %s", got)
	}
}

func TestTheDemosMessagesAreRight(t *testing.T) {
	data, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		t.Fatal(err)
	}
	s, problems, warnings := compile(t, "messages.toml", string(data))
	if len(problems) > 0 || len(warnings) > 0 || len(s.Messages) == 0 {
		t.Errorf("problems:\n%s\nwarnings:\n%s", told(problems), told(warnings))
	}
}

func TestCandidatesAreTheMessagesWhosePageRulesFit(t *testing.T) {
	s := good(t, "a.toml", banner+`
except = ["/checkout/*"]
[[messages]]
id = "pricing"
display = "modal"
pages = ["/pricing/*", "name:Pricing"]
title = "Plans"
priority = 1
[[messages]]
id = "help"
display = "modal"
pages = ["/help"]
title = "Help"
`)
	for _, address := range []string{"/", "/pricing", "/pricing/team", "/help", "/checkout/pay"} {
		page := mustPage(t, "https://example.com"+address)
		found := s.Candidates(page, nil)
		var want []int
		for i, m := range s.Messages {
			if m.Pages.Match(page) {
				want = append(want, i)
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("on %s: %v, want %v", address, found, want)
		}
	}
}

func TestWithoutADisplayAMessageIsABannerAtTheTop(t *testing.T) {
	snapshot, _, err := Compile([]File{{Name: "a.toml", Data: []byte("[[messages]]\nid = \"sale\"\npages = [\"*\"]\ntext = \"20 % off.\"\n")}})
	if err != nil {
		t.Fatal(err)
	}
	if shown := snapshot.Message("sale").Content; shown.Display != content.DisplayBanner || shown.Position != content.PositionTop {
		t.Errorf("shown as a %s at the %s", shown.Display, shown.Position)
	}
}
