package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"handbill/internal/leaktest"
)

// patience bounds every wait; nothing waits for it when all is well.
const patience = time.Minute

// browser is the one Chromium of these tests; every test has a tab of its own, in a profile of its own.
var browser context.Context

func TestMain(m *testing.M) { os.Exit(leaktest.Status(run(m))) }

func run(m *testing.M) int {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel := chromedp.NewContext(allocator)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Chromium does not start (install Debian's package chromium):", err)
		return 1
	}
	browser = ctx
	return m.Run()
}

// tab is a page in the browser.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close func()
	begun bool
}

// newTab opens an empty tab. Any line on the console, and any uncaught error, fails the test, except lines with a text
// that is allowed: where requests fail on purpose, the browser itself writes that there.
func newTab(t *testing.T, allowed ...string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	return quietTab(ctx, t, closeTab, allowed...)
}

// another opens one more tab of the same profile: in the same window, whose other tabs nobody sees then, or in one beside it.
func (b *tab) another(sameWindow bool) *tab {
	b.t.Helper()
	profile := chromedp.FromContext(b.ctx).BrowserContextID
	ctx, closeTab := chromedp.NewContext(b.ctx, chromedp.WithExistingBrowserContext(profile), chromedp.WithNewWindow(!sameWindow))
	return quietTab(ctx, b.t, closeTab)
}

// quietTab fails the test when the page in a tab is not quiet.
func quietTab(ctx context.Context, t *testing.T, closeTab func(), allowed ...string) *tab {
	t.Helper()
	b := &tab{t: t, ctx: ctx, close: closeTab}
	b.run(chromedp.EmulateViewport(1024, 768))
	b.media("prefers-reduced-motion", "reduce")
	const last = "the last line"
	console := chromedp.Console(ctx)
	listened := make(chan struct{})
	go func() {
		defer close(listened)
		for line, err := range console {
			if err != nil || line.Text == last {
				return
			}
			isAllowed := func(text string) bool { return strings.Contains(line.Text, text) }
			if line.IsException() || !slices.ContainsFunc(allowed, isAllowed) {
				t.Errorf("the page was not quiet: %s (%s)", line, line.URL)
			}
		}
	}()
	t.Cleanup(func() {
		if ctx.Err() != nil {
			return // the test has closed it
		}
		_, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void]("console.debug('"+last+"')"))
		if err != nil {
			t.Error(err)
			closeTab()
		}
		<-listened
		closeTab()
	})
	return b
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := b.ctx, context.CancelFunc(func() {})
	if b.begun {
		// The first use of a context must not be bounded: the tab would end with it.
		ctx, cancel = context.WithTimeout(b.ctx, patience)
	}
	defer cancel()
	b.begun = true
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// media makes the browser answer a media query in a way.
func (b *tab) media(feature, value string) {
	b.t.Helper()
	features := []*emulation.MediaFeature{{Name: feature, Value: value}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) open(address string) {
	b.t.Helper()
	b.run(chromedp.Navigate(address))
}

// js evaluates an expression in the page; promises are awaited.
func (b *tab) js(expression string) any {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, chromedp.Evaluate[any](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return result
}

// do evaluates statements for what they do.
func (b *tab) do(statements string) {
	b.t.Helper()
	b.js("(() => {" + statements + "; return null })()")
}

// await returns when an expression is true in the page.
func (b *tab) await(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		reached, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if reached {
			return
		}
		if ctx.Err() != nil {
			b.t.Fatalf("never true: %s (%v); the page saw %v", expression, err, b.js("window.seen || null"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// expect compares what an expression is in the page with what it must be, as JSON.
func (b *tab) expect(expression, want string) {
	b.t.Helper()
	got, err := json.Marshal(b.js(expression))
	if err != nil {
		b.t.Fatal(err)
	}
	if string(got) != want {
		b.t.Errorf("%s is %s, want %s", expression, got, want)
	}
}

// awaitEvents waits until the page has seen as many in-app events as are given, and compares them.
func (b *tab) awaitEvents(want ...string) {
	b.t.Helper()
	b.await(fmt.Sprintf("seen.length >= %d", len(want)))
	var got []string
	for _, event := range b.js("seen").([]any) {
		got = append(got, event.(string))
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("the events are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// press types keys, as a visitor without a mouse does.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		var modifiers []chromedp.KeyOption
		if rest, ok := strings.CutPrefix(key, "Shift+"); ok {
			key = rest
			modifiers = append(modifiers, chromedp.KeyModifiers(chromedp.ModifierShift))
		}
		b.run(chromedp.KeyEvent(key, modifiers...))
	}
}

// Keys by their names on a keyboard.
const (
	keyTab      = kb.Tab
	keyShiftTab = "Shift+" + kb.Tab
	keyEnter    = kb.Enter
	keyEscape   = kb.Escape
)

// click clicks with the mouse at the middle of what an expression finds.
func (b *tab) click(expression string) {
	b.t.Helper()
	b.await(expression)
	at := b.js(`(() => { const r = (` + expression + `).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`).([]any)
	b.run(chromedp.MouseClickXY(at[0].(float64), at[1].(float64)))
}
