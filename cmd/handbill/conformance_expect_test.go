package main

// hearsClosed is what the page hears of a message that was opened, used in some way, and closed.
func (v *guest) hearsClosed(message string, between ...string) {
	v.t.Helper()
	v.hears(append(append([]string{"opened " + message}, between...), "dismissed "+message)...)
}

// countedOnce: the message was shown to one visitor, who closed it.
func (v *guest) countedOnce(message string) {
	v.t.Helper()
	v.counted(message, "opened 1, clicked 1, dismissed 1")
}
