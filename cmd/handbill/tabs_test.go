package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// another opens one more tab of the visitor, in a window beside this one.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithExistingBrowserContext(chromedp.FromContext(b.ctx).BrowserContextID))
	b.t.Cleanup(closeTab)
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: keepNotes}); err != nil {
		b.t.Fatal(err)
	}
	return &tab{t: b.t, ctx: ctx}
}

const tabsWorkspace = `
[[messages]]
id = "opening"
pages = ["*"]
frequency = "once"
display = "toast"
text = "We are open on Saturday."

[[messages]]
id = "closing"
pages = ["*"]
display = "banner"
text = "We close at six today."
`

func TestAMessageShowsOnceOverTheTabsOfAVisitor(t *testing.T) {
	for stream, pace := range map[string]string{"on": "poll_slow 10m\n\t\tpoll_fast 10m", "off": ""} { // with a stream nobody waits for polls
		t.Run("stream "+stream, func(t *testing.T) {
			workspace := filepath.Join(t.TempDir(), "messages.toml")
			writeFile(t, workspace, tabsWorkspace)
			s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+" {\n\t\tstream "+stream+"\n\t\t"+pace+"\n\t}\n}\n"+
				"http://EDGE {\n\thandbill\n\treverse_proxy "+plainSite(t)+"\n}\n")
			s.start()
			left := newVisitor(t)
			left.open("http://" + s.edge + "/")
			left.awaitStanding("We are open on Saturday.", "We close at six today.")
			left.await(`window.acknowledged.split('"metric":"opened"').length === 3`)

			// What is shown once is on the screen in one tab. What stays until it is dismissed is on every page.
			right := left.another()
			right.open("http://" + s.edge + "/")
			right.awaitStanding("We close at six today.")

			// Dismissed in one, it leaves the other: with a stream at once, else when that asks again.
			polls := js[int](right, answered)
			dismissed := time.Now()
			js[any](left, `(() => { `+in(`.banner .close`)+`.click(); return null })()`)
			left.awaitStanding("We are open on Saturday.")
			right.awaitStanding()
			t.Logf("dismissed in one tab, it left the other after %s, with %d polls", time.Since(dismissed).Round(time.Millisecond), js[int](right, answered)-polls)
			if counts := s.statistics()["opening"]; counts != "DELIVERIES 1, OPENED 1, VIEWERS 1" {
				t.Errorf("messages stats says of what shows once: %s", counts)
			}
		})
	}
}
