package main

import "testing"

// TestASurveyOfTheDemoBranchesAndStartsACampaign answers the demo's survey: first low, then back, then high.
func TestASurveyOfTheDemoBranchesAndStartsACampaign(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/app/projects")
	b.await(in(`dialog[open] section[data-step="score"]`))
	if js[float64](b, `performance.now()`) < 3000 {
		t.Error("it comes before three seconds are over")
	}
	b.click(`input[value="3"]`)
	b.click(`button[name="send"]`)
	b.await(in(`dialog[open] section[data-step="why"]`))
	b.click(`button[name="back"]`)
	b.await(in(`dialog[open] section[data-step="score"]`))
	b.click(`input[value="10"]`)
	b.click(`button[name="send"]`)
	b.await(in(`dialog[open] section[data-step="thanks"]`))
	b.click(`button[name="close"]`)
	b.await(`!document.querySelector("handbill-message")`)

	// The score made a promoter of the visitor, which starts the campaign; the stream says when it is due.
	b.open("http://" + s.edge + "/app/")
	b.await(in(`[data-position="bottom"] button[name="tell-me-more"]`))
	b.open("http://" + s.edge + "/app/projects")
	b.expectNothing("after the survey was sent")
}

func TestAMessageToOnePersonOfTheDemoReachesAnOpenTab(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/app/")
	js[any](b, `(() => { cioanalytics.identify("ines", {email: "ines@tallowby.test"}); return null })()`)
	b.await(answered)
	if out, err := s.messages("send", "invoice-paid", "--to", "ines", "--data", `{"customer": "Ferro", "number": "TB-2061"}`); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b.await(in(`[data-position="top"] section`))
	if text := js[string](b, in("section")+".textContent"); text != "Ferro has paid the invoice TB-2061.See the invoices" {
		t.Errorf("it says %q", text)
	}
}

func TestTheDemoWaitsUntilAPageWasScrolled(t *testing.T) {
	s, b := demo(t, nil), newVisitor(t)
	b.open("http://" + s.edge + "/docs/first-job/")
	b.expectNothing("before the page was scrolled")
	js[any](b, `(() => { scrollTo(0, document.documentElement.scrollHeight); return null })()`)
	b.await(in(`[data-position="bottom"] button[name="show-me"]`))
}
