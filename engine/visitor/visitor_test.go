package visitor

import (
	"testing"
	"time"

	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var november = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const sale = "spring-sale"

func TestWhoAVisitorIs(t *testing.T) {
	for name, test := range map[string]struct {
		identity Identity
		want     string
	}{
		"nobody":                 {Identity{}, ""},
		"a browser":              {Identity{Anonymous: "k3x9"}, "a:k3x9"},
		"a person":               {Identity{User: "ada", Level: LevelIdentified}, "u:ada"},
		"a person in a browser":  {Identity{Anonymous: "k3x9", User: "ada", Level: LevelVerified}, "u:ada"},
		"ids may look like ids":  {Identity{User: "a:k3x9"}, "u:a:k3x9"},
		"a browser named like u": {Identity{Anonymous: "u:ada"}, "a:u:ada"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.identity.ID(); got != test.want {
				t.Errorf("ID %q, want %q", got, test.want)
			}
		})
	}
}
