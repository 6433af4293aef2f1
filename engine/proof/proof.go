// Package proof checks what proves who a visitor is: a hash of the user id, or a JSON Web Token, that the site's own server
// made with a secret that no browser knows.
//
// A [Verifier] holds the secrets and public keys of one site. [Verifier.Verify] takes a user id that a browser claims and
// what it gave for proof. What does not prove the id is a [Refusal]: a stable reason, and a sentence for whoever builds the
// site. The package is functions on data; where proofs travel and what follows from them is package wire's affair.
package proof

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Defaults of [Options].
const (
	DefaultLeeway  = time.Minute
	DefaultSession = 30 * 24 * time.Hour
)

// MinSecret is how long a secret must be, in bytes: as long as what it makes.
const MinSecret = 32

// MaxSecrets is how many secrets may be live at once: the new one, and the one that it takes the place of.
const MaxSecrets = 2

// Options say what proves a user id. At least one of Secrets, Keys and ServerSecrets is given.
type Options struct {
	// Secrets make user hashes and tokens signed with HS256. Two may be live, so that one can take the other's place.
	Secrets []string
	// Keys are the public keys of tokens signed with EdDSA or ES256.
	Keys []Key
	// ServerSecrets are what servers show, with the write key, to be believed about any user.
	ServerSecrets []string
	// Issuer is what a token's "iss" must be; empty: anything. Audiences are of what its "aud" must have one; none: anything.
	Issuer    string
	Audiences []string
	// Leeway is by how much the clocks of those who sign and of the edge may differ. Zero means DefaultLeeway.
	Leeway time.Duration
	// Session is how long a browser that has proven a user id is believed without another proof. Zero means DefaultSession.
	Session time.Duration
}

// Given is what a browser gave for proof; both may be empty.
type Given struct {
	// Hash is the HMAC-SHA256 of the user id, in hexadecimal digits.
	Hash string
	// Token is a JSON Web Token whose "sub" is the user id. Where one is given, the hash is not looked at.
	Token string
}

// None says whether there is no proof at all.
func (g Given) None() bool { return g.Hash == "" && g.Token == "" }

// Reason is a stable code for why a claim is refused.
type Reason string

// The reasons.
const (
	// Unproven: no proof came with the claim, and the browser has not proven it before.
	Unproven Reason = "unproven"
	// Lapsed: the browser has proven it before, but too long ago, or by a key that is not used any more.
	Lapsed Reason = "lapsed"
	// Wrong: the hash, the token's signature or the server's secret was not made with a key of this site.
	Wrong Reason = "wrong"
	// OtherUser: the proof is somebody else's.
	OtherUser Reason = "other_user"
	// Expired: the token's "exp" has passed.
	Expired Reason = "expired"
	// NotYet: the token's "nbf" or "iat" lies ahead.
	NotYet Reason = "not_yet"
	// Algorithm: the token is signed in a way that no key of this site is for.
	Algorithm Reason = "algorithm"
	// UnknownKey: the token's "kid" names no key of this site.
	UnknownKey Reason = "unknown_key"
	// Audience: the token is for another audience.
	Audience Reason = "audience"
	// Issuer: the token is of another issuer.
	Issuer Reason = "issuer"
	// Malformed: what came is neither a user hash nor a token.
	Malformed Reason = "malformed"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{Unproven, Lapsed, Wrong, OtherUser, Expired, NotYet, Algorithm, UnknownKey, Audience, Issuer, Malformed}
}

// Refusal is the error of a claim that is not believed. Its text names no user and holds nothing of the proof.
type Refusal struct {
	Reason Reason
	// Sentence says what is wrong and what to do.
	Sentence string
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Sentence }

// Refuse makes a refusal.
func Refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}

// Verifier checks proofs. It is safe for concurrent use.
type Verifier struct {
	secrets    []secret
	keys       []publicKey
	servers    []secret
	algorithms []jose.SignatureAlgorithm
	issuer     string
	audiences  []string
	leeway     time.Duration
	session    time.Duration
}

// New makes a verifier. It fails when nothing could ever be proven, and for a secret that can be guessed.
func New(options Options) (*Verifier, error) {
	v := &Verifier{issuer: options.Issuer, audiences: options.Audiences, leeway: options.Leeway, session: options.Session}
	if len(options.Secrets)+len(options.Keys)+len(options.ServerSecrets) == 0 {
		return nil, errors.New("there is neither a secret nor a public key, so nobody could prove anything; give one")
	}
	var err error
	if v.secrets, err = secrets("secret", options.Secrets); err != nil {
		return nil, err
	}
	if v.servers, err = secrets("server_secret", options.ServerSecrets); err != nil {
		return nil, err
	}
	if len(v.secrets) > 0 {
		v.algorithms = append(v.algorithms, jose.HS256)
	}
	for _, key := range options.Keys {
		public, err := newPublicKey(key)
		if err != nil {
			return nil, err
		}
		v.keys = append(v.keys, public)
		if !slices.Contains(v.algorithms, public.algorithm) {
			v.algorithms = append(v.algorithms, public.algorithm)
		}
	}
	if v.leeway <= 0 {
		v.leeway = DefaultLeeway
	}
	if v.session <= 0 {
		v.session = DefaultSession
	}
	return v, nil
}

// Session is how long a browser that has proven a user id is believed without another proof.
func (v *Verifier) Session() time.Duration { return v.session }

// Verify says whether a proof proves that its bearer is the user. It returns the name of the key by which it does; the error
// is a [Refusal].
func (v *Verifier) Verify(user string, given Given, now time.Time) (key string, refusal *Refusal) {
	switch {
	case given.None():
		return "", Refuse(Unproven, "no proof of the user id came with it; send its user hash or a token in context")
	case given.Token != "":
		return v.token(user, given.Token, now)
	}
	return v.hash(user, given.Hash)
}

// Knows says whether a key that Verify has named is still one of this site's.
func (v *Verifier) Knows(key string) bool {
	return slices.ContainsFunc(v.secrets, func(s secret) bool { return s.name == key }) ||
		slices.ContainsFunc(v.keys, func(k publicKey) bool { return k.name == key })
}
