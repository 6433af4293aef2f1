package workspace

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// signedUp is a campaign, to which the tests add what is wrong from line 9 on.
const (
	campaign = banner + "kind = \"campaign\"\n"
	signedUp = campaign + "[messages.trigger]\nevent = \"signed_up\"\n"
)

func init() { wrongValues = append(wrongValues, wrongKinds...) }

// wrongKinds are what is said of wrong kinds of messages, and of what belongs to them.
var wrongKinds = []struct{ key, name, text, want string }{
	{"messages.kind", "is a number", banner + "kind = 1\n", `a.toml:6:1: message "spring-sale": kind must be text, but is a whole number; write kind = "broadcast"`},
	{"messages.kind", "is unknown", banner + "kind = \"newsletter\"\n", `a.toml:6:1: message "spring-sale": kind "newsletter" is not known; write "broadcast", "campaign" or "transactional"`},
	{"messages.kind", "is a campaign without a trigger", campaign, `a.toml:1:1: message "spring-sale": a campaign needs a trigger; add trigger = { event = "signed_up" }`},
	{"messages.kind", "is transactional with a frequency", banner + "kind = \"transactional\"\nfrequency = \"once\"\n", `a.toml:7:1: message "spring-sale": a transactional message is shown once for each time that it is sent; take it away`},
	{"messages.kind", "is transactional and for who is anonymous", banner + "kind = \"transactional\"\naudience = \"anonymous\"\n", `a.toml:7:1: message "spring-sale": a transactional message is sent to people who have identified; take it away`},
	{"messages.trigger", "is text", campaign + "trigger = \"signed_up\"\n", `a.toml:7:1: message "spring-sale": trigger must be a table, but is text; write trigger = { event = "signed_up", delay = "1h" }`},
	{"messages.trigger", "is that of a broadcast", banner + "trigger = { event = \"signed_up\" }\n", `a.toml:6:1: message "spring-sale": a broadcast message has no trigger; set kind = "campaign", or take the trigger away`},
	{"messages.trigger", "is that of a transactional message", banner + "kind = \"transactional\"\ntrigger = { event = \"signed_up\" }\n", `a.toml:7:1: message "spring-sale": a transactional message has no trigger; set kind = "campaign", or take the trigger away`},
	{"messages.trigger", "is empty", campaign + "trigger = {}\n", `a.toml:7:1: message "spring-sale": trigger: it says neither an event nor a segment nor a visit; add event = "signed_up"`},
	{"messages.trigger", "has two causes", signedUp + "visit = \"first\"\n", `a.toml:9:1: message "spring-sale": trigger: it has visit beside event; keep one of them, and make another message for the other`},
	{"messages.trigger", "has a key of the message", signedUp + "frequency = \"once\"\n", `a.toml:9:1: message "spring-sale": trigger: there is no key "frequency" here; it belongs in [[messages]]`},
	{"messages.trigger.event", "is a list", campaign + "trigger = { event = [\"a\"] }\n", `a.toml:7:13: message "spring-sale": trigger: event must be text, but is a list of texts; write event = "signed_up"`},
	{"messages.trigger.event", "is empty", campaign + "trigger = { event = \"\" }\n", `a.toml:7:13: message "spring-sale": trigger: event has 0 characters; it must have 1 to 1024; write the name that the site says: event = "signed_up"`},
	{"messages.trigger.where", "is a number", signedUp + "where = 1\n", `a.toml:9:1: message "spring-sale": trigger: where must be text, but is a whole number; write where = 'event.plan == "trial"'`},
	{"messages.trigger.where", "does not compile", signedUp + "where = 'event.plan = \"trial\"'\n", `a.toml:9:21: message "spring-sale": trigger: where: = is not known; write == to compare`},
	{"messages.trigger.where", "is that of a visit", campaign + "[messages.trigger]\nvisit = \"any\"\nwhere = 'event.plan == \"trial\"'\n", `a.toml:9:1: message "spring-sale": trigger: only an event has properties to ask for; write it as the message's own where, or in the segment`},
	{"messages.trigger.segment", "is true", campaign + "trigger = { segment = true, on = \"enter\" }\n", `a.toml:7:13: message "spring-sale": trigger: segment must be text, but is true or false; write segment = "trial-users"`},
	{"messages.trigger.segment", "is not there", campaign + "trigger = { segment = \"trial\", on = \"enter\" }\n", `a.toml:7:13: message "spring-sale": trigger: there is no segment "trial"; define it: [[segments]] id = "trial"`},
	{"messages.trigger.segment", "is an audience", campaign + "trigger = { segment = \"anyone\", on = \"enter\" }\n", `a.toml:7:13: message "spring-sale": trigger: there is no segment "anyone"; define it: [[segments]] id = "anyone"`},
	{"messages.trigger.segment", "is misspelt", segment("trial", "visitor.new") + campaign + "trigger = { segment = \"trail\", on = \"enter\" }\n", `a.toml:10:13: message "spring-sale": trigger: there is no segment "trail"; write "trial", or define it: [[segments]] id = "trail"`},
	{"messages.trigger.on", "is not said", segment("trial", "visitor.new") + campaign + "trigger = { segment = \"trial\" }\n", `a.toml:10:13: message "spring-sale": trigger: it does not say how the segment starts it; add on = "enter" or on = "leave"`},
	{"messages.trigger.on", "is without a segment", signedUp + "on = \"enter\"\n", `a.toml:9:1: message "spring-sale": trigger: on says how a segment starts it, and there is none; add segment = "trial-users"`},
	{"messages.trigger.on", "is another word", segment("trial", "visitor.new") + campaign + "trigger = { segment = \"trial\", on = \"join\" }\n", `a.toml:10:32: message "spring-sale": trigger: on "join" is not known; write "enter" or "leave"`},
	{"messages.trigger.visit", "is another word", campaign + "trigger = { visit = \"second\" }\n", `a.toml:7:13: message "spring-sale": trigger: visit "second" is not known; write "any", "first" or "returning"`},
	{"messages.trigger.delay", "is a number", signedUp + "delay = 60\n", `a.toml:9:1: message "spring-sale": trigger: delay must be text, but is a whole number; write delay = "1h"`},
	{"messages.trigger.delay", "has an unknown unit", signedUp + "delay = \"1y\"\n", `a.toml:9:1: message "spring-sale": trigger: delay "1y" is no length of time; write for example "30s", "5m", "2h", "3d" or "1w"`},
	{"messages.trigger.reentry", "is true", signedUp + "reentry = true\n", `a.toml:9:1: message "spring-sale": trigger: reentry must be text, but is true or false; write reentry = "30d"`},
	{"messages.trigger.reentry", "is another word", signedUp + "reentry = \"sometimes\"\n", `a.toml:9:1: message "spring-sale": trigger: reentry "sometimes" is not understood; write "never", "always", or a length of time such as "30d"`},
	{"messages.exit", "is a list", signedUp + "[[messages]]\nid = \"b\"\npages = [\"*\"]\ntext = \"B\"\nkind = \"campaign\"\ntrigger = { event = \"a\" }\nexit = [\"a\"]\n", `a.toml:15:1: message "b": exit must be text, but is a list of texts; write exit = 'traits.plan == "paid"'`},
	{"messages.exit", "is that of a broadcast", banner + "exit = 'traits.plan == \"paid\"'\n", `a.toml:6:1: message "spring-sale": a broadcast message has no exit; set kind = "campaign", or write what must hold in where`},
	{"messages.exit", "asks for an event's properties", campaign + "exit = 'event.plan == \"paid\"'\ntrigger = { event = \"a\" }\n", `a.toml:7:9: message "spring-sale": exit: event is known only to the filter of a trigger; to ask for past events write events["signed_up"].count > 0`},
	{"messages.text", "reads an event in a broadcast", modal + "text = \"{{ event.plan }}\"\n", `a.toml:1:1: message "tour": only a campaign that an event starts has {{ event }}; write trigger = { event = "…" }, or take {{ event }} out of the texts`},
	{"messages.text", "reads an event in a campaign of visits", modal + "kind = \"campaign\"\ntrigger = { visit = \"any\" }\ntext = \"{{ event.plan }}\"\n", `a.toml:1:1: message "tour": only a campaign that an event starts has {{ event }}; write trigger = { event = "…" }, or take {{ event }} out of the texts`},
	{"messages.text", "reads data in a broadcast", modal + "text = \"{{ data.order }}\"\n", `a.toml:1:1: message "tour": only a transactional message has {{ data }}; set kind = "transactional", or take {{ data }} out of the texts`},
}

func TestKindsAreCompiled(t *testing.T) {
	s := good(t, "a.toml", segment("trial", "traits.plan == \"trial\"")+segment("docs", "page.path.startsWith(\"/docs\")")+`
[[messages]]
id = "welcome"
kind = "campaign"
trigger = { event = "signed_up", where = 'event.plan == "trial"', delay = "1h", reentry = "30d" }
exit = 'traits.plan == "paid"'
expires = "7d"
pages = ["*"]
text = "Hello {{ event.name }}"

[[messages]]
id = "trial"
kind = "campaign"
status = "paused"
trigger = { segment = "trial", on = "enter" }
exit = 'segment("docs")'
pages = ["*"]
text = "A"

[[messages]]
id = "left"
kind = "campaign"
trigger = { segment = "trial", on = "leave", reentry = "always" }
pages = ["*"]
text = "A"

[[messages]]
id = "docs"
kind = "campaign"
trigger = { segment = "docs", on = "enter", reentry = "never" }
pages = ["*"]
text = "A"

[[messages]]
id = "visit"
kind = "campaign"
trigger = { visit = "returning" }
pages = ["*"]
text = "A"

[[messages]]
id = "later"
kind = "campaign"
status = "draft"
trigger = { event = "signed_up" }
pages = ["*"]
text = "A"

[[messages]]
id = "order"
kind = "transactional"
pages = ["*"]
text = "Order {{ data.order }}"
`)
	welcome := s.Message("welcome")
	if w := welcome.Trigger; w.Event != "signed_up" || w.Where == nil || w.Delay != time.Hour || w.Reentry != 30*24*time.Hour ||
		!welcome.ReadsEvent || welcome.Expires != 7*24*time.Hour || !welcome.ExitConstant {
		t.Errorf("welcome is %+v, its trigger %+v", welcome, w)
	}
	if m := s.Message("trial"); m.Trigger.Reentry != Never || m.ReadsEvent || m.Expires != DefaultExpires || m.ExitConstant {
		t.Errorf("trial is %+v", m)
	}
	if m := s.Message("order"); m.Kind != KindTransactional || m.Expires != DefaultExpires {
		t.Errorf("order is %+v", m)
	}
	if got := s.StartedByEvent("signed_up"); !slices.Equal(got, []*Message{welcome}) {
		t.Errorf("the event starts %v", got)
	}
	if got := s.StartedByVisit(); !slices.Equal(got, []*Message{s.Message("visit")}) {
		t.Errorf("visits start %v", got)
	}
	entrances := s.Entrances()
	if len(entrances) != 2 || entrances[0].Segment != "docs" || entrances[0].Constant || entrances[1].Segment != "trial" || !entrances[1].Constant ||
		entrances[1].Entered[0].ID != "trial" || entrances[1].Left[0].ID != "left" {
		t.Errorf("the entrances are %+v", entrances)
	}
	if again := welcome.Trigger.Again(at); !again.Equal(at.Add(30 * 24 * time.Hour)) {
		t.Errorf("welcome starts again at %s", again)
	}
	if again := s.Message("docs").Trigger.Again(at); !again.IsZero() {
		t.Errorf("what never starts again does at %s", again)
	}
}

func TestASegmentThatChangesChangesWhenACampaignIsLeft(t *testing.T) {
	text := segment("done", "visitor.new") + signedUp + "[[messages]]\nid = \"b\"\nkind = \"campaign\"\ntrigger = { event = \"a\" }\nexit = 'segment(\"done\")'\npages = [\"*\"]\ntext = \"B\"\n"
	before := good(t, "a.toml", text)
	after, _, err := CompileFrom(before, []File{{Name: "a.toml", Data: []byte(strings.Replace(text, "visitor.new", "page.path == \"/a\"", 1))}})
	if err != nil || !before.Message("b").ExitConstant || after.Message("b").ExitConstant {
		t.Errorf("before %t, after %t, error %v", before.Message("b").ExitConstant, after.Message("b").ExitConstant, err)
	}
}

func TestAnEditOfACampaignIsReadLikeTheWhole(t *testing.T) {
	text := segment("trial", "traits.plan == \"trial\"") + `[[messages]]
id = "tips"
kind = "campaign"
trigger = { segment = "trial", on = "enter" }
exit = 'traits.plan == "paid"'
pages = ["*"]
text = "Tips"

[[messages]]
id = "news"
kind = "campaign"
trigger = { event = "signed_up", where = 'event.plan == "trial"' }
pages = ["*"]
text = "News of {{ event.plan }}"
`
	before := good(t, "a.toml", text)
	for _, edit := range []string{"Tips, new", "News, new"} {
		old, _, _ := strings.Cut(edit, ",")
		after, warnings, err := CompileFrom(before, []File{{Name: "a.toml", Data: []byte(strings.Replace(text, `"`+old, `"`+edit, 1))}})
		if err != nil || len(warnings) > 0 {
			t.Fatal(warnings, err)
		}
		if e := after.Entrances(); len(e) != 1 || e[0].Entered[0] != after.Message("tips") || !after.Exits() {
			t.Errorf("after the edit of %s the entrances are %+v", old, e)
		}
		if started := after.StartedByEvent("signed_up"); len(started) != 1 || started[0] != after.Message("news") || started[0].Trigger.Where == nil {
			t.Errorf("after the edit of %s the event starts %v", old, started)
		}
	}
	_, _, err := CompileFrom(before, []File{{Name: "a.toml", Data: []byte(strings.Replace(text, `segment = "trial"`, `segment = "trail"`, 1))}})
	if err == nil || !strings.Contains(err.Error(), `there is no segment "trail"`) {
		t.Errorf("a wrong edit: %v", err)
	}
}
