package wire

import (
	"encoding/json"
	"net/http"
	"time"

	"handbill/engine"
	"handbill/engine/proof"
	"handbill/engine/visitor"
)

// Identity says when a site believes that a visitor is the user whose id a browser or a server says.
type Identity struct {
	// Proofs checks what proves a user id; without a proof nobody is believed. Nil: whoever says a user id is believed.
	Proofs *proof.Verifier
	// Outright: where nobody has to prove anything, a browser's word is enough for messages to one person, too.
	Outright bool
}

// Headers about who a visitor is.
const (
	// proofHeader may carry a proof, a user hash or a token, for all that a request claims.
	proofHeader = "X-Handbill-Identity"
	// refusedHeader says in an answer why a claim was not believed. Our client writes it to the console.
	refusedHeader = "Handbill-Identity"
)

// sessionSuffix makes the name of the cookie that holds the session from that of the visitor's.
const sessionSuffix = "_user"

// claims decides for one request which user ids are believed.
type claims struct {
	*Handler
	w http.ResponseWriter
	r *http.Request
	// proven is the user that an identify of this request has proven.
	proven string
	// noted are the refusals that this request has counted already, by user.
	noted map[string]bool
}

func (h *Handler) claims(w http.ResponseWriter, r *http.Request) *claims {
	return &claims{Handler: h, w: w, r: r}
}

// claim adds a user id that a request says, if it is believed; otherwise the visitor stays anonymous, and the refusal says
// why. begins is true for what proves who the browser's visitor is from now on.
func (c *claims) claim(identity visitor.Identity, userID string, given proof.Given, begins bool) (visitor.Identity, *proof.Refusal) {
	userID = clean(userID)
	if userID == "" {
		return identity, nil
	}
	level, refusal := c.judge(userID, given, begins)
	if refusal != nil {
		c.refuse(identity, userID, refusal)
		return identity, refusal
	}
	identity.User, identity.Level, identity.Believed = userID, level, c.site.Identity.Outright
	return identity, nil
}

// judge says how far a claim is believed.
func (c *claims) judge(userID string, given proof.Given, begins bool) (visitor.Level, *proof.Refusal) {
	proofs := c.site.Identity.Proofs
	if proofs == nil {
		return visitor.LevelIdentified, nil
	}
	if c.proven == userID {
		return visitor.LevelVerified, nil
	}
	name, secret, server := c.r.BasicAuth()
	if server = server && name == c.writeKey(); server && secret != "" {
		if !proofs.Server(secret) {
			return 0, proof.Refuse(proof.Wrong, "the password of the basic authentication is no server_secret of this site")
		}
		return visitor.LevelVerified, nil
	}
	if given.None() {
		given = givenBy(c.r.Header.Get(proofHeader))
	}
	if given.None() && server {
		return 0, proof.Refuse(proof.Unproven, "the write key alone proves nothing, since every page says it; send a server_secret of this site as the password of the basic authentication")
	}
	if given.None() {
		return visitor.LevelVerified, c.remembers(userID)
	}
	key, refusal := proofs.Verify(userID, given, time.Now())
	if refusal == nil && begins {
		c.begin(engine.Session{User: userID, Key: key, Until: time.Now().Add(proofs.Session())})
	}
	return visitor.LevelVerified, refusal
}

// givenBy is the proof that a header holds.
func givenBy(text string) proof.Given {
	if proof.LooksLikeToken(text) {
		return proof.Given{Token: text}
	}
	return proof.Given{Hash: text}
}

// remembers says what keeps the browser from having proven a user id before.
func (c *claims) remembers(userID string) *proof.Refusal {
	cookie, err := c.r.Cookie(c.sessionCookie())
	if err != nil {
		return proof.Refuse(proof.Unproven, `no proof came with the user id, and this browser has proven none: call identify(id, traits, {context: {userHash: "..."}})`)
	}
	session, ours := c.engine.OpenSession(cookie.Value)
	switch {
	case !ours:
		return proof.Refuse(proof.Unproven, "what this browser remembers as its proof was not made here; identify with a proof again")
	case session.User != userID:
		return proof.Refuse(proof.OtherUser, "this browser has proven another user id than the one it says; identify with a proof of this one")
	case !c.site.Identity.Proofs.Knows(session.Key):
		return proof.Refuse(proof.Lapsed, "the key that proved this user id is not used any more; identify with a new proof")
	case !time.Now().Before(session.Until):
		return proof.Refuse(proof.Lapsed, "this browser proved the user id too long ago; identify with a proof again")
	}
	return nil
}

// begin remembers in the browser that it has proven a user id.
func (c *claims) begin(session engine.Session) {
	c.proven = session.User
	c.setSession(c.engine.SealSession(session), int(time.Until(session.Until).Seconds()))
}

// end makes the browser forget what it has proven.
func (c *claims) end() {
	if _, err := c.r.Cookie(c.sessionCookie()); err == nil {
		c.setSession("", -1)
	}
}

func (h *Handler) sessionCookie() string { return h.site.Cookie.Name + sessionSuffix }

// setSession sets the session's cookie in the answer, in place of one that was set before.
func (c *claims) setSession(value string, maxAge int) {
	if maxAge > 0 && consentedIn(c.r).mode == ConsentNone {
		return
	}
	cookie := c.ownCookie(c.r, c.sessionCookie(), value, maxAge)
	set := c.w.Header()["Set-Cookie"]
	for i, line := range set {
		if earlier, err := http.ParseSetCookie(line); err == nil && earlier.Name == cookie.Name {
			set[i] = cookie.String()
			return
		}
	}
	http.SetCookie(c.w, cookie)
}

// refuse tells the browser, the operator and the metrics that a claim was not believed: once a request and user.
func (c *claims) refuse(identity visitor.Identity, userID string, refusal *proof.Refusal) {
	if c.noted[userID] {
		return
	}
	if c.noted == nil {
		c.noted = make(map[string]bool)
		c.w.Header().Set(refusedHeader, "refused: "+refusal.Error())
	}
	c.noted[userID] = true
	c.engine.RefuseClaim(identity, userID, refusal)
}

// whoSent says who an event comes from.
func (c *claims) whoSent(event eventSent) (visitor.Identity, *proof.Refusal) {
	identity := c.browserSent(c.r, string(event.AnonymousID))
	if event.Type != "identify" {
		return c.claim(identity, string(event.UserID), proof.Given{}, false)
	}
	return c.claim(identity, string(event.UserID), event.takeProof(c.site.Identity.Proofs != nil), true)
}

// proofSent is where an event's context carries a proof.
type proofSent struct {
	UserHash    string `json:"userHash"`
	UserHashToo string `json:"user_hash"`
	Token       string `json:"token"`
}

// takeProof reads the proof of an identify, from its context or its traits, and takes it out of the traits: a proof is
// never stored. A trait "token" that could be something else is a proof only where the site asks for one.
func (e eventSent) takeProof(signed bool) (given proof.Given) {
	var sent proofSent
	_ = json.Unmarshal(e.Context, &sent) // what cannot be read is no proof
	given.Hash, given.Token = sent.UserHash, sent.Token
	if given.Hash == "" {
		given.Hash = sent.UserHashToo
	}
	for _, name := range []string{"userHash", "user_hash", "token"} {
		text, _ := e.Traits[name].(string)
		if name == "token" {
			if !signed && !proof.LooksLikeToken(text) {
				continue
			}
			if given.Token == "" {
				given.Token = text
			}
		} else if given.Hash == "" {
			given.Hash = text
		}
		delete(e.Traits, name)
	}
	return given
}
