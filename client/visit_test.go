package client_test

import "testing"

func TestAVisitGoesOnOverPagesAndTabs(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("seen.length")
	e.waitReports("welcome opened")
	first := e.waitPolls(1)[0].visit
	b.open(e.URL + "/?next")
	if next := e.waitPolls(2)[1].visit; next != first {
		t.Errorf("the next page is of the visit %q, the first of %q", next, first)
	}
	if report := e.waitEvents(1)[0]; report.visit != first {
		t.Errorf("the report is of the visit %q, the poll of %q", report.visit, first)
	}
	// Another tab of the browser keeps the visit going, and this one takes notice.
	b.do("localStorage.setItem('handbill_visit', (Date.now() - 1000) + ' ' + 'visit-of-another-tab'); cioanalytics.page()")
	if got := e.waitPolls(3)[2].visit; got != first {
		t.Errorf("an older note of a visit changed it to %q", got)
	}
	b.do("localStorage.setItem('handbill_visit', (Date.now() + 1000) + ' ' + 'visit-of-another-tab'); cioanalytics.page()")
	if got := e.waitPolls(4)[3].visit; got != "visit-of-another-tab" {
		t.Errorf("the visit is %q and not that of the other tab", got)
	}
}

func TestAVisitEndsWhenNoPageWasOpenForHalfAnHour(t *testing.T) {
	for _, c := range []struct {
		name, away string
		same       bool
	}{
		{"29 minutes", "Date.now() - 29 * 60_000", true},
		{"30 minutes", "Date.now() - 30 * 60_000", false},
		{"what is no time", "'yesterday'", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/away"] = page("", "")
			b.open(e.URL)
			first := e.waitPolls(1)[0].visit
			b.open(e.URL + "/away")
			b.do("localStorage.setItem('handbill_visit', " + c.away + " + ' " + first + "')")
			b.open(e.URL)
			if again := e.waitPolls(2)[1].visit; (again == first) != c.same || again == "" {
				t.Errorf("the visit was %q and is %q", first, again)
			}
		})
	}
}

func TestPagesOfALoadAreNumbered(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	e.waitPolls(1)
	for i, c := range []struct {
		call   string
		number int
	}{
		{"cioanalytics.page()", 1},                                         // the page is the one that was there
		{"cioanalytics.page('Home')", 1},                                   // it only has a name now
		{"history.pushState(null, '', '/team/'); cioanalytics.page()", 2},  // another page
		{"cioanalytics.page('Billing')", 2},                                // by its name
		{"cioanalytics.page('Invoices')", 3},                               // another by its name
		{"history.pushState(null, '', '/'); cioanalytics.page('Home')", 4}, // back on the first
		{"cioanalytics.identify('ines')", 4},                               // asked anew, on the same page
	} {
		b.do(c.call)
		if asked := e.waitPolls(i + 2)[i+1]; asked.Page.Number != c.number {
			t.Errorf("after %s the page has the number %d, want %d", c.call, asked.Page.Number, c.number)
		}
	}
	view := e.waitPolls(1)[0].View
	for _, event := range e.waitEvents(5) {
		if event.Type == "page" && (event.View != view || event.Number == 0 || event.Context.Page.URL == "") {
			t.Errorf("the event of a page is %+v", event)
		}
	}
}
