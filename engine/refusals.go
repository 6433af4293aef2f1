package engine

import (
	"sync"
	"time"

	"handbill/engine/proof"
	"handbill/engine/visitor"
)

// RefusedClaim is that a browser said a user id and was not believed.
type RefusedClaim struct {
	// User is the id that was claimed, Visitor the anonymous visitor who claimed it; empty where none is known.
	User    string `json:"user"`
	Visitor string `json:"visitor,omitempty"`
	// Reason is a stable code, Sentence what is wrong and what to do.
	Reason   proof.Reason `json:"reason"`
	Sentence string       `json:"sentence"`
	// At is when it was last claimed.
	At time.Time `json:"at"`
}

// rememberedRefusals is how many refused claims explain can tell of; it is for operators who look into what just happened.
const rememberedRefusals = 256

// refusals are the last claims that were refused, in a ring of constant size.
type refusals struct {
	mu     sync.Mutex
	claims [rememberedRefusals]RefusedClaim
	next   int
}

// RefuseClaim counts that a visitor claimed a user id and was not believed, and remembers it for explain.
func (e *Engine) RefuseClaim(who visitor.Identity, user string, refusal *proof.Refusal) {
	e.recorder.ClaimRefused(refusal.Reason)
	claim := RefusedClaim{User: user, Reason: refusal.Reason, Sentence: refusal.Sentence, At: e.now()}
	if who.Anonymous != "" {
		claim.Visitor = "a:" + who.Anonymous
	}
	e.refusals.note(claim)
}

func (r *refusals) note(claim RefusedClaim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	newest := (r.next + rememberedRefusals - 1) % rememberedRefusals
	if last := &r.claims[newest]; last.User == claim.User && last.Visitor == claim.Visitor && last.Reason == claim.Reason {
		*last = claim // the same poll again
		return
	}
	r.claims[r.next] = claim
	r.next = (r.next + 1) % rememberedRefusals
}

// forget drops the claims of a visitor, and those to be one; it says whether there were any.
func (r *refusals) forget(id string) (any bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.claims {
		if claim := &r.claims[i]; claim.Reason != "" && (claim.Visitor == id || "u:"+claim.User == id) {
			// The place stays: of looks at all until one was never taken.
			*claim, any = RefusedClaim{Reason: claim.Reason}, true
		}
	}
	return any
}

// of is the last refused claim of a visitor, or to be one; nil when none is remembered.
func (r *refusals) of(who visitor.Identity) *RefusedClaim {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := 1; i <= rememberedRefusals; i++ {
		claim := r.claims[(r.next+rememberedRefusals-i)%rememberedRefusals]
		switch {
		case claim.Reason == "":
			return nil
		case who.User != "" && claim.User == who.User, who.Anonymous != "" && claim.Visitor == "a:"+who.Anonymous:
			return &claim
		}
	}
	return nil
}
