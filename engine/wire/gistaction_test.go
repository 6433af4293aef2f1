package wire_test

import (
	"testing"

	"handbill/engine/wire"
)

func TestTheReferenceClientsActionsAreSaidAsAuthorsSayThem(t *testing.T) {
	for action, want := range map[string]string{
		"dismiss":                               "dismiss",
		"/offers":                               "/offers",
		"event:wants-yearly":                    "event:wants-yearly",
		"gist://close":                          "dismiss",
		"gist://loadPage?url=/offers?a=1#b":     "/offers?a=1#b",
		"gist://loadPage?url=https://a.example": "https://a.example",
		"gist://loadPage":                       "gist://loadPage",
		"gist://snooze?showIn=1440":             "snooze:1440m",
		"gist://snooze":                         "dismiss",
		"gist://snooze?showIn=-3":               "dismiss",
		"gist://showMessage?messageId=tour":     "gist://showMessage?messageId=tour",
		"inapp://rate":                          "inapp://rate",
	} {
		if got := wire.Authored(action); got != want {
			t.Errorf("%s becomes %s, want %s", action, got, want)
		}
	}
}
