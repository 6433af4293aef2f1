//go:build !race

package inject

import "testing"

// With the race detector a sync.Pool forgets what it is given, at random; so this
// file is left out there.

func TestAllocations(t *testing.T) {
	for name, test := range map[string]struct {
		size  int
		lines []string
		most  float64
	}{
		"a page of 1 KB":  {1 << 10, nil, 1},
		"a page of 10 KB": {10 << 10, nil, 1},
		"a page of 1 MB":  {1 << 20, nil, 1},
		"a page of 10 KB with validators and policy": {10 << 10, withPolicyAndValidators, 5},
		"an image": {10 << 10, []string{"Content-Type: image/png"}, 1},
	} {
		e := newExchange(test.size, test.lines...)
		e.run()
		if got := testing.AllocsPerRun(200, e.run) - testing.AllocsPerRun(200, e.plain); got > test.most {
			t.Errorf("%s: %v allocations, want at most %v", name, got, test.most)
		}
	}
	scan := []byte(`<!doctype html><html lang="en" data-a='b'><!-- x --><head>`)
	if got := testing.AllocsPerRun(200, func() {
		var d document
		d.scan(scan)
	}); got > 0 {
		t.Errorf("the scanner: %v allocations", got)
	}
}
