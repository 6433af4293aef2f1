package wire_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"handbill/engine"
	"handbill/engine/content"
	"handbill/engine/store"
	"handbill/engine/wire"
	"handbill/engine/workspace"
	"handbill/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const shop = `
[workspace]
name = "Shop"
site_id = "shop"
write_key = "shop-web"

[[messages]]
id = "spring-sale"
display = "banner"
pages = ["*"]
except = ["/checkout/*"]
text = "Spring sale: **20 %** off until Sunday."
buttons = [{ text = "See offers", action = "/offers" }]

[[messages]]
id = "billing"
display = "modal"
pages = ["https://shop.example.com/billing", "name:Billing"]
title = "Billing has moved"
priority = 10

[[messages]]
id = "section"
display = "banner"
position = "bottom"
pages = ["https://shop.example.com/app#/settings"]
text = "Settings."

[[messages]]
id = "members-only"
display = "banner"
position = "bottom"
pages = ["*"]
audience = "identified"
text = "Your points expire soon."
`

// middle is a chance that changes no wait.
func middle() float64 { return 0.5 }

const origin = "https://shop.example.com"

// bundle stands for the client where a test looks at how it is served, not at what it does.
const bundle = `var handbillClient=(()=>({start(site){globalThis.started=site}}))();`

func newHandler(t *testing.T, site wire.Site, text string) *wire.Handler {
	t.Helper()
	return newHandlerWith(t, site, text, "https")
}

func newHandlerWith(t *testing.T, site wire.Site, text, scheme string) *wire.Handler {
	t.Helper()
	return makeHandler(t, site, text, scheme, nil)
}

// newHandlerOf is newHandler with the reference client.
func newHandlerOf(t *testing.T, site wire.Site, text string, reference *wire.Reference) *wire.Handler {
	t.Helper()
	return makeHandler(t, site, text, "https", reference)
}

func makeHandler(t *testing.T, site wire.Site, text, scheme string, reference *wire.Reference) *wire.Handler {
	t.Helper()
	memory := store.NewMemory()
	t.Cleanup(func() { _ = memory.Close() })
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Random: middle})
	if err != nil {
		t.Fatal(err)
	}
	if text != "" {
		snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		e.Use(snapshot)
	}
	h, err := wire.New(wire.Options{
		Engine: e, Site: site, Reference: reference,
		Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}, "consent.js": {Data: []byte("/* consent */")}, "bridge.js": {Data: []byte("/* bridge */")}, "reference.js": {Data: []byte("/* reference */")}},
		Scheme: func(*http.Request) string { return scheme },
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// browser talks to a handler and keeps its cookies.
type browser struct {
	t       *testing.T
	handler http.Handler
	cookies map[string]string
	header  http.Header
}

func newBrowser(t *testing.T, h http.Handler) *browser {
	return &browser{t: t, handler: h, cookies: map[string]string{}, header: http.Header{
		"Sec-Fetch-Site": {"same-origin"}, "Origin": {origin},
	}}
}

func (b *browser) do(method, path, body string) *http.Response {
	b.t.Helper()
	r := httptest.NewRequest(method, origin+path, strings.NewReader(body))
	r.Header = b.header.Clone()
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	answer := w.Result()
	for _, c := range answer.Cookies() {
		b.cookies[c.Name] = c.Value
	}
	return answer
}

type message struct {
	MessageID, QueueID, DeliveryID string
	Priority                       int
	Properties                     struct{ Gist map[string]any }
	Content                        map[string]any
}

type queue struct {
	InAppMessages []message
	InboxMessages []any
	Generation    string
}

func (b *browser) poll(body string) (*http.Response, queue) {
	b.t.Helper()
	answer := b.do("POST", "/_handbill/api/v4/users?sessionId=5f0c", body)
	return answer, decode(b.t, answer)
}

// decode reads a poll's answer; it is an empty list when nothing is due.
func decode(t testing.TB, answer *http.Response) queue {
	t.Helper()
	var list queue
	if answer.StatusCode == http.StatusOK {
		if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func (b *browser) pollPage(address string) (*http.Response, queue) {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"page": map[string]string{"url": address}, "tab": "tab-1", "view": "view-1"})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.poll(string(body))
}

func names(list queue) string {
	var all []string
	for _, m := range list.InAppMessages {
		all = append(all, m.MessageID)
	}
	return strings.Join(all, " ")
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAPollOfOurClientAnswersWhatIsDueOnItsPage(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	answer, list := b.pollPage(origin + "/shoes")
	if answer.StatusCode != 200 || names(list) != "spring-sale" {
		t.Fatalf("status %d, messages %q", answer.StatusCode, names(list))
	}
	m := list.InAppMessages[0]
	if m.DeliveryID == "" || m.QueueID != m.DeliveryID || m.Properties.Gist["campaignId"] != m.DeliveryID || m.Content["display"] != "banner" {
		t.Errorf("message %+v", m)
	}
	if _, has := m.Properties.Gist["routeRuleWeb"]; has {
		t.Error("a page rule left the edge")
	}
	for header, want := range map[string]string{
		"X-Gist-Queue-Polling-Interval": "10", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Type": "application/json; charset=utf-8",
	} {
		if got := answer.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if answer, _ := b.pollPage(origin + "/checkout/pay"); answer.StatusCode != 204 || answer.Header.Get("X-Gist-Queue-Polling-Interval") == "" {
		t.Errorf("nothing due: status %d with headers %v", answer.StatusCode, answer.Header)
	}
}

func TestAClientThatHoldsTheAnswerIsToldSo(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	_, list := b.pollPage(origin + "/shoes")
	held := `{"page":{"url":"https://shop.example.com/shoes"},"tab":"tab-1","view":"view-1","generation":"` + list.Generation + `"}`
	answer, _ := b.poll(held)
	if answer.StatusCode != 304 || answer.Header.Get("X-Gist-Queue-Polling-Interval") != "10" {
		t.Errorf("status %d, headers %v", answer.StatusCode, answer.Header)
	}
	if answer, _ := b.poll(strings.Replace(held, "/shoes", "/billing", 1)); answer.StatusCode != 200 {
		t.Errorf("on another page: status %d", answer.StatusCode)
	}
}

func TestThePageIsTheRefererWithTheClientsFragment(t *testing.T) {
	tests := []struct {
		name, referer, body, want string
	}{
		{"without a Referer the client is believed", "", `{"page":{"url":"https://shop.example.com/billing"}}`, "billing spring-sale"},
		{"a Referer with a path is believed more", origin + "/checkout/pay", `{"page":{"url":"https://shop.example.com/billing"}}`, ""},
		{"a Referer trimmed to the origin is not", origin + "/", `{"page":{"url":"https://shop.example.com/billing"}}`, "billing spring-sale"},
		{"the fragment is the client's", origin + "/app", `{"page":{"url":"https://shop.example.com/elsewhere#/settings"}}`, "spring-sale section"},
		{"a name replaces the URL", origin + "/checkout/pay", `{"page":{"url":"https://shop.example.com/checkout/pay","name":"Billing"}}`, "billing spring-sale"},
		{"an address with wrong percent-encoding is a page too", "", `{"page":{"url":"https://shop.example.com/100%?q=%zz"}}`, "spring-sale"},
		{"another site's Referer is nothing", "https://evil.example.net/billing", `{"page":{"url":"https://shop.example.com/shoes"}}`, "spring-sale"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
			if test.referer != "" {
				b.header.Set("Referer", test.referer)
			}
			answer, list := b.poll(test.body)
			if names(list) != test.want {
				t.Errorf("status %d, messages %q, want %q", answer.StatusCode, names(list), test.want)
			}
		})
	}
}

func TestASiteBehindAnUnknownTLSProxyIsStillItself(t *testing.T) {
	b := newBrowser(t, newHandlerWith(t, wire.Site{Anonymous: true}, shop, "http"))
	answer, list := b.pollPage(origin + "/billing")
	if answer.StatusCode != 200 || names(list) != "billing spring-sale" {
		t.Fatalf("status %d, messages %q", answer.StatusCode, names(list))
	}
	if c := answer.Cookies(); len(c) != 1 || !c[0].Secure {
		t.Errorf("cookies %v", c)
	}
	b.header.Del("Sec-Fetch-Site")
	if answer, _ := b.pollPage(origin + "/billing"); answer.StatusCode != 403 {
		t.Errorf("without the browser's own word: status %d", answer.StatusCode)
	}
}

func TestTheReferenceClientAlwaysGetsItsWholeListWithRules(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	b.header.Set("X-Gist-User-Anonymous", "true")
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("guest-uuid")))
	for range 2 {
		answer, list := b.poll(`{}`)
		if answer.StatusCode != 200 || names(list) != "billing spring-sale section" || list.InboxMessages == nil {
			t.Fatalf("status %d, messages %q", answer.StatusCode, names(list))
		}
		for _, m := range list.InAppMessages {
			if m.Content != nil || m.Properties.Gist["routeRuleWeb"] == nil && m.MessageID != "spring-sale" {
				t.Errorf("message %+v", m)
			}
			if strings.ContainsAny(m.QueueID, "/?#% +") {
				t.Errorf("queueId %q cannot stand in a path", m.QueueID)
			}
		}
	}
	empty := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[workspace]\nname = \"Empty\"\n"))
	if answer, list := empty.poll(`{}`); answer.StatusCode != 200 || list.InAppMessages == nil {
		t.Errorf("an empty workspace: status %d, list %+v", answer.StatusCode, list)
	}
}

func TestTheUserTokenIsLatin1(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte{'J', 0xFC, 'r', 'g'}))
	if _, list := b.pollPage(origin + "/shoes"); names(list) != "spring-sale members-only" {
		t.Errorf("messages %q", names(list))
	}
}

func TestTheCookie(t *testing.T) {
	h := newHandler(t, wire.Site{Anonymous: true, Cookie: wire.Cookie{Domain: "example.com", MaxAge: time.Hour}}, shop)
	b := newBrowser(t, h)
	answer, _ := b.pollPage(origin + "/shoes")
	cookies := answer.Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies %v", cookies)
	}
	c := cookies[0]
	if c.Name != "handbill_id" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 3600 || c.Domain != "example.com" {
		t.Errorf("cookie %+v", c)
	}
	id, _, _ := strings.Cut(c.Value, ".")
	if raw, err := base64.RawURLEncoding.DecodeString(id); err != nil || len(raw) != 16 {
		t.Errorf("the id %q is not 128 bits", c.Value)
	}
	if again, _ := b.pollPage(origin + "/shoes"); len(again.Cookies()) != 0 {
		t.Error("a browser that has the cookie got another")
	}
	b.cookies["handbill_id"] = id
	if again, _ := b.pollPage(origin + "/shoes"); len(again.Cookies()) != 0 {
		t.Error("a browser whose cookie does not prove when it was issued got another")
	}
	b.cookies["handbill_id"] = "forged"
	if again, _ := b.pollPage(origin + "/shoes"); len(again.Cookies()) != 1 {
		t.Error("a cookie that the edge did not make was accepted")
	}
}

func TestAnAliasKnowsAVisitorWhoLostTheCookie(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	b.cookies["ajs_anonymous_id"] = "%228c6d1e0a-0000%22"
	_, list := b.pollPage(origin + "/shoes")
	first, _, _ := strings.Cut(b.cookies["handbill_id"], ".")
	report := `{"type":"track","event":"Report Delivery Event","messageId":"e1","properties":{"deliveryId":"` + list.InAppMessages[0].DeliveryID + `","metric":"dismissed"}}`
	if answer := b.do("POST", "/_handbill/v1/t", report); answer.StatusCode != 200 {
		t.Fatalf("report: %d %s", answer.StatusCode, text(t, answer))
	}
	delete(b.cookies, "handbill_id")
	answer, _ := b.pollPage(origin + "/shoes")
	if answer.StatusCode != 204 || !strings.HasPrefix(b.cookies["handbill_id"], first+".") {
		t.Errorf("status %d, id %q, before %q", answer.StatusCode, b.cookies["handbill_id"], first)
	}
}

func TestAnonymousOffAnswersNobodyBeforeIdentify(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{}, shop))
	answer, _ := b.pollPage(origin + "/shoes")
	if answer.StatusCode != 204 || len(answer.Cookies()) != 0 {
		t.Errorf("status %d, cookies %v", answer.StatusCode, answer.Cookies())
	}
	if answer := b.do("POST", "/_handbill/v1/t", `{"event":"looked","anonymousId":"8c6d"}`); answer.StatusCode != 400 {
		t.Errorf("an anonymous event: status %d", answer.StatusCode)
	}
	if answer := b.do("POST", "/_handbill/v1/i", `{"userId":"ada","anonymousId":"8c6d"}`); answer.StatusCode != 200 {
		t.Fatalf("identify: %d %s", answer.StatusCode, text(t, answer))
	}
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("ada")))
	if answer, list := b.pollPage(origin + "/shoes"); names(list) != "spring-sale members-only" {
		t.Errorf("identified: status %d, messages %q", answer.StatusCode, names(list))
	}
}

func TestAnonymousOffResetTakesTheCookieAway(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{}, shop))
	answer, _ := b.poll(`{"reset": true}`)
	if cookies := answer.Cookies(); answer.StatusCode != 204 || len(cookies) != 1 || cookies[0].MaxAge >= 0 {
		t.Errorf("status %d, cookies %v", answer.StatusCode, cookies)
	}
}

func TestAnonymousOffKeepsTheIntervalThatIsConfigured(t *testing.T) {
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }()
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, PollSlow: 5 * time.Minute, Random: middle})
	if err != nil {
		t.Fatal(err)
	}
	h, err := wire.New(wire.Options{Engine: e, Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}}})
	if err != nil {
		t.Fatal(err)
	}
	answer := newBrowser(t, h).do("POST", "/_handbill/api/v4/users", `{}`)
	if got := answer.Header.Get("X-Gist-Queue-Polling-Interval"); answer.StatusCode != 200 || got != "300" {
		t.Errorf("status %d, interval %q", answer.StatusCode, got)
	}
}

func TestReportsChangeWhatIsDue(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	_, list := b.pollPage(origin + "/shoes")
	id := list.InAppMessages[0].DeliveryID
	event := func(metric string) string {
		return `{"type":"track","event":"Report Delivery Event","messageId":"` + metric + `-1","properties":{"deliveryId":"` + id + `","metric":"` + metric + `","actionName":"see-offers","actionValue":"/offers"}}`
	}
	b.header.Set("Content-Type", "text/plain")
	answer := b.do("POST", "/_handbill/v1/b", `{"batch":[`+event("opened")+`,`+event("clicked")+`,`+event("changed")+`,`+event("dismissed")+`],"writeKey":"shop-web"}`)
	if body := text(t, answer); answer.StatusCode != 200 || strings.Contains(body, "rejected") {
		t.Fatalf("status %d: %s", answer.StatusCode, body)
	}
	if answer, _ := b.pollPage(origin + "/shoes"); answer.StatusCode != 204 {
		t.Errorf("after dismissing: status %d", answer.StatusCode)
	}
}

func TestABatchNamesWhatItDidNotTake(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	b.pollPage(origin + "/shoes")
	answer := b.do("POST", "/_handbill/v1/batch", `{"batch":[{"type":"track","event":"looked"},{"type":"track","event":"Report Delivery Event","properties":{"deliveryId":"forged","metric":"opened"}},{"type":"wish"}]}`)
	var body struct {
		Success  bool
		Rejected []struct {
			Index int
			Error string
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || !body.Success || len(body.Rejected) != 2 {
		t.Fatalf("status %d, body %+v", answer.StatusCode, body)
	}
	for _, rejected := range body.Rejected {
		if rejected.Index == 0 || rejected.Error == "" {
			t.Errorf("rejected %+v", rejected)
		}
	}
}

func TestTheReferenceClientsLogCountsAsOpened(t *testing.T) {
	once := strings.Replace(shop, `except = ["/checkout/*"]`, `frequency = "once"`, 1)
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, once))
	_, list := b.poll(`{}`)
	var sale message
	for _, m := range list.InAppMessages {
		if m.MessageID == "spring-sale" {
			sale = m
		}
	}
	if answer := b.do("POST", "/_handbill/api/v1/logs/queue/"+sale.QueueID, `{}`); answer.StatusCode != 200 {
		t.Fatalf("status %d: %s", answer.StatusCode, text(t, answer))
	}
	if answer, list := b.pollPage(origin + "/shoes"); strings.Contains(names(list), "spring-sale") {
		t.Errorf("status %d, still due: %q", answer.StatusCode, names(list))
	}
}

func TestTheReferenceClientsLogKnowsItsGuestWithoutACookie(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("guest-uuid")))
	b.header.Set("X-Gist-User-Anonymous", "true")
	_, list := b.poll(`{}`)
	if len(list.InAppMessages) == 0 {
		t.Fatal("the guest gets no message")
	}
	clear(b.cookies)
	path := "/_handbill/api/v1/logs/queue/" + list.InAppMessages[0].QueueID
	if answer := b.do("POST", path, `{}`); answer.StatusCode != 200 {
		t.Errorf("status %d: %s", answer.StatusCode, text(t, answer))
	}
	b.header.Del("X-Gist-Encoded-User-Token")
	clear(b.cookies)
	if answer := b.do("POST", path, `{}`); answer.StatusCode != 200 || !strings.Contains(text(t, answer), "nobody is named") {
		t.Errorf("a stranger's log got status %d", answer.StatusCode)
	}
}

func TestBadRequestsGetAReason(t *testing.T) {
	long := strings.Repeat("x", 600<<10)
	tests := []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
		says                     string
	}{
		{"a path that does not exist", "GET", "/_handbill/nothing", "", nil, 404, "nothing at"},
		{"the prefix itself", "GET", "/_handbill", "", nil, 404, "nothing at"},
		{"a wrong method on the poll", "GET", "/_handbill/api/v4/users", "", nil, 405, "POST"},
		{"a wrong method on the client", "POST", "/_handbill/client.js", "", nil, 405, "GET"},
		{"a malformed body", "POST", "/_handbill/api/v4/users", `{"page":`, nil, 400, "JSON"},
		{"a body of the wrong shape", "POST", "/_handbill/api/v4/users", `{"page":7}`, nil, 400, "page: found number, expected object"},
		{"a body that is a list", "POST", "/_handbill/api/v4/users", `[]`, nil, 400, "the body: found array, expected object"},
		{"traits of the wrong shape", "POST", "/_handbill/v1/i", `{"userId":"ada","traits":[1]}`, nil, 400, "traits: found array, expected object"},
		{"a page of another site", "POST", "/_handbill/api/v4/users", `{"page":{"url":"https://evil.example.net/"}}`, nil, 400, "evil.example.net"},
		{"a page with a user name in it", "POST", "/_handbill/api/v4/users", `{"page":{"url":"https://shop.example.com@evil.example.net/"}}`, nil, 400, "location.href"},
		{"a page that is no URL", "POST", "/_handbill/api/v4/users", `{"page":{"url":"/billing"}}`, nil, 400, "location.href"},
		{"an oversized poll", "POST", "/_handbill/api/v4/users", `{"tab":"` + long[:40<<10] + `"}`, nil, 413, "larger than"},
		{"an oversized batch", "POST", "/_handbill/v1/b", `{"batch":["` + long + `"]}`, nil, 413, "larger than"},
		{"too many events", "POST", "/_handbill/v1/b", `{"batch":[` + strings.TrimSuffix(strings.Repeat(`{"type":"page"},`, 501), ",") + `]}`, nil, 413, "501"},
		{"an empty batch", "POST", "/_handbill/v1/b", `{}`, nil, 400, "no events"},
		{"an identify without a user", "POST", "/_handbill/v1/i", `{"anonymousId":"8c6d"}`, nil, 400, "userId"},
		{"an identify with an oversized user", "POST", "/_handbill/v1/i", `{"userId":"` + long[:300] + `"}`, nil, 400, "identify needs a userId"},
		{"an event of nobody", "POST", "/_handbill/v1/t", `{"event":"looked"}`, nil, 400, "nobody"},
		{"a track without a name", "POST", "/_handbill/v1/t", `{"anonymousId":"8c6d"}`, nil, 400, "event"},
		{"a page of another site's browser", "POST", "/_handbill/api/v4/users", `{}`, http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "another site"},
		{"a page of a sister site", "POST", "/_handbill/v1/t", `{}`, http.Header{"Sec-Fetch-Site": {"same-site"}}, 403, "another site"},
		{"another origin", "POST", "/_handbill/v1/t", `{}`, http.Header{"Origin": {"https://evil.example.net"}}, 403, "evil.example.net"},
		{"an opaque origin", "POST", "/_handbill/v1/t", `{}`, http.Header{"Origin": {"null"}}, 403, "null"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
			b.header = test.header.Clone()
			if b.header == nil {
				b.header = http.Header{}
			}
			answer := b.do(test.method, test.path, test.body)
			body := text(t, answer)
			var refusal struct{ Error string }
			if err := json.Unmarshal([]byte(body), &refusal); err != nil {
				t.Fatalf("status %d, body %q: %v", answer.StatusCode, body, err)
			}
			if answer.StatusCode != test.status || !strings.Contains(refusal.Error, test.says) {
				t.Errorf("status %d: %s", answer.StatusCode, refusal.Error)
			}
			if answer.StatusCode == 405 && answer.Header.Get("Allow") == "" {
				t.Error("405 without Allow")
			}
			if answer.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Error("another site was allowed to read the answer")
			}
		})
	}
}

// slowConnection is a connection whose body stops arriving; reading goes on until a deadline is set.
type slowConnection struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (c *slowConnection) SetReadDeadline(at time.Time) error {
	c.deadlines = append(c.deadlines, at)
	return nil
}

func (c *slowConnection) Read([]byte) (int, error) {
	if len(c.deadlines) == 0 {
		return 0, errors.New("this read would never end")
	}
	return 0, os.ErrDeadlineExceeded
}

func TestABodyHasToArriveInTimeHoweverSmallItIs(t *testing.T) {
	for _, length := range []int64{-1, 10, 10_000} {
		c := &slowConnection{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest("POST", origin+"/_handbill/api/v4/users", c)
		r.ContentLength = length
		newHandler(t, wire.Site{Anonymous: true}, shop).ServeHTTP(c, r)
		if len(c.deadlines) != 2 || c.deadlines[0].Before(time.Now()) || !c.deadlines[1].IsZero() {
			t.Errorf("length %d: the deadlines are %v, want one, and none for the next request", length, c.deadlines)
		}
		if c.Code != 400 {
			t.Errorf("length %d: status %d", length, c.Code)
		}
	}
}

func TestTooManyRequestsFromOneAddressWait(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
	limited := false
	for range 3000 {
		if answer := b.do("POST", "/_handbill/v1/p", `{"anonymousId":"8c6d"}`); answer.StatusCode == 429 {
			limited = true
			if answer.Header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			break
		}
	}
	if !limited {
		t.Error("3,000 writes at once were all taken")
	}
}

func TestTheClientsFileIsOneStableAddress(t *testing.T) {
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true, GlobalName: "shopMessages"}, shop))
	first := b.do("GET", "/_handbill/client.js", "")
	body := text(t, first)
	for _, want := range []string{bundle, `handbillClient.start({`, `"siteId":"shop"`, `"writeKey":"shop-web"`, `"globalName":"shopMessages"`, `"anonymousInApp":true`} {
		if !strings.Contains(body, want) {
			t.Errorf("the file lacks %s", want)
		}
	}
	if got := first.Header.Get("Cache-Control"); got != "public, max-age=300, stale-while-revalidate=86400" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := first.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if len(first.Cookies()) != 0 {
		t.Error("a cacheable file sets a cookie")
	}
	b.header.Set("If-None-Match", first.Header.Get("ETag"))
	if again := b.do("GET", "/_handbill/client.js", ""); again.StatusCode != 304 {
		t.Errorf("revalidation: status %d", again.StatusCode)
	}
	b.header.Del("If-None-Match")
	own := b.do("GET", "/_handbill/v1/analytics-js/snippet/shop-web/analytics.min.js", "")
	if other := text(t, own); other != body {
		t.Error("the inline snippet would load another file")
	}
	// The published client has this address too, where the site changes to it.
	if got := own.Header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("for the inline snippet Cache-Control %q", got)
	}
}

func TestTheClientsPartsHaveAddressesThatChangeWithThem(t *testing.T) {
	serve := func(tour string) *browser {
		e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: store.NewMemory()})
		if err != nil {
			t.Fatal(err)
		}
		h, err := wire.New(wire.Options{Engine: e, Client: fstest.MapFS{
			"client.js": {Data: []byte(bundle)}, "parts/tour.js": {Data: []byte(tour)}, "parts/forms.js": {Data: []byte("export const forms = 1;")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return newBrowser(t, h)
	}
	version := func(b *browser) string {
		_, rest, _ := strings.Cut(text(t, b.do("GET", "/_handbill/client.js", "")), `"parts":"`)
		version, _, _ := strings.Cut(rest, `"`)
		return version
	}
	const tour = "export const tour = 1;"
	b := serve(tour)
	address := "/_handbill/parts/tour-" + version(b) + ".js"
	answer := b.do("GET", address, "")
	if body := text(t, answer); answer.StatusCode != 200 || body != tour {
		t.Errorf("%s: status %d, %q", address, answer.StatusCode, body)
	}
	if got := answer.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := answer.Header.Get("Content-Type"); got != "text/javascript; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	later := serve("export const tour = 2;")
	if before, after := version(b), version(later); before == after || len(before) != 8 {
		t.Errorf("the version was %q and is %q", before, after)
	}
	for _, gone := range []string{address, "/_handbill/parts/tour.js", "/_handbill/parts/", "/_handbill/tour-" + version(later) + ".js"} {
		if answer := later.do("GET", gone, ""); answer.StatusCode != 404 {
			t.Errorf("%s: status %d", gone, answer.StatusCode)
		}
	}
}

func TestADocumentFindsTheBridgeThatItCalls(t *testing.T) {
	for name, test := range map[string]struct{ document, want string }{
		"one that calls it":           {"<!doctype html>\n<button onclick='message.dismiss()'>No</button>", "<!doctype html><script>/* bridge */</script>\n<button onclick='message.dismiss()'>No</button>"},
		"one that calls none of it":   {"<!doctype html><p>Messages: message.read()</p>", "<!doctype html><p>Messages: message.read()</p>"},
		"one without a document type": {"<p onclick='message.openUrl(1)'>", "<script>/* bridge */</script><p onclick='message.openUrl(1)'>"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[[messages]]\nid = \"wheel\"\npages = [\"*\"]\ntitle = \"Turn the wheel\"\nhtml_sandbox = \"\"\"\n"+test.document+"\"\"\"\n"))
			if got := text(t, b.do("GET", "/_handbill/sandbox/"+content.Sandboxed(test.document)+".html", "")); got != test.want {
				t.Errorf("it is served as %s", got)
			}
		})
	}
}

func TestADocumentIsServedInItsSandbox(t *testing.T) {
	const document = "<!doctype html><p>20 % off.</p><script>top.alert(1)</script>"
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, "[[messages]]\nid = \"wheel\"\npages = [\"*\"]\ntitle = \"Turn the wheel\"\nhtml_sandbox = \"\"\""+document+"\"\"\"\n"))
	address := "/_handbill/sandbox/" + content.Sandboxed(document) + ".html"
	answer := b.do("GET", address, "")
	if body := text(t, answer); answer.StatusCode != 200 || body != document {
		t.Errorf("status %d, %q", answer.StatusCode, body)
	}
	if got := answer.Header.Get("Content-Security-Policy"); got != "sandbox allow-scripts allow-popups allow-forms" {
		t.Errorf("the policy is %q", got)
	}
	if got := answer.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	for _, gone := range []string{"/_handbill/sandbox/wheel.html", "/_handbill/sandbox/" + content.Sandboxed("x") + ".html", "/_handbill/sandbox/"} {
		if answer := b.do("GET", gone, ""); answer.StatusCode != 404 {
			t.Errorf("%s: status %d", gone, answer.StatusCode)
		}
	}
	_, list := b.pollPage(origin + "/shoes")
	written, err := json.Marshal(list.InAppMessages[0].Content)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(written); strings.Contains(got, "<script") || strings.Contains(got, `u003cscript`) || !strings.Contains(got, `"frame":"`+content.Sandboxed(document)+`"`) {
		t.Errorf("the content is %s", got)
	}
}

func TestOwns(t *testing.T) {
	h := newHandler(t, wire.Site{Prefix: "/messages/"}, shop)
	for path, want := range map[string]bool{
		"/messages": true, "/messages/": true, "/messages/client.js": true, "/messagesx": false, "/": false, "/a/messages/client.js": false, "/Messages/client.js": false,
	} {
		if h.Owns(path) != want {
			t.Errorf("Owns(%q) = %t", path, !want)
		}
	}
}

func TestAPollIsAnsweredInTheVisitorsLanguage(t *testing.T) {
	const localized = `
[workspace]
locale = "en"

[[messages]]
id = "sale"
pages = ["*"]
text = "Sale"

  [messages.locales.ar]
  text = "تخفيضات"

  [messages.locales.de]
  text = "Ausverkauf für {{ traits.first_name | default: 'alle' }}"
`
	h := newHandler(t, wire.Site{Anonymous: true}, localized)
	for _, test := range []struct{ name, accept, content, lang, dir, text string }{
		{"none is said", "", "", "en", "ltr", "Sale"},
		{"a list with qualities", "fr;q=0.9, ar;q=0.4, de;q=0.2", "", "ar", "rtl", "تخفيضات"},
		{"one that is made for the visitor", "de-CH", "", "de", "ltr", "Ausverkauf für alle"},
		{"the client's own, where the browser's is not there", "", "ar-EG", "ar", "rtl", "تخفيضات"},
		{"the browser's first", "en", "ar", "en", "ltr", "Sale"},
		{"nonsense", "\x7f;;q=2,*", "", "en", "ltr", "Sale"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBrowser(t, h)
			b.header.Set("Accept-Language", test.accept)
			b.header.Set("Content-Language", test.content)
			_, list := b.pollPage(origin + "/")
			shown, err := json.Marshal(list.InAppMessages[0].Content)
			if err != nil {
				t.Fatal(err)
			}
			if got := list.InAppMessages[0].Content; got["lang"] != test.lang || got["dir"] != test.dir || !strings.Contains(string(shown), test.text) {
				t.Errorf("got %s", shown)
			}
		})
	}
}
