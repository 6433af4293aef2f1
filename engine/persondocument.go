package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"handbill/engine/eventlog"
	"handbill/engine/store"
	"handbill/engine/visitor"
)

// Person is everything that is kept about somebody, for people to read.
type Person struct {
	Workspace string `json:"workspace"`
	// Exported is when this was written down.
	Exported time.Time `json:"exported"`
	// Visitors are the ids under which something is kept: "u:" and a user id, "a:" and an anonymous id; their own first, then
	// those that joined it.
	Visitors []string `json:"visitors"`
	// Records is what is remembered, one for each id that has a record.
	Records []PersonRecord `json:"records"`
	// Events are what the log of this edge has, the oldest first.
	Events []PersonEvent `json:"events"`
}

// PersonRecord is what is remembered under one id. Numbers by which repeats are recognised are left out.
type PersonRecord struct {
	Visitor   string         `json:"visitor"`
	Known     string         `json:"known"` // anonymous, claimed or proven
	FirstSeen time.Time      `json:"firstSeen,omitzero"`
	LastSeen  time.Time      `json:"lastSeen,omitzero"`
	Traits    map[string]any `json:"traits,omitempty"`
	Groups    []string       `json:"groups,omitempty"`
	Segments  []string       `json:"segments,omitempty"`
	Joined    []string       `json:"joined,omitempty"`
	Visits    *PersonVisits  `json:"visits,omitempty"`
	// Messages is by message what was done with it, Showings when any came on screen, Throttles the same by throttle.
	Messages  map[string]PersonMessage  `json:"messages,omitempty"`
	Showings  []time.Time               `json:"showings,omitempty"`
	Throttles map[string][]time.Time    `json:"throttles,omitempty"`
	Events    map[string]PersonTracked  `json:"events,omitempty"`
	Campaigns map[string]PersonCampaign `json:"campaigns,omitempty"`
	Sent      []PersonSent              `json:"sent,omitempty"`
	Tests     []PersonSent              `json:"tests,omitempty"`
	Inbox     []PersonInbox             `json:"inbox,omitempty"`
}

// PersonVisits are visits.
type PersonVisits struct {
	Count     int           `json:"count"`
	PageViews int           `json:"pageViews"`
	Recent    []PersonVisit `json:"recent,omitempty"`
}

// PersonVisit is one visit.
type PersonVisit struct {
	Started     time.Time         `json:"started"`
	Last        time.Time         `json:"last"`
	PageViews   int               `json:"pageViews"`
	LandingPage string            `json:"landingPage,omitempty"`
	Referrer    string            `json:"referrer,omitempty"`
	Campaign    map[string]string `json:"campaign,omitempty"`
}

// PersonMessage is what was done with a message.
type PersonMessage struct {
	Opened       int         `json:"opened"`
	FirstOpened  time.Time   `json:"firstOpened,omitzero"`
	LastOpened   time.Time   `json:"lastOpened,omitzero"`
	Clicked      int         `json:"clicked,omitempty"`
	Acted        time.Time   `json:"acted,omitzero"`
	Dismissed    time.Time   `json:"dismissed,omitzero"`
	Snoozed      time.Time   `json:"snoozedUntil,omitzero"`
	Converted    time.Time   `json:"converted,omitzero"`
	Errors       int         `json:"errors,omitempty"`
	Variant      string      `json:"variant,omitempty"`
	DrawnAs      string      `json:"drawnAs,omitempty"`
	Showings     []time.Time `json:"showings,omitempty"`
	HeldBack     int         `json:"heldBack,omitempty"`
	LastHeldBack time.Time   `json:"lastHeldBack,omitzero"`
}

// PersonTracked is what is remembered of the events of one name.
type PersonTracked struct {
	Count int       `json:"count"`
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
}

// PersonCampaign is a way through a campaign.
type PersonCampaign struct {
	Started time.Time      `json:"started"`
	Due     time.Time      `json:"due,omitzero"`
	Again   time.Time      `json:"again,omitzero"`
	Left    time.Time      `json:"left,omitzero"`
	Event   map[string]any `json:"event,omitempty"`
}

// PersonSent is a message that was sent to this person alone.
type PersonSent struct {
	Message   string         `json:"message"`
	Key       string         `json:"key,omitempty"`
	Sent      time.Time      `json:"sent,omitzero"`
	Until     time.Time      `json:"until,omitzero"`
	Shown     bool           `json:"shown"`
	Closed    bool           `json:"closed,omitempty"`
	Cancelled bool           `json:"cancelled,omitempty"`
	Data      map[string]any `json:"data,omitempty"`
}

// PersonInbox is a message that came into the inbox.
type PersonInbox struct {
	Message string    `json:"message"`
	Arrived time.Time `json:"arrived"`
	Opened  bool      `json:"opened"`
	Deleted bool      `json:"deleted,omitempty"`
}

// PersonEvent is an event of the log.
type PersonEvent struct {
	At         time.Time      `json:"at"`
	Visitor    string         `json:"visitor"`
	Type       string         `json:"type"`
	Name       string         `json:"name,omitempty"`
	Message    string         `json:"message,omitempty"`
	Delivery   string         `json:"delivery,omitempty"`
	Value      string         `json:"value,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
	ID         string         `json:"id,omitempty"`
}

// Export is everything that is kept about a person. Name is a user id, an anonymous id (the edge's own, or that of an analytics
// client), one of both with "u:" or "a:" before it, or, with email, an e-mail address. Where it is that of several visitors,
// the error wraps [ErrSeveral] and names them.
func (e *Engine) Export(ctx context.Context, name string, email bool) (Person, error) {
	ids, _, err := e.idsOf(ctx, name, email)
	if err != nil {
		return Person{}, err
	}
	p := Person{Workspace: e.workspace, Exported: e.now().UTC(), Visitors: ids, Records: []PersonRecord{}, Events: []PersonEvent{}}
	for _, id := range ids {
		record, err := e.store.Load(ctx, store.Key{Workspace: e.workspace, Visitor: id})
		if err != nil {
			return Person{}, fmt.Errorf("reading the record of %s: %w", id, err)
		}
		if record == nil {
			record = e.arrivals.of(id)
		}
		if record != nil {
			p.Records = append(p.Records, document(record))
		}
	}
	if err := e.exportEvents(ctx, &p); err != nil {
		return Person{}, err
	}
	if len(p.Records) == 0 && len(p.Events) == 0 {
		return Person{}, fmt.Errorf("%s: %w", name, ErrNobody)
	}
	return p, nil
}

// exportEvents adds what the log has. What cannot be read there is nobody's any more.
func (e *Engine) exportEvents(ctx context.Context, p *Person) error {
	if e.events == nil {
		return nil
	}
	isOf := e.isOf(p.Visitors)
	for event, err := range e.events.All() {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, eventlog.ErrDamaged):
			e.logger.Warn("a part of the log cannot be read, and is not in the export of a visitor", "error", err)
			continue
		case err != nil:
			return err
		case !isOf(event):
			continue
		}
		p.Events = append(p.Events, PersonEvent{
			At: event.At, Visitor: event.Visitor, Type: event.Type, Name: event.Name, Message: event.Message, Delivery: event.Delivery,
			Value: event.Value, Properties: event.Properties, ID: event.ID,
		})
	}
	return nil
}

// document is a record for people to read.
func document(r *visitor.Record) PersonRecord {
	d := PersonRecord{
		Visitor: r.ID, Known: r.Verified.String(), FirstSeen: r.FirstSeen, LastSeen: r.LastSeen, Traits: r.Traits,
		Groups: r.Groups, Segments: r.Segments, Joined: r.Joined, Showings: showingTimes(r.Showings),
	}
	if r.Visits.Count > 0 || r.Visits.PageViews > 0 {
		d.Visits = documentVisits(r.Visits)
	}
	d.Messages = documented(r.Messages, documentMessage)
	d.Throttles = documented(r.Throttled, showingTimes)
	d.Events = documented(r.Events, func(e *visitor.Event) PersonTracked { return PersonTracked{e.Count, e.First, e.Last} })
	d.Campaigns = documented(r.Campaigns, func(run *visitor.Run) PersonCampaign {
		return PersonCampaign{Started: run.Started, Due: run.Due, Again: run.Again, Left: run.Exited, Event: run.Event}
	})
	for _, s := range r.Sent {
		d.Sent = append(d.Sent, PersonSent{
			Message: s.Message, Key: s.Key, Sent: s.At, Until: s.Until, Shown: s.View != 0, Closed: s.Closed, Cancelled: s.Cancelled, Data: s.Data,
		})
	}
	for _, t := range r.Tests {
		d.Tests = append(d.Tests, PersonSent{Message: t.Message, Until: t.Until, Shown: t.Shown != 0, Data: t.Data})
	}
	for _, i := range r.Inbox {
		d.Inbox = append(d.Inbox, PersonInbox{Message: i.Message, Arrived: i.Arrived, Opened: i.Opened, Deleted: i.Deleted})
	}
	return d
}

// documented is a table with each of its values documented; nil where it is empty.
func documented[From, To any](table map[string]From, document func(From) To) map[string]To {
	if len(table) == 0 {
		return nil
	}
	made := make(map[string]To, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		made[name] = document(table[name])
	}
	return made
}

func documentMessage(s *visitor.MessageState) PersonMessage {
	d := PersonMessage{
		Opened: s.Opened, FirstOpened: s.FirstOpened, LastOpened: s.LastOpened, Clicked: s.Clicked, Acted: s.Acted, Dismissed: s.Dismissed,
		Snoozed: s.Snoozed, Converted: s.Converted, Errors: s.Errors, Variant: s.Variant, DrawnAs: s.Drawn, Showings: showingTimes(s.Showings),
	}
	if s.Withheld != nil {
		d.HeldBack, d.LastHeldBack = s.Withheld.Opened, s.Withheld.LastOpened
	}
	return d
}

func documentVisits(v visitor.Visits) *PersonVisits {
	d := &PersonVisits{Count: v.Count, PageViews: v.PageViews}
	for _, visit := range v.Recent {
		made := PersonVisit{
			Started: visit.Started, Last: visit.Last, PageViews: visit.PageViews, LandingPage: visit.LandingPage, Referrer: visit.Referrer,
		}
		for name, value := range map[string]string{
			"source": visit.UTM.Source, "medium": visit.UTM.Medium, "campaign": visit.UTM.Campaign, "term": visit.UTM.Term, "content": visit.UTM.Content,
		} {
			if value == "" {
				continue
			}
			if made.Campaign == nil {
				made.Campaign = map[string]string{}
			}
			made.Campaign[name] = value
		}
		d.Recent = append(d.Recent, made)
	}
	return d
}

func showingTimes(showings []visitor.Showing) []time.Time {
	var all []time.Time
	for _, shown := range showings {
		all = append(all, shown.At)
	}
	return all
}
