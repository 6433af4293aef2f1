package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// surface is a message on the screen: an element of our own client in the page, or a frame of a published one, which the
// browser keeps in a process of its own.
type surface struct {
	visit *guest
	// ctx is where its DOM is, root what of it the message is, as JavaScript.
	ctx  context.Context
	root string
	text string
	// words are those that it was looked for by.
	words string
	// at is where it is in the page.
	at rectangle
	// frame is its frame's corner in the page; nothing for our own client.
	frame rectangle
}

type rectangle struct{ X, Y, Width, Height float64 }

// lookInside finds the words of a message, and the elements in it, also in shadow trees.
const lookInside = `const words = (node) => node.nodeType === Node.TEXT_NODE ? node.data
	: /^(style|script|template|noscript|title)$/.test(node.localName) ? ""
	: [...(node.shadowRoot ?? node).childNodes].map(words).join(" ").replace(/\s+/g, " ").trim();
const inside = (root) => [...root.querySelectorAll("*")].flatMap((e) => e.shadowRoot ? [e, ...inside(e.shadowRoot)] : [e]);
const place = (e) => { const {x, y, width, height} = e.getBoundingClientRect(); return {x, y, width, height}; };
`

// surfaces are the messages on the screen now.
func (v *guest) surfaces() []surface {
	v.t.Helper()
	if v.client.way == builtin {
		return v.ownSurfaces()
	}
	var found []surface
	for id, ctx := range v.messageFrames() {
		at, visible := v.frameOwner(id)
		if !visible {
			continue
		}
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`{`+lookInside+`document.body ? words(document.body) : ""}`))
		if err == nil && text != "" {
			found = append(found, surface{visit: v, ctx: ctx, root: "document", text: text, at: at, frame: at})
		}
	}
	return found
}

func (v *guest) ownSurfaces() []surface {
	v.t.Helper()
	type drawn struct {
		Text string
		At   rectangle
	}
	all, err := chromedp.Run(v.ctx, chromedp.Evaluate[[]drawn](`{`+lookInside+`
		[...document.querySelectorAll("handbill-message")].map((host) => {
			const box = host.shadowRoot?.querySelector("section");
			return box && box.checkVisibility() ? {text: words(host), at: place(box)} : {text: "", at: {}};
		})}`))
	if err != nil {
		return nil // the page is being left
	}
	var found []surface
	for i, one := range all {
		if one.Text != "" {
			found = append(found, surface{visit: v, ctx: v.ctx, root: fmt.Sprintf(`document.querySelectorAll("handbill-message")[%d].shadowRoot`, i), text: one.Text, at: one.At})
		}
	}
	return found
}

// messageFrames are the frames in which the published client draws messages.
func (v *guest) messageFrames() map[target.ID]context.Context {
	v.t.Helper()
	own := chromedp.FromContext(v.ctx)
	infos, err := chromedp.Targets(v.ctx)
	if err != nil {
		v.t.Fatal(err)
	}
	frames := map[target.ID]context.Context{}
	for _, info := range infos {
		if info.Type != "iframe" || info.BrowserContextID != own.BrowserContextID || !strings.Contains(info.URL, "/_handbill/renderer/") {
			continue
		}
		id := string(info.TargetID)
		if v.frames[id] == nil {
			ctx, leave := chromedp.NewContext(v.ctx, chromedp.WithTargetID(info.TargetID), chromedp.WithDetachOnCancel(), chromedp.WithListener(v.notes.listen))
			if chromedp.Do(ctx) != nil {
				leave() // it has gone meanwhile
				continue
			}
			v.t.Cleanup(leave)
			v.frames[id] = ctx
		}
		frames[info.TargetID] = v.frames[id]
	}
	return frames
}

// frameOwner is where a frame is in this visit's page, and whether it can be seen there.
func (v *guest) frameOwner(id target.ID) (at rectangle, visible bool) {
	owner, err := chromedp.Call(v.ctx, dom.GetFrameOwner, dom.GetFrameOwnerParams{FrameID: cdp.FrameID(id)})
	if err != nil {
		return at, false // it has gone, or is another tab's
	}
	node, err := chromedp.Call(v.ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: owner.BackendNodeID})
	if err != nil {
		return at, false
	}
	byValue := true
	answer, err := chromedp.Call(v.ctx, runtime.CallFunctionOn, runtime.CallFunctionOnParams{ObjectID: node.Object.ObjectID, ReturnByValue: &byValue,
		FunctionDeclaration: `function() {
			const {x, y, width, height} = this.getBoundingClientRect();
			let opacity = 1;
			for (let e = this; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
			return {x, y, width, height, visible: this.checkVisibility({visibilityProperty: true}) && opacity > 0.95 && width > 20 && height > 20};
		}`})
	if err != nil || answer.Result == nil {
		return at, false
	}
	var seen struct {
		rectangle
		Visible bool
	}
	if json.Unmarshal(answer.Result.Value, &seen.rectangle) != nil || json.Unmarshal(answer.Result.Value, &seen) != nil {
		return at, false
	}
	return seen.rectangle, seen.Visible
}

// sees waits until a message with these words is on the screen.
func (v *guest) sees(words string) surface {
	v.t.Helper()
	var seen []surface
	for deadline := time.Now().Add(patience / 2); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		seen = v.surfaces()
		for _, s := range seen {
			if strings.Contains(s.text, words) {
				s.words = words
				return s
			}
		}
	}
	texts := []string{}
	for _, s := range seen {
		texts = append(texts, s.text)
	}
	v.t.Fatalf("%q never came on the screen; there is %q; frames %s", words, texts, js[string](v.tab, `[...document.querySelectorAll("iframe")].map((f) => f.outerHTML).join("\n")`))
	return surface{}
}

// gone waits until no message with these words is on the screen.
func (v *guest) gone(words string) {
	v.t.Helper()
	until(v.t, words+" leaves the screen", func() bool {
		for _, s := range v.surfaces() {
			if strings.Contains(s.text, words) {
				return false
			}
		}
		return true
	})
}

// click presses, with the mouse, the button, link or choice of the message that has this text or label. A message that has
// come to another step may still go to another place: it is looked for anew until it stands still.
func (s surface) click(label string) {
	s.visit.t.Helper()
	var before, at *rectangle
	for deadline := time.Now().Add(patience / 3); time.Now().Before(deadline); time.Sleep(60 * time.Millisecond) {
		before, at = at, s.find(label)
		if at != nil && before != nil && *before == *at {
			s.visit.press(*at)
			return
		}
	}
	s.visit.t.Fatalf("there is no %q to press in %q", label, s.text)
}

// press clicks in the middle of a place of the page.
func (v *guest) press(at rectangle) {
	v.t.Helper()
	if err := chromedp.Do(v.ctx, chromedp.MouseClickXY(at.X+at.Width/2, at.Y+at.Height/2)); err != nil {
		v.t.Fatal(err)
	}
}

// find is where in the page something to press is at this moment, if the mouse would hit it there.
func (s surface) find(label string) *rectangle {
	for _, seen := range s.visit.surfaces() {
		if !strings.Contains(seen.text, s.words) {
			continue
		}
		at, err := chromedp.Run(seen.ctx, chromedp.Evaluate[*rectangle](`{`+lookInside+`const wanted = `+quote(label)+`;
			const found = inside(`+seen.root+`).find((e) => /^(button|a|input|label)$/.test(e.localName) && e.checkVisibility() &&
				(words(e) === wanted || e.getAttribute("aria-label") === wanted || e.name === wanted));
			const tree = found?.getRootNode();
			found?.scrollIntoView({block: "nearest"});
			const at = found && place(found), hit = at && tree.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
			const slides = tree?.getAnimations().some((a) => a.playState === "running" && !a.effect.pseudoElement && a.effect.target.contains(found));
			!slides && (found?.contains(hit) || hit?.contains(found)) ? at : null}`))
		if err != nil || at == nil {
			continue
		}
		return &rectangle{at.X + seen.frame.X, at.Y + seen.frame.Y, at.Width, at.Height}
	}
	return nil
}

// pictured makes sure that the message is not blank on the screen.
func (s surface) pictured() {
	s.visit.t.Helper()
	s.visit.pictured(fmt.Sprintf("%q", s.words), s.settled())
}

// settled is where the surface is once it moves no more.
func (s surface) settled() rectangle {
	s.visit.t.Helper()
	before := rectangle{}
	until(s.visit.t, fmt.Sprintf("%q stands still", s.words), func() bool {
		for _, seen := range s.visit.surfaces() {
			if strings.Contains(seen.text, s.words) {
				same := seen.at == before && seen.at.Width > 0
				before = seen.at
				return same
			}
		}
		return false
	})
	return before
}
