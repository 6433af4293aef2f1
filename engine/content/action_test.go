package content

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestActionsAreUnderstood(t *testing.T) {
	for _, test := range []struct {
		text string
		want Action
	}{
		{"dismiss", Action{Kind: Dismiss}},
		{"next", Action{Kind: Next}},
		{"back", Action{Kind: Back}},
		{"submit", Action{Kind: Submit}},
		{"goto:welcome", Action{Kind: Goto, Argument: "welcome"}},
		{"event:open-chat", Action{Kind: CustomEvent, Argument: "open-chat"}},
		{"event:Chat geöffnet", Action{Kind: CustomEvent, Argument: "Chat geöffnet"}},
		{"copy:SPRING-20", Action{Kind: Copy, Argument: "SPRING-20"}},
		{"copy: two words: and more ", Action{Kind: Copy, Argument: " two words: and more "}},
		{"snooze:24h", Action{Kind: Snooze, Length: 24 * time.Hour}},
		{"snooze:1w", Action{Kind: Snooze, Length: 7 * 24 * time.Hour}},
		{"show:survey", Action{Kind: ShowMessage, Argument: "survey"}},
		{"set:newsletter=true", Action{Kind: SetTrait, Argument: "newsletter", Value: true}},
		{"set:seats=12.5", Action{Kind: SetTrait, Argument: "seats", Value: 12.5}},
		{"set:zip=01067", Action{Kind: SetTrait, Argument: "zip", Value: "01067"}},
		{"set:role=a=b", Action{Kind: SetTrait, Argument: "role", Value: "a=b"}},
		{"set:role=", Action{Kind: SetTrait, Argument: "role", Value: ""}},
		{"/offers", Action{}},
		{"/offers?from=banner#top", Action{}},
		{"#plans", Action{}},
		{"?plan=team", Action{}},
		{"./offers", Action{}},
		{"//shop.example.com/", Action{}},
		{"https://example.com/offers", Action{}},
		{"HTTPS://example.com/", Action{}},
		{"mailto:info@example.com?subject=Offer", Action{}},
		{"tel:+4930123456", Action{}},
	} {
		got, err := ParseAction(test.text)
		if err != nil || got != test.want {
			t.Errorf("%q is %+v, want %+v, error %v", test.text, got, test.want, err)
		}
	}
}

func TestWrongActionsSayWhatToWrite(t *testing.T) {
	const schemes = `use a path such as "/offers", or one of http, https, mailto, tel`
	for _, test := range []struct{ text, problem, fix string }{
		{"", "the action is empty", actionForms},
		{"close", `the action "close" is not known`, actionForms},
		{"Dismiss", `the action "Dismiss" is not known`, actionForms},
		{" /offers", `the action " /offers" is not known`, actionForms},
		{"example.com/offers", `the action "example.com/offers" is not known`, actionForms},
		{"goto:", `the action "goto:": the name is empty`, `write one such as "see-offers"`},
		{"show:", `the action "show:": the name is empty`, `write one such as "see-offers"`},
		{"copy: ", `the action "copy: ": there is no text to copy`, `write for example "copy:SPRING-20"`},
		{"copy:" + strings.Repeat("x", 996), `the action "copy:` + strings.Repeat("x", 996) + `": the text to copy has 996 bytes`, "shorten it to 995"},
		{"snooze:soon", `the action "snooze:soon": "soon" is no length of time`, `write for example "snooze:30m", "snooze:24h", "snooze:3d" or "snooze:1w"`},
		{"snooze:5s", `the action "snooze:5s": the length is out of range`, "write one from a minute to 366 days"},
		{"snooze:53w", `the action "snooze:53w": the length is out of range`, "write one from a minute to 366 days"},
		{"set:newsletter", `the action "set:newsletter": there is no value`, `write for example "set:newsletter=true"`},
		{"set:=true", `the action "set:=true": "" is no trait's name`, `write one such as "newsletter"`},
		{"set:" + strings.Repeat("x", 129) + "=1", `the action "set:` + strings.Repeat("x", 129) + `=1": the trait's name has 129 bytes`, "shorten it to 128"},
		{"event:", `the action "event:": the name is empty`, `write one such as "see-offers"`},
		{"event: chat", `the action "event: chat": the name " chat" has blanks around it`, "take them away"},
		{"event:a\nb", `the action "event:a\nb": the name "a\nb" holds a line break or another control character`, "take it away"},
		{"event:" + strings.Repeat("é", 101), `the action "event:` + strings.Repeat("é", 101) + `": the name has 101 characters`, "shorten it to 100"},
		{"javascript:alert(1)", `the address "javascript:alert(1)" has the scheme "javascript"`, schemes},
		{"JavaScript:alert(1)", `the address "JavaScript:alert(1)" has the scheme "javascript"`, schemes},
		{"data:text/html,<script>", `the address "data:text/html,<script>" has the scheme "data"`, schemes},
		{"file:///etc/passwd", `the address "file:///etc/passwd" has the scheme "file"`, schemes},
		{"https:/offers", `the address "https:/offers" names no host`, `write it as "https://example.com/path"`},
		{"mailto:", `the address "mailto:" reaches nobody`, `write it as "mailto:name@example.com" or "tel:+4930123456"`},
		{"/my offers", `the address "/my offers" holds ' ', which no address may`, "leave it out, or write it percent-encoded"},
		{`/\example.com`, `the address "/\\example.com" holds '\\', which no address may`, "leave it out, or write it percent-encoded"},
		{"/off\u00a0ers", `the address "/off\u00a0ers" holds '\u00a0', which no address may`, "leave it out, or write it percent-encoded"},
		{"/100%", `the address "/100%" cannot be read (invalid URL escape "%")`, `write a path such as "/offers", or a whole URL`},
	} {
		_, err := ParseAction(test.text)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Problem != test.problem || wrong.Fix != test.fix {
			t.Errorf("%q says %v", test.text, err)
		}
	}
}

func TestImagesComeFromTheSiteOrAURL(t *testing.T) {
	for _, good := range []string{"/img/sale.png", "https://example.com/sale.png", "//cdn.example.com/sale.png", "/img/b%C3%BCro.png", "/img/büro.png"} {
		if err := CheckImage(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"img/sale.png":          `the address "img/sale.png" means another file on every page; start it with / or https://, for example "/img/sale.png"`,
		"../sale.png":           `the address "../sale.png" means another file on every page; start it with / or https://, for example "/sale.png"`,
		"data:image/png;base64": `the address "data:image/png;base64" has the scheme "data"; use a path such as "/offers", or one of http, https`,
		"mailto:a@example.com":  `the address "mailto:a@example.com" has the scheme "mailto"; use a path such as "/offers", or one of http, https`,
		"":                      `the address is empty; write a path such as "/offers", or a URL`,
	} {
		if err := CheckImage(bad); err == nil || err.Error() != want {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestAButtonsNameComesFromItsText(t *testing.T) {
	for text, want := range map[string]string{
		"See offers":                "see-offers",
		"  Yes, please! ":           "yes-please",
		"20 % off":                  "20-off",
		"Später ansehen":            "später-ansehen",
		"Подробнее":                 "подробнее",
		"→":                         "",
		"":                          "",
		strings.Repeat("long ", 40): strings.TrimSuffix(strings.Repeat("long-", 20), "-"),
	} {
		got := Slug(text)
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if err := CheckName(got); got != "" && err != nil {
			t.Errorf("%q becomes a name that is refused: %v", text, err)
		}
	}
}
