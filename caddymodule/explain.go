package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"handbill/engine"
	"handbill/engine/pagerule"
	"handbill/engine/wire"
)

// explanation is the answer to why messages show on a page, or do not, and whether the page has its snippet at all.
type explanation struct {
	engine.Explanation
	Injection pageVerdict `json:"injection"`
}

// explainQuery is what an operator asks, as text.
type explainQuery struct {
	URL, Name, Visitor, At, Country, Zone string
	Headers, Traits, Events               []string
	// believed: the sites say identity unsigned outright.
	believed bool
}

// values is the query as the admin API takes it.
func (q *explainQuery) values() url.Values {
	values := url.Values{}
	for name, value := range q.single() {
		if *value != "" {
			values.Set(name, *value)
		}
	}
	for name, several := range q.several() {
		for _, value := range *several {
			values.Add(name, value)
		}
	}
	return values
}

// readExplainQuery is the query of a call of the admin API.
func readExplainQuery(values url.Values) explainQuery {
	var q explainQuery
	for name, value := range q.single() {
		*value = values.Get(name)
	}
	for name, several := range q.several() {
		*several = values[name]
	}
	return q
}

func (q *explainQuery) single() map[string]*string {
	return map[string]*string{"url": &q.URL, "name": &q.Name, "visitor": &q.Visitor, "at": &q.At, "country": &q.Country, "zone": &q.Zone}
}

func (q *explainQuery) several() map[string]*[]string {
	return map[string]*[]string{"header": &q.Headers, "trait": &q.Traits, "event": &q.Events}
}

func (a *App) answerExplain(r *http.Request, s *service) (any, error) {
	e, err := s.serving()
	if err != nil {
		return nil, err
	}
	query := readExplainQuery(r.URL.Query())
	query.believed = s.believesOutright()
	answer, err := explain(r.Context(), e, query, a.countryHeaders[s.key.workspace])
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(query.URL)
	if err != nil {
		return nil, badRequest{fmt.Errorf("url: %w", err)}
	}
	header, err := readHeaders(query.Headers)
	if err != nil {
		return nil, err
	}
	answer.Injection = explainPage(r.Context(), address, header)
	return answer, nil
}

// explain asks an engine. Countries are read from the headers that are believed.
func explain(ctx context.Context, e *engine.Engine, query explainQuery, countryHeaders []string) (explanation, error) {
	request, err := query.read(countryHeaders)
	if err != nil {
		return explanation{}, err
	}
	explained, err := e.Explain(ctx, request)
	return explanation{explained, pageIsNotAsked}, err
}

// read reads the question; countryHeaders are those by which a country is believed.
func (q *explainQuery) read(countryHeaders []string) (engine.ExplainRequest, error) {
	page, err := pagerule.NewPage(q.URL, q.Name)
	if err != nil {
		return engine.ExplainRequest{}, badRequest{fmt.Errorf("url: %w", err)}
	}
	header, err := readHeaders(q.Headers)
	if err != nil {
		return engine.ExplainRequest{}, err
	}
	request := engine.ExplainRequest{Page: &page, Visitor: q.Visitor, Zone: q.Zone, Believed: q.believed}
	request.Browser, request.Languages = wire.BrowserOf(header)
	if request.Browser.Country, err = q.readCountryOf(header, countryHeaders); err != nil {
		return engine.ExplainRequest{}, err
	}
	if request.Traits, err = readTraits(q.Traits); err != nil {
		return engine.ExplainRequest{}, err
	}
	if request.Events, err = readEvents(q.Events); err != nil {
		return engine.ExplainRequest{}, err
	}
	if q.At != "" {
		if request.At, err = time.Parse(time.RFC3339, q.At); err != nil {
			return engine.ExplainRequest{}, badRequest{fmt.Errorf("at: %q is not a time; write it as 2026-12-01T09:00:00Z", q.At)}
		}
	}
	return request, nil
}

// readTraits reads "plan=trial" and "seats=5": a value is JSON, or else text.
func readTraits(written []string) (map[string]any, error) {
	traits := map[string]any{}
	for _, trait := range written {
		name, text, found := strings.Cut(trait, "=")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, badRequest{fmt.Errorf("trait: %q is not a trait; write it as plan=trial or seats=5", trait)}
		}
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		traits[name] = value
	}
	return traits, nil
}

// readEvents reads "signed_up", and with properties `signed_up {"plan": "trial"}`.
func readEvents(written []string) ([]engine.MadeUpEvent, error) {
	var events []engine.MadeUpEvent
	for _, text := range written {
		event := engine.MadeUpEvent{Name: strings.TrimSpace(text)}
		if name, _, found := strings.Cut(text, " {"); found {
			event.Name = strings.TrimSpace(name)
			if err := json.Unmarshal([]byte(text[len(name):]), &event.Properties); err != nil {
				return nil, badRequest{fmt.Errorf("event: the properties of %q are not JSON (%w); write it as 'signed_up {\"plan\": \"trial\"}'", event.Name, err)}
			}
		}
		if event.Name == "" {
			return nil, badRequest{fmt.Errorf("event: %q has no name; write it as signed_up", text)}
		}
		events = append(events, event)
	}
	return events, nil
}
