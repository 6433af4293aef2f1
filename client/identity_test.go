package client_test

import (
	"encoding/json"
	"net/http"
	"testing"
)

func TestIdentifyIsSentBeforeTheNextPollAndRemembered(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	first := e.waitPolls(1)[0]
	if first.UserID != "" {
		t.Errorf("the poll of nobody is of %q", first.UserID)
	}
	b.js("cioanalytics.identify('ines@example.com', { plan: 'trial' })")
	second := e.waitPolls(2)[1]
	e.mu.Lock()
	if got := e.requests; len(got) != 3 || got[1] != "/v1/b" || got[2] != "/api/v4/users" {
		t.Errorf("the requests are %q", got)
	}
	e.mu.Unlock()
	if second.UserID != "ines@example.com" {
		t.Errorf("the poll is of %q", second.UserID)
	}
	b.expect(`[localStorage.getItem("ajs_user_id"), document.cookie.includes("ajs_user_id=ines%40example.com")]`, `["\"ines@example.com\"",true]`)

	// The next page knows at once.
	b.open(e.URL + "/?again")
	if third := e.waitPolls(3)[2]; third.UserID != "ines@example.com" {
		t.Errorf("after a reload the poll is of %q", third.UserID)
	}

	b.js("cioanalytics.reset()")
	if fourth := e.waitPolls(4)[3]; fourth.UserID != "" {
		t.Errorf("after reset the poll is of %q", fourth.UserID)
	}
	b.expect(`[localStorage.getItem("ajs_user_id"), localStorage.getItem("ajs_anonymous_id"), document.cookie]`, `[null,null,""]`)
}

func TestIdsOfEveryAlphabetReachTheEdge(t *testing.T) {
	for _, id := range []string{"müller", "伊藤", "42"} {
		e, b := newEdge(t), newTab(t)
		b.open(e.URL)
		e.waitPolls(1)
		b.js("cioanalytics.identify('" + id + "')")
		if asked := e.waitPolls(2)[1]; asked.UserID != id {
			t.Errorf("%s polls as %q", id, asked.UserID)
		}
		if sent := e.waitEvents(1)[0]; *sent.UserID != id {
			t.Errorf("%s identifies as %q", id, *sent.UserID)
		}
	}
}

func TestIdsThatAnotherClientLeftAreUnderstood(t *testing.T) {
	for _, c := range []struct{ name, left, user, anonymous string }{
		{"JSON in localStorage", `localStorage.setItem("ajs_user_id", '"ines"'); localStorage.setItem("ajs_anonymous_id", '"browser-7"')`, "ines", "browser-7"},
		{"bare in localStorage", `localStorage.setItem("ajs_user_id", "ines"); localStorage.setItem("ajs_anonymous_id", "browser-7")`, "ines", "browser-7"},
		{"cookies", `document.cookie = "ajs_user_id=ines;path=/"; document.cookie = "ajs_anonymous_id=browser-7;path=/"`, "ines", "browser-7"},
		{"JSON in cookies", `document.cookie = "ajs_user_id=%22ines%22;path=/"; document.cookie = "ajs_anonymous_id=%22browser-7%22;path=/"`, "ines", "browser-7"},
		{"a number", `localStorage.setItem("ajs_user_id", "42"); document.cookie = "ajs_anonymous_id=7;path=/"`, "42", "7"},
		{"nobody", `localStorage.setItem("ajs_user_id", "null"); document.cookie = "ajs_anonymous_id=browser-7;path=/"`, "", "browser-7"},
		{"a cookie cut in two", `document.cookie = "ajs_user_id=%E4%B;path=/"; document.cookie = "ajs_anonymous_id=browser-7;path=/"`, "", "browser-7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			e.pages["/"] = page(`<script>`+c.left+`</script>`+external, "")
			b.open(e.URL)
			if asked := e.waitPolls(1)[0]; asked.UserID != c.user {
				t.Errorf("the poll is of %q, want %q", asked.UserID, c.user)
			}
			b.js("cioanalytics.track('Job planned')")
			if sent := e.waitEvents(1)[0]; sent.AnonymousID != c.anonymous {
				t.Errorf("the event is of the browser %q, want %q", sent.AnonymousID, c.anonymous)
			}
		})
	}
}

func TestASecondPersonGetsAnotherAnonymousId(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.js("cioanalytics.track('Before')")
	b.js("cioanalytics.identify('ines')")
	b.js("cioanalytics.identify('tom')")
	events := e.waitEvents(3)
	if events[0].AnonymousID != events[1].AnonymousID || events[1].AnonymousID == events[2].AnonymousID {
		t.Errorf("the anonymous ids are %q, %q and %q", events[0].AnonymousID, events[1].AnonymousID, events[2].AnonymousID)
	}
}

func TestBlockedStorageIsTolerated(t *testing.T) {
	const blocked = `<script>
  const refuse = { get() { throw new DOMException("denied", "SecurityError") }, set() { throw new DOMException("denied", "SecurityError") } };
  Object.defineProperty(window, "localStorage", refuse);
  Object.defineProperty(window, "sessionStorage", refuse);
  Object.defineProperty(document, "cookie", refuse);
</script>`
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(blocked+external, "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await(dialog)
	b.js("cioanalytics.identify('ines')")
	asked := e.waitPolls(2)
	if asked[1].UserID != "ines" || asked[0].Tab == "" || asked[0].Tab != asked[1].Tab || asked[0].visit != asked[1].visit {
		t.Errorf("the polls are %+v", asked)
	}
}

func TestNobodyIsStoredBeforeThereIsSomethingToSay(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	b.open(e.URL)
	e.waitPolls(1)
	// The visit's id is nobody's: it ends with the visit.
	b.expect(`[document.cookie, Object.keys(localStorage)]`, `["",["handbill_visit"]]`)
}

func TestResetTakesTheMessagesOfTheVisitorAwayAtOnce(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.pages["/"] = page(withOwn(`{}`), "")
	e.messages = always(deliver("welcome", welcome))
	b.open(e.URL)
	b.await("cioanalytics.initialize")
	b.js("cioanalytics.identify('ines')")
	b.await("seen.length")
	b.do("cioanalytics.reset()")
	b.expect(messages+".length", "0")
	e.waitReports("welcome opened")
}

func TestAResetIsToldUntilItWasHeard(t *testing.T) {
	e, b := newEdge(t), newTab(t, "Failed to load resource")
	e.pages["/signed-out/"] = page(external, "")
	b.open(e.URL)
	if first := e.waitPolls(1)[0]; first.Reset {
		t.Error("the first poll tells of a reset")
	}
	e.refuseFirst(1, "/api/v4/users", status(http.StatusServiceUnavailable))
	b.do("cioanalytics.reset()")
	e.wait("the refused poll", func() bool { return len(e.requests) == 2 })
	// The site leaves the page; the next one tells it, and whoever signs in now is another person.
	b.open(e.URL + "/signed-out/")
	if second := e.waitPolls(2)[1]; !second.Reset {
		t.Error("the poll of the next page does not tell of the reset")
	}
	b.await("!localStorage.getItem('handbill_reset')")
	b.js("cioanalytics.identify('tom')")
	if third := e.waitPolls(3)[2]; third.Reset || e.waitEvents(1)[0].reset {
		t.Error("the reset is told again")
	}
	b.do("cioanalytics.reset(); cioanalytics.identify('ines')")
	if events := e.waitEvents(2); !events[1].reset {
		t.Error("an identify right after a reset does not tell of it")
	}
}

func TestAProofTravelsInTheContextOfIdentify(t *testing.T) {
	for name, c := range map[string]struct{ call, traits string }{
		"with traits":        {`cioanalytics.identify("ines", { plan: "team" }, { context: { userHash: "d58e" } })`, `{"plan":"team"}`},
		"without traits":     {`cioanalytics.identify("ines", null, { context: { userHash: "d58e" } })`, `{}`},
		"with empty traits":  {`cioanalytics.identify("ines", {}, { context: { userHash: "d58e" } })`, `{}`},
		"with a callback":    {`cioanalytics.identify("ines", {}, { context: { userHash: "d58e" } }, () => 0)`, `{}`},
		"of a known visitor": {`cioanalytics.identify("ines"), cioanalytics.identify({ plan: "team" }, { context: { userHash: "d58e" } })`, `{"plan":"team"}`},
	} {
		t.Run(name, func(t *testing.T) {
			e, b := newEdge(t), newTab(t)
			b.open(e.URL)
			b.await("window.cioanalytics")
			b.js("void (" + c.call + ")")
			e.wait("the proof", func() bool { return len(e.events) > 0 && e.events[len(e.events)-1].Context.UserHash == "d58e" })
			if traits, err := json.Marshal(e.events[len(e.events)-1].Traits); err != nil || string(traits) != c.traits {
				t.Errorf("the traits are %s", traits)
			}
		})
	}
}

func TestWhyAClaimIsRefusedStandsInTheConsoleOnce(t *testing.T) {
	e, b := newEdge(t), newTab(t)
	e.interval = 1
	e.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Handbill-Identity", "refused: expired: the token held until noon")
		return false
	}
	e.pages["/"] = page(`<script>window.warned = []; console.warn = (text) => warned.push(text)</script>`+external, "")
	b.open(e.URL)
	b.await("window.cioanalytics")
	b.js(`cioanalytics.identify("ines", {}, { context: { token: "worn.out.token" } })`)
	e.waitPolls(3)
	b.await("warned.length")
	b.expect("warned", `["Handbill: refused: expired: the token held until noon"]`)
}
