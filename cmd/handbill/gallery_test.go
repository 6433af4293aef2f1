package main

import (
	"testing"
)

// The gallery of the demo shows every display, each as often as somebody asks for it.
func TestTheGalleryShowsEveryDisplayOnRequest(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/gallery/")
	b.expectNothing("before one is asked for")
	for _, c := range galleryShows {
		b.open("http://" + s.edge + "/gallery/?show=" + c.show)
		b.await(in(c.shown))
	}
	b.open("http://" + s.edge + "/gallery/?show=tour")
	for _, stop := range []string{`dialog.modal[open]`, `.tooltip:popover-open [data-step="export"]`, `.tooltip:popover-open [data-step="report"]`} {
		b.await(in(stop))
		b.click(`button[value="next"]`)
	}
	b.await(in(`.toast:popover-open [data-step="end"]`))
	b.open("http://" + s.edge + "/gallery/?show=film")
	b.await(in(`video`) + `?.readyState > 0`)
	js[any](b, `(() => { const film = `+in("video")+`; film.textTracks[0].mode = "showing"; film.currentTime = 4; return null })()`)
	b.await(in(`video`) + `.textTracks[0].activeCues?.[0]?.text === "Done: everybody sees it at once."`)
	b.await(inBell(`[part="count"]`) + `?.textContent === "2"`)
	js[any](b, inBell(".bell")+`.click()`)
	b.await(inBell(`[part="panel"]:popover-open h3`) + `?.textContent === "A month in one file"`)
}
