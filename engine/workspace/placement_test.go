package workspace

import (
	"strings"
	"testing"
)

// placed is where the steps of a message stand, each as JSON.
func placed(m *Message) string { return strings.TrimSpace(stands(m)) }

func TestAMessageStandsWhereItSays(t *testing.T) {
	for _, test := range []struct{ name, keys, slot, want string }{
		{"a banner unless it says otherwise", ``, "banner top", `{"display":"banner","position":"top","flow":"over"}`},
		{"a banner that makes room", "position = \"bottom\"\nflow = \"push\"\nwidth = 600", "banner bottom", `{"display":"banner","position":"bottom","flow":"push","width":600}`},
		{"a modal, which a click beside it closes", `display = "modal"`, "modal", `{"display":"modal","position":"center","closeOutside":true}`},
		{"a modal that must be answered", "display = \"modal\"\nclose_outside = false\noverlay_color = \"#0a58ca80\"", "modal", `{"display":"modal","position":"center","overlayColor":"#0a58ca80","closeOutside":false}`},
		{"a window full", `display = "fullscreen"`, "modal", `{"display":"fullscreen"}`},
		{"a toast in a corner", `display = "toast"`, "toast bottom-right", `{"display":"toast","position":"bottom-right"}`},
		{"a toast at an edge", "display = \"toast\"\nposition = \"top\"\nwidth = 320", "toast top", `{"display":"toast","position":"top","width":320}`},
		{"in a place made for it", "display = \"inline\"\ntarget = \"#offers\"", "inline inside #offers", `{"display":"inline","position":"inside","target":"#offers"}`},
		{"before an element", "display = \"inline\"\ntarget = \"main h1\"\nposition = \"before\"", "inline before main h1", `{"display":"inline","position":"before","target":"main h1"}`},
		{"beside an element", "display = \"tooltip\"\ntarget = \"#invoices\"\narrow_color = \"#fff\"", "tooltip #invoices", `{"display":"tooltip","position":"bottom","target":"#invoices","arrowColor":"#fff"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := good(t, "a.toml", launch+"text = \"A\"\n"+test.keys+"\n").Message("launch")
			if m.Slot != test.slot || placed(m) != test.want+" <nil>" {
				t.Errorf("%q: %s", m.Slot, placed(m))
			}
		})
	}
}

func TestAStepStandsWhereItSaysOrWhereTheMessageDoes(t *testing.T) {
	const modalAt = `{"display":"modal","position":"top","width":500,"closeOutside":true} <nil>`
	step := func(keys string) string { return "[[messages.steps]]\ntext = \"A\"\n" + keys + "\n" }
	for _, test := range []struct{ name, steps, want string }{
		{"where the message does", step("") + step(""), modalAt + " " + modalAt},
		{"a tooltip after a modal", step("") + step("display = \"tooltip\"\ntarget = \"#a\""), modalAt + ` {"display":"tooltip","position":"bottom","target":"#a"} <nil>`},
		{"the same display elsewhere", step("") + step("position = \"bottom\""), modalAt + ` {"display":"modal","position":"bottom","width":500,"closeOutside":true} <nil>`},
		{"the first elsewhere, and then where the message says", step("display = \"toast\"") + step(""), `{"display":"toast","position":"bottom-right"} <nil> ` + modalAt},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := good(t, "a.toml", modal+"position = \"top\"\nwidth = 500\n"+test.steps).Message("tour")
			if placed(m) != test.want {
				t.Errorf("%s", placed(m))
			}
		})
	}
}

func TestTooltipsWithoutAStepAtTheMessagesPlaceNeedNoTargetThere(t *testing.T) {
	text := strings.Replace(modal, "modal", "tooltip", 1) + "beacon = true\n[[messages.steps]]\ntarget = \"#a\"\ntext = \"A\"\n[[messages.steps]]\ntarget = \"#b\"\ntext = \"B\"\n"
	m := good(t, "a.toml", text).Message("tour")
	if want := `{"display":"tooltip","position":"bottom","target":"#a"} <nil> {"display":"tooltip","position":"bottom","target":"#b"} <nil>`; placed(m) != want || !m.Content.Beacon || m.Slot != "tooltip #a" {
		t.Errorf("%q %s", m.Slot, placed(m))
	}
	_, problems, _ := compile(t, "a.toml", text+"[[messages.steps]]\ntext = \"C\"\n")
	if want := `a.toml:3:1: message "tour": a tooltip needs a target; add target = "#…", the CSS selector of the element where it belongs`; told(problems) != want {
		t.Errorf("with a step that has none: %s", told(problems))
	}
}

func TestATemplateAndAVariantPlaceAMessage(t *testing.T) {
	const template = "[[templates]]\nid = \"hint\"\ndisplay = \"tooltip\"\nbeacon = true\nwidth = 200\npersistent = true\ntext = \"A\"\n"
	s := good(t, "a.toml", template+launch+"template = \"hint\"\ntarget = \"#a\"\nfrequency = \"once\"\n",
		"b.toml", strings.Replace(launch, "launch", "sale", 1)+"template = \"hint\"\ndisplay = \"banner\"\ntext = \"B\"\n",
		"c.toml", pointed+"[[messages.variants]]\nid = \"b\"\ndisplay = \"toast\"\n")
	for message, want := range map[*Message]string{
		s.Message("launch"):                   `{"display":"tooltip","position":"bottom","target":"#a","width":200} <nil>`,
		s.Message("sale"):                     `{"display":"banner","position":"bottom","flow":"over"} <nil>`,
		s.Message("spring-sale").variant("b"): `{"display":"toast","position":"bottom-right"} <nil>`,
	} {
		if placed(message) != want {
			t.Errorf("%s %s", message.ID, placed(message))
		}
	}
	if m := s.Message("launch"); !m.Content.Persistent || !m.Content.Beacon || s.Message("sale").Content.Beacon {
		t.Error("persistent or beacon is not the template's")
	}
}

func TestWhatIsShownUntilItIsDismissedStaysUnlessItSaysOtherwise(t *testing.T) {
	for keys, want := range map[string]bool{
		"": true, `frequency = "until_dismissed"`: true, `frequency = "once"`: false, `frequency = "always"`: false,
		"frequency = \"once\"\npersistent = true": true, "persistent = false": false, `frequency = { stop_on = ["dismiss"] }`: false,
	} {
		if m := good(t, "a.toml", banner+keys+"\n").Message("spring-sale"); m.Content.Persistent != want {
			t.Errorf("%q: %t", keys, m.Content.Persistent)
		}
	}
}
