package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// campaignsPage is docs/campaigns.md, whose tables and examples are lived through here.
func campaignsPage(t *testing.T) (text string, examples []string) {
	t.Helper()
	data, err := os.ReadFile("../docs/campaigns.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(string(data), -1) {
		examples = append(examples, match[1])
	}
	return string(data), examples
}

// call reads what a page calls: track("signed_up", {"plan": "trial"}).
var call = regexp.MustCompile("^`(track|identify)\\(\"([a-z_]+)\", (\\{.*\\})\\)`$")

func TestTheDocumentedCampaignIsTrue(t *testing.T) {
	text, examples := campaignsPage(t)
	e := newEdge(t, examples[0])
	who, last := ada, time.Time{}
	story := rows(t, text, "when")[1:]
	for _, row := range story {
		e.now = momentOf(t, row[0], last)
		last = e.now
		if parts := call.FindStringSubmatch(row[1]); parts != nil {
			var values map[string]any
			if err := json.Unmarshal([]byte(parts[3]), &values); err != nil {
				t.Fatal(err)
			}
			if parts[1] == "track" {
				e.happens(who, parts[2], values)
			} else {
				who = visitor.Identity{Anonymous: who.Anonymous, User: parts[2], Level: visitor.LevelIdentified}
				if err := e.Identify(context.Background(), who, values); err != nil {
					t.Fatal(err)
				}
			}
		}
		answer := e.poll(who, app, "tab", "view-"+row[0])
		got := "the message"
		if len(answer.Deliveries) == 0 {
			got = "`" + string(e.because(who.ID(), app, "trial-welcome").Reason) + "`"
		}
		if got != row[2] {
			t.Errorf("%s: %s, and documented is %s", row[0], got, row[2])
		}
		e.openAll(who, answer, "")
	}
	if len(story) < 6 {
		t.Errorf("the story has %d lines", len(story))
	}
}

func TestTheDocumentedReentriesAreTrue(t *testing.T) {
	text, _ := campaignsPage(t)
	table := rows(t, text, "reentry")
	for _, row := range table[1:] {
		e := newEdge(t, "[[messages]]\nid = \"tips\"\nkind = \"campaign\"\npages = [\"*\"]\nfrequency = \"once\"\ntext = \"Tips\"\ntrigger = { event = \"signed_up\", reentry = "+strings.Trim(row[0], "`")+" }\n")
		last := time.Time{}
		for i, when := range table[0][1:] {
			e.now = momentOf(t, when, last)
			last = e.now
			e.happens(ada, "signed_up", nil)
			answer := e.poll(ada, app, "tab", "view-"+e.now.String())
			if want := row[i+1] == "●"; len(answer.Deliveries) == 1 != want {
				t.Errorf("%s, %s: shown is %v, and documented is %t", row[0], when, ids(answer), want)
			}
			e.openAll(ada, answer, "")
		}
	}
	if len(table) < 5 {
		t.Errorf("the table has %d rows", len(table))
	}
}

func TestTheDocumentedReceiptIsReal(t *testing.T) {
	text, examples := campaignsPage(t)
	e := newEdge(t, examples[2])
	body := regexp.MustCompile(`(?s)send -d '(\{.*?\})'`).FindStringSubmatch(text)
	var send engine.Send
	if err := json.Unmarshal([]byte(body[1]), &send); err != nil {
		t.Fatal(err)
	}
	receipt, err := e.Send(context.Background(), send)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := json.Marshal(receipt); !strings.Contains(text, "```json\n"+string(got)+"\n```") {
		t.Errorf("the receipt is %s", got)
	}
	d := e.shows(adaSigned, "https://shop.example.com/account/orders", "view", "order-shipped").Deliveries[0]
	if html := d.Content.HTML(); !strings.Contains(html, "Order 1001 is on its way with Post.") || !strings.Contains(html, "/orders/1001") {
		t.Errorf("it shows %s", html)
	}
}

func TestEveryDocumentedCampaignCompiles(t *testing.T) {
	_, examples := campaignsPage(t)
	for _, example := range examples {
		if _, warnings, err := workspace.Compile([]workspace.File{{Name: "example.toml", Data: []byte(example)}}); err != nil || len(warnings) > 0 {
			t.Errorf("%v %v in\n%s", err, warnings, example)
		}
	}
	if len(examples) < 3 {
		t.Errorf("there are %d examples", len(examples))
	}
}

func TestTheDocumentedReasonsOfKindsAreReal(t *testing.T) {
	text, _ := campaignsPage(t)
	want := []engine.Reason{
		engine.ReasonNotTriggered, engine.ReasonWaiting, engine.ReasonExited, engine.ReasonExpired, engine.ReasonNeedsVerified, engine.ReasonShadow,
	}
	var got []engine.Reason
	for _, row := range rows(t, text, "reason")[1:] {
		got = append(got, engine.Reason(strings.Trim(row[0], "`")))
	}
	if !slices.Equal(got, want) {
		t.Errorf("documented are %q, and there are %q", got, want)
	}
}
