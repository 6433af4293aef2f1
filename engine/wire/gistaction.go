package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// authored is a button's action as an author of ours writes it. Those of the reference client's own that say the same are
// turned into it, so that a report means one thing whichever client made it; others stay as they are.
func authored(action string) string {
	word, own := strings.CutPrefix(action, "gist://")
	if !own {
		return action
	}
	word, argument, _ := strings.Cut(word, "?")
	switch word {
	case "close":
		return "dismiss"
	case "loadPage":
		if address, ok := strings.CutPrefix(argument, "url="); ok && address != "" {
			return address
		}
	case "snooze":
		text, _ := strings.CutPrefix(argument, "showIn=")
		if minutes, err := strconv.Atoi(text); err == nil && minutes > 0 && minutes <= 60*24*366 {
			return fmt.Sprintf("snooze:%dm", minutes)
		}
		return "dismiss"
	}
	return action
}
