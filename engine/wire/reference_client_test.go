package wire_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

// site is an endpoint whose clock a test puts on.
type site struct {
	*wire.Handler
	t      *testing.T
	engine *engine.Engine
	now    time.Time
}

func newSite(t *testing.T, text string) *site {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	s := &site{t: t, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	var err error
	s.engine, err = engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Random: middle, Now: func() time.Time { return s.now }})
	if err != nil {
		t.Fatal(err)
	}
	s.use(text)
	s.Handler, err = wire.New(wire.Options{
		Engine: s.engine, Site: wire.Site{Anonymous: true, Identity: wire.Identity{Outright: true}}, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}},
		Scheme: func(*http.Request) string { return "https" },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) use(text string) {
	s.t.Helper()
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.engine.Use(snapshot)
}

// counted are a message's counts: opened, dismissed, clicked.
func (s *site) counted(message string) [3]int64 {
	s.t.Helper()
	all, err := s.engine.Statistics(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range all {
		if m.Message == message {
			return [3]int64{m.Opened, m.Dismissed, m.Clicked}
		}
	}
	return [3]int64{}
}

// referenceClient does in a browser what the reference client does there, as far as it decides what is shown.
type referenceClient struct {
	*browser
	site   *site
	events int
	user   string
	// seen are the queue ids that it shows no more.
	seen map[string]bool
	// shown and rests are how often it showed a broadcast, and until when it shows it no more.
	shown map[string]int
	rests map[string]time.Time
}

func newReferenceClient(t *testing.T, s *site) *referenceClient {
	b := newBrowser(t, s)
	b.cookies["ajs_anonymous_id"] = "8c6d"
	return &referenceClient{browser: b, site: s, seen: map[string]bool{}, shown: map[string]int{}, rests: map[string]time.Time{}}
}

func (c *referenceClient) identify(user string) {
	c.header.Del("X-Gist-User-Anonymous")
	c.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte(user)))
	c.user = user
	c.send("i", `"type":"identify"`)
}

// open loads a page in a session, and returns what it shows there.
func (c *referenceClient) open(session string) map[string]referenceMessage {
	c.t.Helper()
	shown := make(map[string]referenceMessage)
	for id, m := range c.asReference(session) {
		if c.show(m) {
			shown[id] = m
		}
	}
	return shown
}

func (c *referenceClient) show(m referenceMessage) bool {
	c.t.Helper()
	if broadcast, counts := m.Properties.Gist["broadcast"].(map[string]any); counts {
		frequency := broadcast["frequency"].(map[string]any)
		count, delay := int(frequency["count"].(float64)), time.Duration(frequency["delay"].(float64))*time.Second
		if m.Properties.Gist["campaignId"] != nil || c.site.now.Before(c.rests[m.QueueID]) || count > 0 && c.shown[m.QueueID] >= count {
			return false
		}
		c.shown[m.QueueID]++
		if c.rests[m.QueueID] = c.site.now.Add(delay); count == 1 {
			c.rests[m.QueueID] = c.site.now.AddDate(1, 0, 0)
		}
		c.log(m)
		c.content(broadcast, "viewed_content", "")
		return true
	}
	if c.seen[m.QueueID] {
		return false
	}
	if m.Properties.Gist["persistent"] != true {
		c.seen[m.QueueID] = true
		c.log(m)
	}
	c.delivery(m, "opened", "")
	return true
}

// close is a visitor who closes what is shown.
func (c *referenceClient) close(m referenceMessage) {
	c.t.Helper()
	if broadcast, counts := m.Properties.Gist["broadcast"].(map[string]any); counts {
		if broadcast["frequency"].(map[string]any)["ignoreDismiss"] != true {
			c.rests[m.QueueID] = c.site.now.AddDate(1, 0, 0)
		}
	} else if m.Properties.Gist["persistent"] == true {
		c.seen[m.QueueID] = true
		c.log(m)
	}
}

// press is a visitor who uses a button.
func (c *referenceClient) press(m referenceMessage, action string) {
	c.t.Helper()
	if broadcast, counts := m.Properties.Gist["broadcast"].(map[string]any); counts {
		c.content(broadcast, "clicked_content", action)
		return
	}
	c.delivery(m, "clicked", action)
}

func (c *referenceClient) log(m referenceMessage) {
	c.t.Helper()
	if answer := c.do("POST", "/_handbill/api/v1/logs/queue/"+m.QueueID, "{}"); answer.StatusCode != http.StatusOK {
		c.t.Fatalf("a note was answered with %d: %s", answer.StatusCode, text(c.t, answer))
	}
}

func (c *referenceClient) delivery(m referenceMessage, metric, action string) {
	c.t.Helper()
	c.send("t", fmt.Sprintf(`"type":"track","event":"Report Delivery Event","properties":{"deliveryId":%q,"metric":%q,"actionName":"go","actionValue":%q}`, m.QueueID, metric, action))
}

func (c *referenceClient) content(broadcast map[string]any, kind, action string) {
	c.t.Helper()
	c.send("t", fmt.Sprintf(`"type":"track","event":"Report Content Event","properties":{"actionType":%q,"contentId":%v,"templateId":%v,"contentType":"in_app_content","actionName":"go","actionValue":%q}`,
		kind, int(broadcast["broadcastIdInt"].(float64)), broadcast["templateId"], action))
}

// send sends an event as the analytics client does, and twice, for an answer may be lost.
func (c *referenceClient) send(path, event string) {
	c.t.Helper()
	c.events++
	for range 2 {
		if answer := c.do("POST", "/_handbill/v1/"+path, fmt.Sprintf(`{"anonymousId":"8c6d","userId":%q,"messageId":"ajs-next-%d",%s}`, c.user, c.events, event)); answer.StatusCode != http.StatusOK {
			c.t.Fatalf("%s was answered with %d: %s", event, answer.StatusCode, text(c.t, answer))
		}
	}
}

func oneMessage(keys string) string {
	return "[[messages]]\nid = \"m\"\npages = [\"*\"]\ntext = \"A\"\nbuttons = [{ name = \"go\", text = \"Go\", action = \"/offers\" }]\n" + keys + "\n"
}
