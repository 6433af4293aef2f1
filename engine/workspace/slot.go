package workspace

import "handbill/engine/content"

// slotOf is the place on a page that a message takes; it has room for one. Modals and what fills the screen share one, an
// edge of the page has one banner and an edge or corner one toast, an element has one tooltip and, in each place at it,
// one message.
func slotOf(shown content.Content) string {
	switch shown.Display {
	case content.DisplayModal, content.DisplayFullscreen:
		return content.DisplayModal
	case content.DisplayTooltip:
		return shown.Display + " " + shown.Target
	case content.DisplayInline:
		return shown.Display + " " + shown.Position + " " + shown.Target
	}
	return shown.Display + " " + shown.Position
}
