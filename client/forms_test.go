package client_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"handbill/engine/content"
)

func number(n int) *int { return &n }

// everyField has one field of each type, with everything that it can say.
var everyField = fields(
	content.Field{Name: "name", Type: content.FieldText, Label: `Your "name" <first> & last`, Placeholder: `Ada "Lovelace"`, Required: true, Min: number(2)},
	content.Field{Name: "mail", Type: content.FieldEmail, Label: "E-mail", Required: true},
	content.Field{Name: "words", Type: content.FieldTextarea, Label: "In your words", Placeholder: "…"},
	content.Field{Name: "seats", Type: content.FieldNumber, Label: "Seats", Min: number(1), Max: number(500)},
	content.Field{Name: "plan", Type: content.FieldSingle, Label: "Plan", Required: true, Options: []content.Option{{Value: "solo", Text: "Solo <1>"}, {Value: "team", Text: "Team"}}},
	content.Field{Name: "tools", Type: content.FieldMulti, Label: "Tools", Required: true, Max: number(2), Options: []content.Option{{Value: "saw", Text: "Saw"}, {Value: "plane", Text: "Plane"}, {Value: "lathe", Text: "Lathe"}}},
	content.Field{Name: "look", Type: content.FieldRating, Scale: content.ScaleNumbers, Label: "The look", Low: "Poor", High: "Fine"},
	content.Field{Name: "speed", Type: content.FieldRating, Scale: content.ScaleStars, Label: "The speed", Required: true},
	content.Field{Name: "mood", Type: content.FieldRating, Scale: content.ScaleEmoji, Label: "Your mood"},
	content.Field{Name: "score", Type: content.FieldNPS, Label: "Would you recommend us?", Low: "No", High: "Yes", Required: true},
	content.Field{Name: "terms", Type: content.FieldConsent, Label: "I agree", Required: true},
)

// fields have the bounds that the workspace gives them.
func fields(all ...content.Field) []content.Field {
	for i := range all {
		all[i] = all[i].Bound()
	}
	return all
}

// asking is a modal of steps, with the parts that it needs.
func asking(steps ...content.Step) content.Content {
	return withParts(content.Content{Display: "modal", Position: "center", Steps: steps})
}

var send = content.Button{Name: "send", Text: "Send", Action: "submit"}

// field is a form element by its name and, where it is one of several, its value.
func field(name string, value ...string) string {
	selector := `[name="` + name + `"]`
	if len(value) > 0 {
		selector += `[value="` + value[0] + `"]`
	}
	return shadow + ".querySelector('" + selector + "')"
}

// reach scrolls to what an expression finds, and clicks it.
func (b *tab) reach(expression string) {
	b.t.Helper()
	b.do("(" + expression + `).scrollIntoView({ block: "center", behavior: "instant" })`)
	b.click(expression)
}

func TestAFormIsFilledInSentAndReported(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("m", asking(content.Step{Name: "questions", Title: "Tell us", Fields: everyField, Buttons: []content.Button{send}},
		content.Step{Name: "thanks", Title: "Thank you"})))
	b.run(chromedp.EmulateViewport(1024, 1600))
	b.open(e.URL)
	b.await("seen.length")
	b.click(field("name"))
	b.run(chromedp.KeyEvent(" Ines "))
	b.click(field("mail"))
	b.run(chromedp.KeyEvent("ines@example.com"))
	b.click(field("words"))
	b.run(chromedp.KeyEvent("One"))
	b.press(keyEnter) // begins a line
	b.run(chromedp.KeyEvent("Two"))
	for _, box := range [][]string{{"plan", "team"}, {"tools", "saw"}, {"tools", "lathe"}, {"speed", "4"}, {"mood", "5"}, {"score", "0"}, {"terms", "true"}} {
		b.reach(field(box[0], box[1]))
	}
	b.expect("seen.length", "1")
	b.reach(field("seats"))
	b.run(chromedp.KeyEvent("12"))
	b.press(keyEnter) // sends it
	b.await("seen.length === 3")
	b.expect(shadow+`.querySelector("h2").textContent`, `"Thank you"`)
	e.waitReports("m opened", "m clicked send=submit", "m changed thanks=submit")
	said := e.waitEvents(2)[1].Properties
	got, _ := json.Marshal(said["answers"])
	if want := `{"mail":"ines@example.com","mood":5,"name":"Ines","plan":"team","score":0,"seats":12,"speed":4,"terms":true,"tools":["saw","lathe"],"words":"One\nTwo"}`; string(got) != want || said["step"] != "questions" {
		t.Errorf("the step %v answers\n%s\nwant\n%s", said["step"], got, want)
	}
	b.expect(`JSON.parse(seen[1].slice("action ".length)).answers.plan`, `"team"`)
}

func TestWrongAnswersAreSaidWhereTheyStand(t *testing.T) {
	required := func(f content.Field) content.Field { f.Required, f.Label = true, "Question"; return f }
	options := []content.Option{{Value: "a", Text: "A"}, {Value: "b", Text: "B"}, {Value: "c", Text: "C"}}
	for _, c := range []struct {
		name  string
		field content.Field
		wrong string // what is done first
		says  string // empty: whatever the browser says
		right string
	}{
		{"nothing where something is asked for", content.Field{Type: content.FieldText}, "", "", "type Ada"},
		{"blanks alone", content.Field{Type: content.FieldText, Error: "Your name, please."}, "type  ", "Your name, please.", "type Ada"},
		{"no address", content.Field{Type: content.FieldEmail}, "type ada", "", "type @example.com"},
		{"a text that is too short", content.Field{Type: content.FieldTextarea, Min: number(5)}, "type No.", "", "type Not yet."},
		{"a number that is too great", content.Field{Type: content.FieldNumber, Max: number(9)}, "type 10", "", "press Backspace"},
		{"no choice", content.Field{Type: content.FieldSingle, Options: options}, "", "", "click b"},
		{"no choice of several", content.Field{Type: content.FieldMulti, Options: options}, "", "1 – 3", "click b"},
		{"too many of several", content.Field{Type: content.FieldMulti, Options: options, Max: number(2)}, "click a, click b, click c", "1 – 2", "click a"},
		{"no rating", content.Field{Type: content.FieldRating, Scale: content.ScaleStars, Error: "Choose the stars."}, "", "Choose the stars.", "click 3"},
		{"no consent", content.Field{Type: content.FieldConsent}, "", "", "click true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.field.Name = "q"
			e, b := newEdge(t), newTab(t)
			e.messages = always(deliver("m", asking(content.Step{Name: "questions", Fields: fields(required(c.field)), Buttons: []content.Button{send}})))
			b.open(e.URL)
			b.await("seen.length")
			act := func(all string) {
				for _, one := range strings.Split(all, ", ") {
					switch verb, what, _ := strings.Cut(one, " "); verb {
					case "type":
						b.do(field("q") + ".focus()")
						b.run(chromedp.KeyEvent(what))
					case "click":
						b.click(field("q", what))
					case "press":
						b.press("\b")
					}
				}
			}
			act(c.wrong)
			b.click(button("send"))
			b.await(shadow + `.querySelector(".error")`)
			b.expect("seen.length", "1") // nothing has happened
			b.expect(`(() => {
  const root = `+shadow+`, error = root.querySelector(".error"), control = root.querySelector('[name="q"]');
  return [root.activeElement === control, control.getAttribute("aria-invalid"), root.getElementById(control.getAttribute("aria-describedby")) === error, error.role, error.textContent.length > 0];
})()`, `[true,"true",true,"alert",true]`)
			if c.says != "" {
				b.expect(shadow+`.querySelector(".error").textContent`, `"`+c.says+`"`)
			}
			act(c.right)
			b.await("!" + shadow + `.querySelector(".error, [aria-invalid]")`)
			b.click(button("send"))
			e.waitReports("m opened", "m clicked send=submit", "m dismissed")
		})
	}
}

func TestAnswersLeadToTheirStep(t *testing.T) {
	choice := fields(content.Field{Name: "reason", Type: content.FieldSingle, Label: "Why?", Options: []content.Option{{Value: "price", Text: "The price"}, {Value: "other", Text: "Other", Goto: "why"}}})
	several := fields(content.Field{Name: "reason", Type: content.FieldMulti, Label: "Why?", Options: choice[0].Options})
	score := fields(content.Field{Name: "score", Type: content.FieldNPS, Label: "Score", Ranges: []content.Range{{From: 0, To: 6, Goto: "why"}}})
	for _, c := range []struct {
		name   string
		fields []content.Field
		click  []string
		want   string
	}{
		{"an option", choice, []string{field("reason", "other")}, "why"},
		{"an option that leads nowhere", choice, []string{field("reason", "price")}, "thanks"},
		{"no answer", choice, nil, "thanks"},
		{"one of several options", several, []string{field("reason", "price"), field("reason", "other")}, "why"},
		{"a number in a range", score, []string{field("score", "6")}, "why"},
		{"a number outside of it", score, []string{field("score", "7")}, "thanks"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.messages = always(deliver("m", asking(
				content.Step{Name: "first", Fields: c.fields, Buttons: []content.Button{send}},
				content.Step{Name: "thanks", Title: "Thank you"},
				content.Step{Name: "why", Title: "Why?", Buttons: []content.Button{{Name: "back", Text: "Back", Action: "back"}}})))
			b.open(e.URL)
			b.await("seen.length")
			for _, box := range c.click {
				b.click(box)
			}
			b.click(button("send"))
			e.waitReports("m opened", "m clicked send=submit", "m changed "+c.want+"=submit")
			if c.want == "why" {
				b.click(button("back"))
				e.waitReports("m opened", "m clicked send=submit", "m changed why=submit", "m clicked back=back", "m changed first=back")
			}
		})
	}
}

func TestAFormWhosePartIsMissingMakesWay(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.missing = []string{".js"}
	e.messages = always(deliver("m", asking(content.Step{Name: "first", Fields: everyField, Buttons: []content.Button{send}})), deliver("welcome", welcome))
	b.open(e.URL)
	b.awaitEvents(`error {"messageId":"m","deliveryId":"delivery-of-m","reason":"content"}`, `opened {"messageId":"welcome","deliveryId":"delivery-of-welcome"}`)
}

// Whatever happens while the part is on its way asks for it anew.
func TestAPartThatIsMissingIsSaidOnceHoweverOftenItWasAskedFor(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	answer := make(chan struct{})
	inner := e.Config.Handler
	e.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/parts/forms-") {
			<-answer
		}
		inner.ServeHTTP(w, r)
	})
	come := sync.OnceFunc(func() { close(answer) })
	t.Cleanup(come)
	e.missing = []string{".js"}
	m := deliver("m", asking(content.Step{Name: "first", Fields: everyField, Buttons: []content.Button{send}}))
	e.messages = always(m)
	b.open(e.URL)
	b.await(`performance.getEntriesByType("resource").some(({ name }) => name.includes("/parts/message-"))`)
	e.set(func() { e.messages = always(m, deliver("yearly-offer", offer("top"))) })
	b.do("cioanalytics.page()")
	b.await("seen.length === 1")
	come()
	b.await("seen.length > 1")
	b.js("new Promise((done) => setTimeout(done, 300))") // in which it would be said again
	b.awaitEvents(`opened {"messageId":"yearly-offer","deliveryId":"delivery-of-yearly-offer"}`, `error {"messageId":"m","deliveryId":"delivery-of-m","reason":"content"}`)
}
