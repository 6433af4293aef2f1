package engine

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"

	"handbill/engine/content"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// rendered is what a message shows to the visitor of a situation.
type rendered struct {
	message *workspace.Message
	of      occasion
	test    *visitor.Test
	// content is what to show. For a message that everybody in this language gets, it is the same pointer every time.
	content *content.Content
	// text is the content as JSON where it was made for this visitor; nil for what everybody gets.
	text    []byte
	dropped []error
	err     error
}

// render makes what a message shows, once in a situation.
func (e *Engine) render(m *workspace.Message, s *situation) rendered {
	return e.renderWith(m, s, nil)
}

// renderWith makes what a message shows in a test, or with nil, what it shows.
func (e *Engine) renderWith(m *workspace.Message, s *situation, test *visitor.Test) rendered {
	if test == nil && m.Variant == "" {
		m = s.variant(m)
	}
	if m.Localized == nil {
		return rendered{message: m, content: &m.Content}
	}
	if same := m.Localized.Static(); same != nil {
		return rendered{message: m, content: same}
	}
	of := s.occasion(m)
	for _, before := range s.rendered {
		if before.message == m && before.of == of && before.test == test {
			return before
		}
	}
	r := rendered{message: m, of: of, test: test}
	edition := m.Localized.In(s.reads())
	if r.content = edition.Same(); r.content == nil {
		made, err := edition.Render(s.values(m, test))
		s.passing = s.passing || err != nil || edition.AsksTime() // rendering is bounded in time, too
		r.content, r.dropped, r.err = &made.Content, made.Dropped, err
		if err == nil {
			r.text, r.err = json.Marshal(r.content)
		}
	}
	s.rendered = append(s.rendered, r)
	return r
}

// reads are the languages of the visitor, the best first: what a trait says comes before what the browser does.
func (s *situation) reads() []string {
	var languages []string
	if s.record != nil {
		for _, trait := range []string{"locale", "language"} {
			if said, ok := s.record.Traits[trait].(string); ok && said != "" {
				languages = append(languages, said)
			}
		}
	}
	return append(languages, s.languages...)
}

// values are what templates can read. The id of an anonymous visitor is not among them: it is in a cookie that no page
// can read, and a text would tell it.
func (s *situation) values(m *workspace.Message, test *visitor.Test) content.Values {
	values := content.Values{User: s.identity.User}
	if test != nil {
		values.Event, values.Data = test.Data, test.Data
	} else if run := s.run(m); run != nil {
		values.Event = run.Event
	} else if sent := s.sent(m); sent != nil {
		values.Data = sent.Data
	}
	if s.record != nil {
		values.Traits = s.record.Traits
	}
	if s.page != nil {
		values.Page = content.Page{URL: s.page.URL, Name: s.page.Name}
		if address, err := url.Parse(s.page.URL); err == nil {
			values.Page.Path = address.Path
		}
	}
	return values
}

// askContent asks whether there is something to show with this visitor's values.
func askContent(e *Engine, m *workspace.Message, s *situation) Reason {
	r := e.render(m, s)
	if r.err == nil {
		return ReasonNone
	}
	if _, known := e.unrenderable.LoadOrStore(m, true); !known {
		e.logger.Warn("a message cannot be shown with a visitor's values", "workspace", e.workspace, "message", m.ID,
			"place", fmt.Sprintf("%s:%d", m.File, m.Line), "error", r.err)
	}
	return ReasonContent
}

func describeContent(e *Engine, m *workspace.Message, s *situation) (string, string) {
	r := e.render(m, s)
	switch {
	case r.err != nil:
		return "the content cannot be made: " + r.err.Error(), fmt.Sprintf("change the template in %s:%d so that it shows something with these values", m.File, m.Line)
	case len(r.dropped) > 0:
		return fmt.Sprintf("the content is without %v", r.dropped[0]), ""
	case r.text != nil:
		return "the content is made for this visitor", ""
	}
	if m.Embed {
		return "the content is the same for everybody, and comes with the page where the edge sends the reference client", ""
	}
	return "the content is the same for everybody", ""
}

// withContents gives deliveries what they show. A test send that has nothing to show is left out; other messages were
// asked before.
func (e *Engine) withContents(s *situation, deliveries []Delivery) []Delivery {
	kept := deliveries[:0]
	for _, d := range deliveries {
		if d.Waiting {
			kept = append(kept, d)
			continue
		}
		r := e.renderWith(d.Message, s, s.test(d))
		if r.err != nil {
			continue
		}
		d.Content, d.Text, d.dropped = r.content, r.text, len(r.dropped)
		kept = append(kept, d)
	}
	return kept
}

// test is the test send of a delivery; nil where it is none.
func (s *situation) test(d Delivery) *visitor.Test {
	if !d.Test || s.record == nil {
		return nil
	}
	at := slices.IndexFunc(s.record.Tests, func(t visitor.Test) bool { return t.Message == d.Message.ID })
	if at < 0 {
		return nil
	}
	return &s.record.Tests[at]
}

// countDropped counts an error for each link, button and picture that is left out of what the client did not hold before.
func (e *Engine) countDropped(deliveries []Delivery) {
	for _, d := range deliveries {
		if d.dropped > 0 && !d.Test {
			e.store.Count(e.workspace, d.Message.ID, store.MetricError.In(d.Message.Variant), d.dropped)
		}
	}
}
