package wire_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// sketch is a shop with a draft.
const sketch = shop + `
[[messages]]
id = "offer"
status = "draft"
pages = ["/pricing"]
display = "modal"
[[messages.steps]]
name = "first"
title = "Two months free"
buttons = [{ text = "More", action = "next" }]
[[messages.steps]]
name = "second"
text = "Pay by the year."
`

// previewing is a browser whose site has an engine of its own, and the id of a preview of the draft.
func previewing(t *testing.T) (b *browser, id string) {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Random: middle})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(sketch)}})
	if err != nil {
		t.Fatal(err)
	}
	e.Use(snapshot)
	p, err := e.Preview("offer", 0)
	if err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Options{
		Engine: e, Site: wire.Site{Anonymous: true}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme: func(*http.Request) string { return "https" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return newBrowser(t, h), p.ID
}

type settings struct {
	StepName        string
	DisplaySettings map[string]any
}

func (b *browser) previewed(id string) (*http.Response, []struct {
	message
	DisplaySettings []settings
}) {
	b.t.Helper()
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte(id)))
	defer b.header.Del("X-Gist-Encoded-User-Token")
	answer := b.do("POST", "/_handbill/api/v4/users?sessionId=5f0c", `{}`)
	var list struct {
		InAppMessages []struct {
			message
			DisplaySettings []settings
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		b.t.Fatal(err)
	}
	return answer, list.InAppMessages
}

func TestThePreviewOfTheReferenceClientShowsTheDraftAlone(t *testing.T) {
	b, id := previewing(t)
	answer, list := b.previewed(id)
	if len(list) != 1 || list[0].MessageID != "offer" || answer.Header.Get("X-Gist-Queue-Polling-Interval") != "5" || len(answer.Cookies()) > 0 {
		t.Fatalf("%v %+v", answer.Header, list)
	}
	gist := list[0].Properties.Gist
	if gist["livePreview"] != true || gist["persistent"] != true || gist["routeRuleWeb"] != nil || gist["campaignId"] != list[0].DeliveryID {
		t.Errorf("it says %v", gist)
	}
	report := `{"event":"Report Delivery Event","messageId":"e1","userId":"ada","properties":{"deliveryId":"` + list[0].DeliveryID + `","metric":"opened"}}`
	if answer := b.do("POST", "/_handbill/v1/t", report); answer.StatusCode != 200 {
		t.Errorf("a report is answered %s %s", answer.Status, text(t, answer))
	}
	if answer := b.do("POST", "/_handbill/api/v1/logs/queue/"+list[0].QueueID, `{}`); answer.StatusCode != 200 && answer.StatusCode != 400 {
		t.Errorf("a note is answered %s %s", answer.Status, text(t, answer))
	}
	if _, made := b.previewed("hbp-made-up"); len(made) == 1 && made[0].MessageID == "offer" {
		t.Error("an id that is made up shows the draft")
	}
}

func TestThePreviewOfOurClientIsInItsAddress(t *testing.T) {
	b, id := previewing(t)
	for range 2 {
		answer, list := b.pollPage(origin + "/anywhere?from=mail&cioPreviewId=" + id)
		if names(list) != "offer" || list.InAppMessages[0].Content["display"] != "modal" || len(answer.Cookies()) > 0 {
			t.Errorf("it answers %s, with cookies %v", names(list), answer.Cookies())
		}
	}
	if _, list := b.pollPage(origin + "/anywhere"); strings.Contains(names(list), "offer") {
		t.Error("the draft is on a page without the preview")
	}
}

func TestWhatIsChangedOnThePreviewsBarIsKeptUntilItEnds(t *testing.T) {
	b, id := previewing(t)
	path := "/_handbill/api/v1/preview/" + id
	change := `[{"stepName":"first","displaySettings":{"displayType":"overlay","overlayPosition":"bottomLeft","maxWidth":300}},{"stepName":"gone","displaySettings":{"displayType":"modal"}}]`
	if answer := b.do("POST", path, change); answer.StatusCode != 200 {
		t.Fatalf("%s %s", answer.Status, text(t, answer))
	}
	_, list := b.previewed(id)
	steps := list[0].DisplaySettings
	if len(steps) != 2 || steps[0].DisplaySettings["overlayPosition"] != "bottomLeft" || steps[1].DisplaySettings["displayType"] != "modal" ||
		list[0].Properties.Gist["elementId"] != "x-gist-floating-bottom-left" || list[0].Properties.Gist["messageWidth"] != 300.0 {
		t.Errorf("it is %+v, %v", steps, list[0].Properties.Gist)
	}
	for body, status := range map[string]int{
		`{}`: 400, `[{"stepName":"first","displaySettings":{"displayType":"modal","overlayColor":"red;x"}}]`: 400,
		`[{"stepName":"` + strings.Repeat("x", 2000) + `"}]`: 400, `[` + strings.Repeat(`{},`, 60) + `{}]`: 400,
	} {
		if answer := b.do("POST", path, body); answer.StatusCode != status {
			t.Errorf("%.60s: %s %s", body, answer.Status, text(t, answer))
		}
	}
	if answer := b.do("DELETE", path, ""); answer.StatusCode != 200 {
		t.Errorf("%s %s", answer.Status, text(t, answer))
	}
	if _, list := b.previewed(id); len(list) > 0 {
		t.Errorf("after its end it shows %+v", list)
	}
	for _, method := range []string{"POST", "DELETE"} {
		if answer := b.do(method, "/_handbill/api/v1/preview/hbp-made-up", `[]`); answer.StatusCode != 404 {
			t.Errorf("%s of a preview that is made up: %s", method, answer.Status)
		}
	}
	if answer := b.do("POST", path, change); answer.StatusCode != 404 {
		t.Errorf("a change after its end: %s", answer.Status)
	}
}
