package workspace

import (
	"strings"
	"testing"

	"handbill/engine/content"
)

// announcements are messages of one template.
const announcements = english + `
[[templates]]
id = "announcement"
params = ["title", "body", "count"]
display = "modal"
position = "bottom"
title = "{{ params.title }}"
text = "{{ params.body }}{% if params.count > 1 %} ({{ params.count }} times){% endif %}"
image = { src = "/img/{{ locale }}.png", alt = "{{ params.title }}" }
buttons = [{ name = "fine", text = "Fine", action = "dismiss" }]

[[messages]]
id = "dark"
pages = ["*"]
template = "announcement"
params = { title = "Dark mode", body = "It **is** here.", count = 2 }

  [messages.locales.de]
  params = { title = "Dunkles Design" }
  buttons = { fine = "Gut" }

[[messages]]
id = "moved"
pages = ["*"]
template = "announcement"
params = { title = "We have moved", body = "Come and see.", count = 1 }
display = "banner"
text = "Come **soon**, {{ traits.first_name | default: 'all of you' }}. {{ params.body }}"
buttons = [{ text = "Show me", action = "/contact/" }]
`

func TestAMessageShowsItsTemplate(t *testing.T) {
	s := good(t, "a.toml", announcements)
	dark, moved := s.Message("dark"), s.Message("moved")
	if want := `<section data-step="step-1"><h2>Dark mode</h2><img src="/img/en.png" alt="Dark mode"><div class="body"><p>It **is** here. (2 times)</p></div>` +
		`<div class="buttons"><button type="button" name="fine" value="dismiss">Fine</button></div></section>`; dark.Content.HTML() != want || dark.Content.Display != "modal" || dark.Content.Position != "bottom" {
		t.Errorf("got  %s\nwant %s", dark.Content.HTML(), want)
	}
	german := dark.Localized.In([]string{"de"}).Same()
	if want := `<section data-step="step-1"><h2>Dunkles Design</h2><img src="/img/de.png" alt="Dunkles Design"><div class="body"><p>It **is** here. (2 times)</p></div>` +
		`<div class="buttons"><button type="button" name="fine" value="dismiss">Gut</button></div></section>`; german == nil || german.HTML() != want {
		t.Errorf("got  %+v\nwant %s", german, want)
	}
	if want := `<section data-step="step-1"><h2>We have moved</h2><img src="/img/en.png" alt="We have moved"><div class="body"><p>Come <strong>soon</strong>, all of you. Come and see.</p></div>` +
		`<div class="buttons"><button type="button" name="show-me" value="/contact/">Show me</button></div></section>`; moved.Content.HTML() != want || moved.Content.Display != "banner" || moved.Content.Position != "bottom" {
		t.Errorf("got  %s (%s, %s)\nwant %s", moved.Content.HTML(), moved.Content.Display, moved.Content.Position, want)
	}
	if moved.Localized.Static() != nil {
		t.Error("what depends on a trait is the same for everybody")
	}
}

func TestStepsOfATemplateAreInOtherLanguagesToo(t *testing.T) {
	s := good(t, "a.toml", english+tour+launch+"template = \"tour\"\n[messages.locales.de.steps.step-1]\ntext = \"B\"\n")
	if got := s.Message("launch").Localized.In([]string{"de"}).Same().HTML(); !strings.Contains(got, "<p>B</p>") {
		t.Errorf("got %s", got)
	}
	if got := s.Message("launch").Content.HTML(); !strings.Contains(got, "<p>A</p>") {
		t.Errorf("got %s", got)
	}
}

func TestEachFieldOfALanguageFallsBack(t *testing.T) {
	text := english + modal + `
title = "Spring sale"
text = "20 % off"
image = { src = "/a.png", alt = "Tulips", width = 640, height = 360 }
buttons = [{ text = "Go", action = "/" }, { text = "No", action = "dismiss" }]
`
	for _, test := range []struct{ name, overlay, title, body, src, alt, first, second string }{
		{"nothing", "", "Spring sale", "20 % off", "/a.png", "Tulips", "Go", "No"},
		{"a title", `title = "T"`, "T", "20 % off", "/a.png", "Tulips", "Go", "No"},
		{"a text", `text = "X"`, "Spring sale", "X", "/a.png", "Tulips", "Go", "No"},
		{"an image", `image.src = "/b.png"`, "Spring sale", "20 % off", "/b.png", "Tulips", "Go", "No"},
		{"what it shows", `image.alt = "Tulpen"`, "Spring sale", "20 % off", "/a.png", "Tulpen", "Go", "No"},
		{"a button", `buttons.no = "Nein"`, "Spring sale", "20 % off", "/a.png", "Tulips", "Go", "Nein"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, warnings := compile(t, "a.toml", text+"[messages.locales.de]\n"+test.overlay+"\n")
			if !strings.Contains(told(warnings), `locale "de": there is no `) {
				t.Errorf("warned is %s", told(warnings))
			}
			s, problems, _ := compile(t, "a.toml", text+"[messages.locales.de]\n"+test.overlay+"\n")
			if len(problems) > 0 {
				t.Fatal(told(problems))
			}
			shown := s.Message("tour").Localized.In([]string{"de"}).Same()
			step := shown.Steps[0]
			if step.Title != test.title || step.Body[0].Children[0].Text != test.body || *step.Image != (content.Image{Src: test.src, Alt: test.alt, Width: 640, Height: 360}) ||
				step.Buttons[0].Text != test.first || step.Buttons[1].Text != test.second || step.Buttons[1].Action != "dismiss" || shown.Lang != "de" || shown.Dir != "ltr" {
				t.Errorf("got %+v", shown)
			}
		})
	}
}

func TestWarningsOfTextsThatMayHaveHoles(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a trait without a default", modal + "title = \"Hello {{ traits.name }}\"\n", `a.toml:5:1: message "tour": title puts out traits.name, which is empty for a visitor without it; write {{ traits.name | default: '…' }}`},
		{"a trait with one", modal + "title = \"Hello {{ traits.name | default: 'you' | upcase }}\"\n", ""},
		{"a trait in a condition", modal + "text = \"{% if traits.name %}{{ traits.name }}{% endif %}\"\n", ""},
		{"a trait in a template", "[[templates]]\nid = \"a\"\ntext = \"{{ traits.a.b }}\"\n" + launch + "template = \"a\"\n", `a.toml:3:1: template "a": text puts out traits.a.b, which is empty for a visitor without it; write {{ traits.a.b | default: '…' }}`},
		{"texts that another language lacks", english + modal + "title = \"A\"\ntext = \"B\"\nimage = { src = \"/a.png\", alt = \"C\" }\nbuttons = [{ text = \"Go\", action = \"/\" }]\n[messages.locales.de]\ntitle = \"D\"\n", `a.toml:11:1: message "tour", locale "de": there is no text, image.alt, buttons.go in this language, and "en" shows instead; add it under [messages.locales.de]`},
		{"a picture that only decorates", english + modal + "title = \"A\"\nimage = { src = \"/a.png\", alt = \"\" }\n[messages.locales.de]\ntitle = \"D\"\n", ""},
		{"a step that another language lacks", english + modal + german, `a.toml:12:1: message "tour", locale "de": there is no steps.welcome.text, steps.welcome.image.alt, steps.welcome.buttons.go in this language, and "en" shows instead; add it under [messages.locales.de]`},
		{"a document that reads a value", modal + "title = \"A\"\nhtml_sandbox = \"<p>Hello {{ traits.name }}</p>\"\n", `a.toml:6:1: message "tour": "{{" in html_sandbox stays as it is: the document is the same for everybody; write html = "…" where values of the visitor are shown, or take it away unless the document's own script reads it`},
		{"a document with a condition", modal + "title = \"A\"\nhtml_sandbox = \"{% if traits.name %}<p>A</p>{% endif %}\"\n", `a.toml:6:1: message "tour": "{%" in html_sandbox stays as it is: the document is the same for everybody; write html = "…" where values of the visitor are shown, or take it away unless the document's own script reads it`},
		{"a document as it is", modal + "title = \"A\"\nhtml_sandbox = \"<script>a = { b: { c: 1 } }</script>\"\n", ""},
		{"params that another language lacks", english + news + launch + "template = \"news\"\nparams = { title = \"A\" }\n[messages.locales.de]\n", `a.toml:12:1: message "launch", locale "de": there is no params.title in this language, and "en" shows instead; add it under [messages.locales.de]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, warnings := compile(t, "a.toml", test.text)
			if len(problems) > 0 || told(warnings) != test.want {
				t.Errorf("%s\ngot\n%s\nwant\n%s", told(problems), told(warnings), test.want)
			}
		})
	}
}

// A message is reused until something that it depends on is another.
func TestMessagesFollowTheirTemplateAndLanguage(t *testing.T) {
	files := func(text string) []File { return []File{{Name: "a.toml", Data: []byte(text)}} }
	before := compiled(t, nil, files(announcements))
	if same := compiled(t, before, files(announcements)); same.Message("dark") != before.Message("dark") {
		t.Error("what did not change is not reused")
	}
	for name, edit := range map[string][2]string{
		"the template": {`text = "Fine"`, `text = "All right"`},
		"the language": {`locale = "en"`, `locale = "en-GB"`},
		"a param":      {`title = "Dark mode"`, `title = "Night mode"`},
		"a locale":     {`fine = "Gut"`, `fine = "Schön"`},
	} {
		after := compiled(t, before, files(strings.Replace(announcements, edit[0], edit[1], 1)))
		if after.Message("dark") == before.Message("dark") || after.Generation == before.Generation {
			t.Errorf("with %s changed the message is reused", name)
		}
	}
}
