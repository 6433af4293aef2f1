package workspace

import (
	"strings"
	"testing"
)

func TestMessagesThatComeWithTheirPages(t *testing.T) {
	for name, c := range map[string]struct {
		text, frequency string
	}{
		"until it is dismissed":     {embedded, "untilDismissed"},
		"always":                    {embedded + "frequency = \"always\"\n", "always"},
		"once":                      {embedded + "frequency = \"once\"\n", "onceEver"},
		"not while it is paused":    {embedded + "status = \"paused\"\n", ""},
		"not where it does not say": {strings.Replace(embedded, "embed = true", "embed = false", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			all := good(t, "a.toml", c.text).Embedded()
			if c.frequency == "" {
				if len(all) > 0 {
					t.Errorf("%s comes with its pages", all[0].ID)
				}
				return
			}
			if len(all) != 1 || all[0].EmbedFrequency() != c.frequency {
				t.Errorf("%v come with their pages", all)
			}
		})
	}
}
