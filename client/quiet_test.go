package client_test

import (
	"fmt"
	"testing"

	"handbill/engine/content"
)

// countTurns counts every time that a script of the page gets its turn by itself: timers, frames, observers and the like.
const countTurns = `<script>
  window.turns = [];
  for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback", "queueMicrotask"]) {
    const ask = window[name];
    window[name] = (act, ...more) => ask((...given) => (turns.push(name), act?.(...given)), ...more);
  }
  for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver"]) {
    window[name] = class extends window[name] {
      constructor(act, ...more) { super((...given) => (turns.push(name), act(...given)), ...more); }
    };
  }
</script>`

// comesToRest waits until something is true 1200 ms after the page was made ready for it, which on a busy machine it may not be the
// first time.
func (b *tab) comesToRest(ready, rests string) {
	b.t.Helper()
	for range 10 {
		b.do(ready)
		b.js("new Promise((done) => { setTimeout(done, 1200) })")
		if b.js(rests) == true {
			return
		}
	}
	b.t.Errorf("it never was that %s after %s", rests, ready)
}

func TestNothingTicksWhileAMessageStands(t *testing.T) {
	for _, at := range []content.Placement{
		{Display: "modal", Position: "center"},
		{Display: "fullscreen"},
		{Display: "banner", Position: "top", Flow: "over"},
		{Display: "banner", Position: "top", Flow: "push"},
		{Display: "banner", Position: "bottom", Flow: "sticky"},
		{Display: "toast", Position: "bottom-right"},
		{Display: "inline", Position: "after", Target: "#save"},
		{Display: "tooltip", Position: "bottom", Target: "#save"},
	} {
		t.Run(fmt.Sprint(at.Display, " ", at.Flow), func(t *testing.T) {
			e, b := offered(t), newTab(t)
			e.site["spaRoutes"] = true
			e.pages["/"] = page(countTurns+external, "")
			e.messages = always(deliver("exports", standing(at, false)))
			b.open(e.URL)
			e.waitStreams("visitor-.seal")
			b.awaitEvents(opened)
			e.waitReports("exports opened")
			// What the message's coming has set off comes to rest; then nothing is done until there is a reason.
			b.comesToRest("turns.length = 0", "turns.length === 1") // the test's own timer
		})
	}
}
