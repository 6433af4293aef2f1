package workspace

import "handbill/engine/content"

// slotOf is the place on a page that a message takes; it has room for one. Modals and what fills the screen share one, an
// edge of the page has one banner, a corner one toast, and an element one tooltip and one message in its place.
func slotOf(shown content.Content) string {
	switch shown.Display {
	case content.DisplayModal, "fullscreen":
		return content.DisplayModal
	}
	return shown.Display + " " + shown.Position
}
