package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/visitor"
)

// maxName bounds an event's name and a button's name and action, in bytes.
const maxName = 1 << 10

// reportEvent is the track event that reports what happened to a delivery.
const reportEvent = "Report Delivery Event"

// eventSent is one event as the analytics clients send it.
type eventSent struct {
	Type        string          `json:"type"`
	MessageID   string          `json:"messageId"` // the event's own id
	UserID      idSent          `json:"userId"`
	AnonymousID idSent          `json:"anonymousId"`
	Event       string          `json:"event"`
	Name        string          `json:"name"`
	Traits      map[string]any  `json:"traits"`
	Properties  json.RawMessage `json:"properties"`
	GroupID     idSent          `json:"groupId"`
	PreviousID  idSent          `json:"previousId"`
	Timestamp   string          `json:"timestamp"`
	// View and Number name the page view, as a poll does.
	View   string `json:"view"`
	Number int    `json:"number"`
	// Context is what the analytics clients say of page and campaign. It is read as far as it can be.
	Context json.RawMessage `json:"context"`
}

// reportSent are the properties of a report.
type reportSent struct {
	DeliveryID  string `json:"deliveryId"`
	Metric      string `json:"metric"`
	ActionName  string `json:"actionName"`
	ActionValue string `json:"actionValue"`
	Reason      string `json:"reason"`
	// Step and Answers are those of a form.
	Step    string         `json:"step"`
	Answers map[string]any `json:"answers"`
}

// contextSent is what the analytics clients say around an event.
type contextSent struct {
	Page struct {
		URL      string `json:"url"`
		Referrer string `json:"referrer"`
	} `json:"page"`
	Campaign struct {
		Name    string `json:"name"`
		Source  string `json:"source"`
		Medium  string `json:"medium"`
		Term    string `json:"term"`
		Content string `json:"content"`
	} `json:"campaign"`
}

func decodeProperties(raw json.RawMessage, into *map[string]any) error {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return errors.New("properties is not a JSON object")
	}
	return nil
}

func same(a, b visitor.Identity) bool { return a.User == b.User && a.Anonymous == b.Anonymous }

// nobody says whether an event names no visitor at all.
func nobody(identity visitor.Identity) bool { return identity.User == "" && identity.Anonymous == "" }

func (e eventSent) isReport() bool {
	return e.Type == "track" && (e.Event == reportEvent || e.Event == contentEvent)
}

// changesWho says whether what comes after an event may be another visitor's: it waits until the event has its effect.
func (e eventSent) changesWho() bool { return e.Type == "identify" || e.Type == "alias" }

// kept is the event as the log keeps it, or what is wrong with it.
func (e eventSent) kept(ahead time.Duration) (eventlog.Event, error) {
	kept := eventlog.Event{ID: e.MessageID, Type: e.Type, At: e.at(ahead), Name: e.Event}
	switch e.Type {
	case "identify":
		kept.Properties = e.Traits
		return kept, visitor.CheckTraits(e.Traits)
	case "track":
		if e.Event == "" {
			return kept, errors.New("track needs the event's name in event")
		}
	case "page", "screen":
		kept.Name = e.Name
	case "group":
		if e.GroupID == "" {
			return kept, errors.New("group needs the group's id in groupId")
		}
		kept.Name, kept.Properties = string(e.GroupID), e.Traits
	case "alias":
		if kept.Name = clean(string(e.PreviousID)); kept.Name == "" {
			return kept, errors.New("alias needs the previous id in previousId: a text of at most 256 bytes")
		}
	default:
		return kept, fmt.Errorf("type %q does not exist; use track, identify, page, group, alias or screen", e.Type)
	}
	if kept.Properties == nil {
		return kept, decodeProperties(e.Properties, &kept.Properties)
	}
	return kept, nil
}

// pageView is the page view that a page event tells of. Where it names no load of a page, as the reference client's and
// those of servers, the event itself is one.
func (e eventSent) pageView(visit, voucher string) engine.PageView {
	var around contextSent
	_ = json.Unmarshal(e.Context, &around) // what cannot be read stays empty
	if around.Page.URL == "" {
		var properties struct {
			URL      string `json:"url"`
			Referrer string `json:"referrer"`
		}
		_ = json.Unmarshal(e.Properties, &properties)
		around.Page.URL, around.Page.Referrer = properties.URL, properties.Referrer
	}
	view := engine.PageView{
		Visit: visit, View: clean(e.View), Number: e.Number, Voucher: voucher,
		Address: address(around.Page.URL), Referrer: address(around.Page.Referrer),
		Campaign: visitor.UTM{
			Source: around.Campaign.Source, Medium: around.Campaign.Medium, Campaign: around.Campaign.Name,
			Term: around.Campaign.Term, Content: around.Campaign.Content,
		},
	}
	if view.View == "" {
		view.View, view.Number = "event "+e.MessageID, 1
		if e.MessageID == "" {
			view.View = newID()
		}
	}
	return view
}

// address is an address of a page, or nothing.
func address(text string) string {
	if originOf(text) == "" {
		return ""
	}
	return text
}

// report reads an event that reports what happened to a delivery.
func (e eventSent) report(ahead time.Duration) (engine.Report, error) {
	if e.Event == contentEvent {
		return e.contentReport(ahead)
	}
	var sent reportSent
	if err := json.Unmarshal(e.Properties, &sent); err != nil {
		return engine.Report{}, errors.New("properties is not an object with deliveryId and metric")
	}
	if sent.DeliveryID == "" {
		return engine.Report{}, errors.New("properties.deliveryId is missing")
	}
	if len(e.MessageID) > maxIdentifier || len(sent.ActionName) > maxName || len(sent.ActionValue) > maxPage || len(sent.Reason) > maxName {
		return engine.Report{}, errors.New("messageId, actionName, actionValue or reason is too long")
	}
	return engine.Report{
		EventID: e.MessageID, DeliveryID: sent.DeliveryID, Outcome: engine.Outcome(sent.Metric),
		ActionName: sent.ActionName, ActionValue: ownAction(sent.ActionValue), Reason: sent.Reason, Step: sent.Step, Answers: sent.Answers, At: e.at(ahead),
	}, nil
}

// at is when the event happened, by the edge's clock; the zero time when the client does not say.
func (e eventSent) at(ahead time.Duration) time.Time {
	at, err := time.Parse(time.RFC3339, e.Timestamp)
	if err != nil {
		return time.Time{}
	}
	return at.Add(-ahead)
}

// skew is by how much the clock that said when something was sent is ahead of the edge's. A minute may be the way.
func skew(sentAt string, now time.Time) time.Duration {
	sent, err := time.Parse(time.RFC3339, sentAt)
	if err != nil || sent.Sub(now).Abs() < time.Minute {
		return 0
	}
	return sent.Sub(now)
}
