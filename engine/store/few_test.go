package store

import (
	"maps"
	"testing"
)

func TestFewHoldsWhatAMapHolds(t *testing.T) {
	for name, sets := range map[string][]string{
		"nothing":           nil,
		"one":               {"ada"},
		"one twice":         {"ada", "ada"},
		"two":               {"ada", "grace"},
		"two, one again":    {"ada", "grace", "ada"},
		"several":           {"ada", "grace", "hedy", "ada", "joan", "hedy"},
		"an empty key":      {""},
		"an empty and more": {"", "ada", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var f few[string, int]
			want := map[string]int{}
			for i, key := range sets {
				f.set(key, i)
				want[key] = i
			}
			if is := maps.Collect(f.all()); !maps.Equal(is, want) || f.len() != len(want) {
				t.Errorf("it holds %v, %d of them; want %v", is, f.len(), want)
			}
			for _, key := range []string{"", "ada", "grace", "nobody"} {
				is, ok := f.get(key)
				if value, known := want[key]; is != value || ok != known {
					t.Errorf("under %q stands %d, %t; want %d, %t", key, is, ok, value, known)
				}
			}
		})
	}
}
