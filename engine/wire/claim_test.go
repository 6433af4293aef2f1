package wire_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/pagerule"
	"handbill/engine/proof"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/wire"
	"handbill/engine/workspace"
)

const (
	signingSecret = "9d1f6b7c3e2a4850b6c7d8e9f0a1b2c39d1f6b7c3e2a4850b6c7d8e9f0a1b2c3"
	retiredSecret = "11223344556677889900aabbccddeeff11223344556677889900aabbccddeeff"
	serverSecret  = "5e0d4c3b2a19f8e7d6c5b4a3928170605e0d4c3b2a19f8e7d6c5b4a392817060"
)

const members = shop + `
[[messages]]
id = "for-proven-members"
display = "modal"
pages = ["*"]
where = "visitor.verified"
text = "Your invoice is ready."
`

// refused counts the claims that were not believed.
type refused struct {
	engine.Recorder
	claims []proof.Reason
}

func (r *refused) ClaimRefused(reason proof.Reason) { r.claims = append(r.claims, reason) }
func (r *refused) Polled(engine.PollResult)         {}
func (r *refused) Delivered()                       {}
func (r *refused) Decided(engine.Reason, int)       {}
func (r *refused) Reported(store.Metric)            {}

// signedShop is a shop that wants proofs.
type signedShop struct {
	*testing.T
	store   *store.Memory
	engine  *engine.Engine
	events  *eventlog.Log
	folder  string
	counted *refused
	handler *wire.Handler
}

func newSignedShop(t *testing.T, options proof.Options) *signedShop {
	t.Helper()
	s := &signedShop{T: t, store: store.NewMemory(), counted: &refused{}}
	t.Cleanup(func() { _ = s.store.Close() })
	var err error
	s.folder = filepath.Join(t.TempDir(), "events")
	if s.events, err = eventlog.Open(s.folder, eventlog.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.events.Close() })
	s.engine, err = engine.New(context.Background(), engine.Options{Workspace: "shop", Store: s.store, Events: s.events, Recorder: s.counted})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(members)}})
	if err != nil {
		t.Fatal(err)
	}
	s.engine.Use(snapshot)
	s.handler = s.site(options)
	return s
}

// site is another site of the same shop.
func (s *signedShop) site(options proof.Options) *wire.Handler {
	s.Helper()
	verifier, err := proof.New(options)
	if err != nil {
		s.Fatal(err)
	}
	h, err := wire.New(wire.Options{
		Engine: s.engine, Site: wire.Site{Anonymous: true, Identity: wire.Identity{Proofs: verifier}},
		Client: fstest.MapFS{"client.js": {Data: []byte(bundle)}}, Scheme: func(*http.Request) string { return "https" },
	})
	if err != nil {
		s.Fatal(err)
	}
	return h
}

func hashOf(secret, user string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(user))
	return hex.EncodeToString(m.Sum(nil))
}

func tokenOf(t *testing.T, key any, algorithm jose.SignatureAlgorithm, user string, until time.Time) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(jwt.Claims{Subject: user, Expiry: jwt.NewNumericDate(until)}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// identify sends an identify as the clients do.
func (b *browser) identify(user string, traits, around map[string]any) *http.Response {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{
		"userId": user, "traits": traits, "context": around, "messageId": "identify-" + user, "anonymousId": "browser-7",
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do("POST", "/_handbill/v1/i", string(body))
}

// pollAs polls as our client does for a user; as the reference client where ours is false.
func (b *browser) pollAs(user string, ours bool) (*http.Response, string) {
	b.t.Helper()
	b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte(user)))
	b.header.Set("X-Gist-User-Anonymous", "false")
	if user == "" {
		b.header.Set("X-Gist-User-Anonymous", "true")
		b.header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("guest-1")))
	}
	body := `{}`
	if ours {
		body = `{"page":{"url":"` + origin + `/shoes"},"tab":"tab-1","view":"view-1"}`
	}
	answer, list := b.poll(body)
	return answer, names(list)
}

func isFor(list, message string) bool { return strings.Contains(" "+list+" ", " "+message+" ") }

func TestAProofMakesTheVisitorVerifiedForTheFollowingPolls(t *testing.T) {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	options := proof.Options{Secrets: []string{signingSecret, retiredSecret}, Keys: []proof.Key{{Public: ed.Public()}}}
	soon := time.Now().Add(time.Minute)
	for _, c := range []struct {
		name           string
		traits, around map[string]any
		header         string
	}{
		{name: "a user hash in context", around: map[string]any{"userHash": hashOf(signingSecret, "ada")}},
		{name: "a user hash in context, with an underscore", around: map[string]any{"user_hash": hashOf(signingSecret, "ada")}},
		{name: "a user hash among the traits", traits: map[string]any{"userHash": hashOf(signingSecret, "ada")}},
		{name: "a user hash among the traits, with an underscore", traits: map[string]any{"user_hash": hashOf(signingSecret, "ada")}},
		{name: "a user hash with the secret that retires", around: map[string]any{"userHash": hashOf(retiredSecret, "ada")}},
		{name: "a token in context", around: map[string]any{"token": tokenOf(t, ed, jose.EdDSA, "ada", soon)}},
		{name: "a token among the traits", traits: map[string]any{"token": tokenOf(t, []byte(signingSecret), jose.HS256, "ada", soon)}},
		{name: "a user hash in the header", header: hashOf(signingSecret, "ada")},
		{name: "a token in the header", header: tokenOf(t, ed, jose.EdDSA, "ada", soon)},
	} {
		for _, ours := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				s := newSignedShop(t, options)
				b := newBrowser(t, s.handler)
				if c.header != "" {
					b.header.Set("X-Handbill-Identity", c.header)
				}
				if answer := b.identify("ada", c.traits, c.around); answer.StatusCode != 200 || answer.Header.Get("Handbill-Identity") != "" {
					t.Fatalf("identify: status %d, %q", answer.StatusCode, answer.Header.Get("Handbill-Identity"))
				}
				b.header.Del("X-Handbill-Identity")
				answer, list := b.pollAs("ada", ours)
				if !isFor(list, "for-proven-members") || !isFor(list, "members-only") || answer.Header.Get("Handbill-Identity") != "" {
					t.Errorf("the messages are %q; refused: %q", list, answer.Header.Get("Handbill-Identity"))
				}
				if r := s.of("u:ada"); r == nil || r.Verified != visitor.LevelVerified || len(r.Traits) != 0 {
					t.Errorf("remembered is %+v", r)
				}
				if len(s.counted.claims) != 0 {
					t.Errorf("refused are %q", s.counted.claims)
				}
			})
		}
	}
}

func (s *signedShop) of(id string) *visitor.Record {
	s.Helper()
	r, err := s.store.Load(context.Background(), store.Key{Workspace: "shop", Visitor: id})
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func TestWhatIsNotProvenStaysAnonymousAndIsToldWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		around map[string]any
		want   proof.Reason
	}{
		{"no proof", nil, proof.Unproven},
		{"a forged hash", map[string]any{"userHash": strings.Repeat("ab", 32)}, proof.Wrong},
		{"another person's hash", map[string]any{"userHash": hashOf(signingSecret, "grace")}, proof.Wrong},
		{"another person's token", map[string]any{"token": tokenOf(t, []byte(signingSecret), jose.HS256, "grace", time.Now().Add(time.Minute))}, proof.OtherUser},
		{"an expired token", map[string]any{"token": tokenOf(t, []byte(signingSecret), jose.HS256, "ada", time.Now().Add(-time.Hour))}, proof.Expired},
		{"a token that is not signed", map[string]any{"token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEiLCJleHAiOjk5OTk5OTk5OTl9."}, proof.Algorithm},
		{"a number", map[string]any{"userHash": 42}, proof.Unproven},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}})
			b := newBrowser(t, s.handler)
			answer := b.identify("ada", map[string]any{"plan": "team"}, c.around)
			said, body := answer.Header.Get("Handbill-Identity"), text(t, answer)
			if answer.StatusCode != 400 || !strings.HasPrefix(said, "refused: "+string(c.want)+": ") || !strings.Contains(body, string(c.want)) {
				t.Errorf("status %d, %q, %s", answer.StatusCode, said, body)
			}
			if strings.ContainsFunc(said, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("a header cannot hold %q", said)
			}
			answer, list := b.pollAs("ada", true)
			if isFor(list, "for-proven-members") || isFor(list, "members-only") || !isFor(list, "spring-sale") {
				t.Errorf("the messages are %q", list)
			}
			if said := answer.Header.Get("Handbill-Identity"); !strings.HasPrefix(said, "refused: unproven: ") {
				t.Errorf("the poll says %q", said)
			}
			if s.of("u:ada") != nil {
				t.Error("something is remembered of whom nobody proved to be")
			}
			if len(s.counted.claims) != 2 || s.counted.claims[0] != c.want || s.counted.claims[1] != proof.Unproven {
				t.Errorf("counted are %q", s.counted.claims)
			}
		})
	}
}

func TestAProofIsNeitherStoredNorLogged(t *testing.T) {
	s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}})
	b := newBrowser(t, s.handler)
	b.identify("ada", map[string]any{"plan": "team", "user_hash": hashOf(signingSecret, "ada"), "userHash": "x", "token": "a.b.c"}, map[string]any{"userHash": "y"})
	hash := hashOf(signingSecret, "ada")
	b.identify("ada", map[string]any{"plan": "team", "user_hash": hash}, nil)
	if r := s.of("u:ada"); r == nil || len(r.Traits) != 1 || r.Traits["plan"] != "team" {
		t.Errorf("remembered is %+v", r)
	}
	logged := s.logged()
	if !strings.Contains(logged, `"plan":"team"`) || strings.Contains(logged, hash) || strings.Contains(logged, "ser_hash") || strings.Contains(logged, "serHash") {
		t.Errorf("the log holds %s", logged)
	}
}

func TestWithoutSignaturesAProofIsStillNeverStored(t *testing.T) {
	m := newMemory(t)
	token := tokenOf(t, []byte(signingSecret), jose.HS256, "ada", time.Now().Add(time.Minute))
	m.identify("ada", map[string]any{"plan": "team", "user_hash": "x", "token": token}, nil)
	if r := m.of("u:ada"); r == nil || len(r.Traits) != 1 || r.Verified != visitor.LevelIdentified {
		t.Errorf("remembered is %+v", r)
	}
	m.identify("ada", map[string]any{"token": "my own trait"}, nil)
	if r := m.of("u:ada"); r.Traits["token"] != "my own trait" {
		t.Errorf("a trait that only is called so is lost: %+v", r.Traits)
	}
}

func TestASessionIsOfOneBrowserOneUserAndAsLongAsItsKeyLives(t *testing.T) {
	both := proof.Options{Secrets: []string{signingSecret, retiredSecret}}
	proven := func(t *testing.T, s *signedShop) *browser {
		b := newBrowser(t, s.handler)
		b.identify("ada", nil, map[string]any{"userHash": hashOf(retiredSecret, "ada")})
		return b
	}
	expect := func(t *testing.T, b *browser, user, want string) {
		t.Helper()
		answer, list := b.pollAs(user, true)
		said := strings.TrimPrefix(answer.Header.Get("Handbill-Identity"), "refused: ")
		if reason, _, _ := strings.Cut(said, ":"); reason != want || isFor(list, "for-proven-members") != (want == "") {
			t.Errorf("%s sees %q, refused: %q; want %q", user, list, said, want)
		}
	}
	t.Run("another user of the same browser has to prove it", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		expect(t, b, "grace", "other_user")
		expect(t, b, "ada", "")
		b.identify("grace", nil, map[string]any{"userHash": hashOf(signingSecret, "grace")})
		expect(t, b, "grace", "")
		expect(t, b, "ada", "other_user")
	})
	t.Run("another browser has to prove it", func(t *testing.T) {
		s := newSignedShop(t, both)
		proven(t, s)
		expect(t, newBrowser(t, s.handler), "ada", "unproven")
	})
	t.Run("a session cannot be made up or changed", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		parts := strings.Split(b.cookies["handbill_id_user"], ".")
		parts[0] = base64.RawURLEncoding.EncodeToString([]byte("grace"))
		for _, forged := range []string{strings.Join(parts, "."), "ada", "", "...", strings.Repeat("A", 4000)} {
			b.cookies["handbill_id_user"] = forged
			expect(t, b, "grace", "unproven")
		}
	})
	t.Run("a session ends with the key that proved it", func(t *testing.T) {
		s := newSignedShop(t, both)
		b := proven(t, s)
		b.handler = s.site(proof.Options{Secrets: []string{signingSecret}})
		expect(t, b, "ada", "lapsed")
	})
	t.Run("a session ends with its time", func(t *testing.T) {
		s := newSignedShop(t, both)
		b := proven(t, s)
		name, _ := proof.New(both)
		key, _ := name.Verify("ada", proof.Given{Hash: hashOf(signingSecret, "ada")}, time.Now())
		b.cookies["handbill_id_user"] = s.engine.SealSession(engine.Session{User: "ada", Key: key, Until: time.Now().Add(-time.Second)})
		expect(t, b, "ada", "lapsed")
	})
	t.Run("a reset of our client ends it", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		answer, _ := b.poll(`{"page":{"url":"` + origin + `/shoes"},"reset":true}`)
		if c := cookieOf(answer, "handbill_id_user"); c == nil || c.MaxAge >= 0 || !c.HttpOnly {
			t.Errorf("the cookie is %v", c)
		}
		expect(t, b, "ada", "unproven")
	})
	t.Run("a reset that comes with events ends it", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		b.do("POST", "/_handbill/v1/b", `{"reset":true,"batch":[{"type":"track","event":"Signed out","anonymousId":"browser-8"}]}`)
		expect(t, b, "ada", "unproven")
	})
	t.Run("the reference client's guest ends it", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		b.pollAs("", false)
		expect(t, b, "ada", "unproven")
	})
	t.Run("an anonymous poll of our client does not: the page may be about to identify", func(t *testing.T) {
		b := proven(t, newSignedShop(t, both))
		b.pollAs("", true)
		expect(t, b, "ada", "")
	})
}

func cookieOf(answer *http.Response, name string) *http.Cookie {
	for _, c := range answer.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestTheSessionsCookieIsNoScripts(t *testing.T) {
	s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}, Session: time.Hour})
	c := cookieOf(newBrowser(t, s.handler).identify("ada", nil, map[string]any{"userHash": hashOf(signingSecret, "ada")}), "handbill_id_user")
	if c == nil || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge < 3590 || c.MaxAge > 3600 {
		t.Errorf("the cookie is %v", c)
	}
}

func TestEventsInABatchAreOfWhomItsIdentifyHasProven(t *testing.T) {
	s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}})
	b := newBrowser(t, s.handler)
	answer := b.do("POST", "/_handbill/v1/b", `{"batch":[
		{"type":"identify","userId":"ada","anonymousId":"browser-7","context":{"userHash":"`+hashOf(signingSecret, "ada")+`"}},
		{"type":"track","event":"Ordered","userId":"ada","anonymousId":"browser-7","messageId":"1"},
		{"type":"track","event":"Ordered","userId":"grace","anonymousId":"browser-7","messageId":"2"},
		{"type":"track","event":"Ordered","userId":"grace","messageId":"3"},
		{"type":"alias","userId":"grace","previousId":"ada","messageId":"4"}]}`)
	if body := text(t, answer); answer.StatusCode != 200 || !strings.Contains(body, "event 4: other_user") && !strings.Contains(body, "event 4: unproven") || strings.Contains(body, "event 2:") {
		t.Errorf("status %d: %s", answer.StatusCode, body)
	}
	if r := s.of("u:ada"); r == nil || r.Events["Ordered"] == nil || r.Events["Ordered"].Count != 1 {
		t.Errorf("remembered of ada is %+v", r)
	}
	if s.of("u:grace") != nil {
		t.Error("something is remembered of grace")
	}
}

func TestServersAreBelievedWithTheirSecretOnly(t *testing.T) {
	identify := `{"userId":"ada","traits":{"plan":"team"},"messageId":"1"}`
	for _, c := range []struct {
		name, user, password string
		want                 string
	}{
		{"the write key and the secret", "shop-web", serverSecret, ""},
		{"a library that was given both as its write key", "shop-web", serverSecret + ":", ""},
		{"the write key alone, as libraries send it", "shop-web", "", "unproven"},
		{"a wrong secret", "shop-web", strings.Repeat("x", 64), "wrong"},
		{"the secret that signs", "shop-web", signingSecret, "wrong"},
		{"nothing", "", "", "unproven"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}, ServerSecrets: []string{serverSecret}})
			library := newBrowser(t, s.handler)
			library.header = http.Header{}
			if c.user != "" {
				library.header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.user+":"+c.password)))
			}
			answer := library.do("POST", "/_handbill/v1/i", identify)
			said := strings.TrimPrefix(answer.Header.Get("Handbill-Identity"), "refused: ")
			if reason, _, _ := strings.Cut(said, ":"); reason != c.want || (answer.StatusCode == 200) != (c.want == "") {
				t.Errorf("status %d, refused: %q; want %q", answer.StatusCode, said, c.want)
			}
			if known := s.of("u:ada"); (known != nil) != (c.want == "") {
				t.Errorf("remembered is %+v", known)
			}
			if cookieOf(answer, "handbill_id_user") != nil {
				t.Error("a server was given a session")
			}
		})
	}
}

func TestWhereUserIdsAreProvenAnAliasJoinsAnonymousIdsOnly(t *testing.T) {
	s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}})
	if err := s.engine.Identify(context.Background(), visitor.Identity{User: "grace", Level: visitor.LevelIdentified}, map[string]any{"plan": "team"}); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, s.handler)
	b.identify("ada", nil, map[string]any{"userHash": hashOf(signingSecret, "ada")})
	b.do("POST", "/_handbill/v1/a", `{"userId":"ada","previousId":"grace"}`)
	if r := s.of("u:ada"); r == nil || len(r.Traits) != 0 {
		t.Errorf("ada has taken over %+v", r)
	}
	if r := s.of("u:grace"); r == nil || r.Traits["plan"] != "team" {
		t.Errorf("of grace is left %+v", r)
	}
}

func TestExplainTellsWhoIsProvenAndWhoWasRefused(t *testing.T) {
	s := newSignedShop(t, proof.Options{Secrets: []string{signingSecret}})
	newBrowser(t, s.handler).identify("ada", nil, map[string]any{"userHash": hashOf(signingSecret, "ada")})
	newBrowser(t, s.handler).identify("ada", nil, map[string]any{"userHash": hashOf(signingSecret, "grace")})
	page, err := pagerule.NewPage(origin+"/shoes", "")
	if err != nil {
		t.Fatal(err)
	}
	explanation, err := s.engine.Explain(context.Background(), engine.ExplainRequest{Page: &page, Visitor: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if explanation.Level != "proven" || explanation.Refused == nil || explanation.Refused.Reason != proof.Wrong || explanation.Refused.User != "ada" {
		t.Errorf("explained is %q, %+v", explanation.Level, explanation.Refused)
	}
	other, err := s.engine.Explain(context.Background(), engine.ExplainRequest{Page: &page, Visitor: "grace"})
	if err != nil || other.Level != "claimed" || other.Refused != nil {
		t.Errorf("of grace is explained %+v, %v", other, err)
	}
}

// logged is the event log as text.
func (s *signedShop) logged() string {
	s.Helper()
	var all strings.Builder
	for event, err := range eventlog.Read(s.folder) {
		if err != nil {
			s.Fatal(err)
		}
		line, err := json.Marshal(event)
		if err != nil {
			s.Fatal(err)
		}
		all.Write(line)
	}
	return all.String()
}
