package content

import "testing"

// A message as sites have them, with a trait in its title, its text and its button.
func BenchmarkRender(b *testing.B) {
	for name, body := range map[string]string{
		"values": "Your plan is **{{ traits.plan | default: 'free' }}**. Read [the whole story](/docs/{{ traits.plan }}).",
		"tags":   "Your plan is {% if traits.plan == 'team' %}**team**{% else %}free{% endif %}. Read [the whole story](/docs/{{ traits.plan }}).",
	} {
		b.Run(name, func(b *testing.B) {
			parse := func(kind Kind, source string) *Text {
				text, err := ParseText(kind, source, nil)
				if err != nil {
					b.Fatal(err)
				}
				return text
			}
			l, err := Localize([]Translation{{Template: &Template{Placement: Placement{Display: DisplayModal}, Steps: []StepTemplate{{
				Name: "a", Title: parse(Plain, "Hello {{ traits.first_name | default: 'there' }}"), Body: parse(Rich, body),
				Buttons: []ButtonTemplate{{Name: "b", Text: parse(Plain, "Go"), Action: parse(ActionAddress, "/users/{{ visitor.id }}")}},
			}}}}})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.In(nil).Render(ines); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
