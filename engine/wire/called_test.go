package wire_test

import (
	"strings"
	"testing"

	"handbill/engine/wire"
)

func TestWhyACalledMessageIsRefusedIsSaidAlsoWhereNothingIsDue(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, `
[workspace]
site_id = "shop"

[[messages]]
id = "whats-new"
pages = ["/app/*"]
text = "Dark mode is here."
`))
	for _, c := range []struct{ path, want string }{
		{"/", `"refused":{"whats-new":"page"}`},
		{"/app/orders", `"messageId":"whats-new"`},
	} {
		answer := b.do("POST", "/_handbill/api/v4/users?sessionId=visit", `{"page":{"url":"`+origin+c.path+`"},"tab":"t","view":"v","show":{"whats-new":""}}`)
		if said := text(t, answer); answer.StatusCode != 200 || !strings.Contains(said, c.want) {
			t.Errorf("on %s: status %d, %s", c.path, answer.StatusCode, said)
		}
	}
}
