package client_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// invisible are the texts and edges in a shadow root that nobody sees, as the browser draws them: of the colour behind them.
const invisible = `((root) => {
  const behind = (at) => {
    for (; at; at = at.parentElement ?? at.getRootNode().host) {
      const { backgroundColor } = getComputedStyle(at);
      if (!/, 0\)$/.test(backgroundColor)) return backgroundColor;
    }
    return "";
  };
  return [...root.querySelectorAll("*")].filter((at) => {
    const { color, stroke } = getComputedStyle(at);
    const says = [...at.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return (says && color === behind(at)) || (at.localName === "path" && stroke === behind(at));
  }).map((at) => at.outerHTML);
})`

// ring is what marks that an element has the focus: its outline, if that can be told from what is around it.
const ring = `((at) => {
  const { outlineStyle, outlineWidth, outlineColor, backgroundColor } = getComputedStyle(at);
  return outlineStyle === "solid" && parseFloat(outlineWidth) >= 2 && outlineColor !== backgroundColor;
})`

// walkForced walks through what can have the focus in a shadow root; each must show it.
func (b *tab) walkForced(root string) {
	b.t.Helper()
	b.expect(invisible+"("+root+")", "[]")
	stops := int(b.js(root + `.querySelectorAll("button:not(.bell, .beacon), a, input, textarea").length`).(float64))
	if stops == 0 {
		b.t.Error("there is nothing to walk through")
	}
	for at := range stops {
		b.do(fmt.Sprintf(`%s.querySelectorAll("button:not(.bell, .beacon), a, input, textarea")[%d].focus({ focusVisible: true })`, root, at))
		b.expect(ring+"("+root+".activeElement)", "true")
	}
}

// pageSide is the one edge of what has room of its own at the side of the page.
var pageSide = map[string]string{"banner push": "Bottom", "banner sticky": "Top"}

func TestInForcedColoursEverythingCanBeSeen(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(everyDisplay)) {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			b.media("forced-colors", "active")
			e.pages["/"] = page(external, accountPage)
			e.messages = always(deliver("exports", everyDisplay[name]))
			openEvery(b, e.URL, name)
			b.walkForced(shadow)
			if side, ok := pageSide[name]; ok {
				b.expect("((style) => style.border"+side+`Width === "1px" && style.border`+side+"Color !== style.backgroundColor)(getComputedStyle("+frame("banner")+"))", "true")
			}
			if _, ok := pageSide[name]; ok || name == "fullscreen" {
				return
			}
			b.expect(`[...`+shadow+`.querySelectorAll("[part]:not(.close), .buttons button")].filter((box) => {
  const { borderTopStyle, borderTopWidth, borderTopColor, backgroundColor, backgroundImage } = getComputedStyle(box);
  return box.className !== "beacon" && (borderTopStyle !== "solid" || borderTopWidth === "0px" || borderTopColor === backgroundColor);
}).map((box) => box.outerHTML)`, "[]")
		})
	}
}
