package client_test

import (
	"os"
	"testing"
)

// axe-core looks for what hinders people. It comes from npm, see scripts/install-test-tools.sh.
func TestAxeFindsNothingInAnyDisplay(t *testing.T) {
	axe, err := os.ReadFile("testdata/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	const violations = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ": " + nodes.map(({ target, failureSummary }) => target.flat().join(" ") + " " + failureSummary).join("; ")))`
	for name, shown := range everyDisplay {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = landmarks(page(`<meta name="color-scheme" content="light dark"><style>body { background: light-dark(#fff, #111); color: light-dark(#111, #eee) }</style>`+external, accountPage))
			e.messages = always(deliver("exports", shown))
			openEvery(b, e.URL, name)
			b.do(string(axe))
			for _, scheme := range []string{"light", "dark"} {
				b.media("prefers-color-scheme", scheme)
				b.expect(violations, "[]")
			}
		})
	}
}
