package proof

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// maxToken bounds a token, in bytes.
const maxToken = 8 << 10

// LooksLikeToken says whether a text has the form of a JSON Web Token.
func LooksLikeToken(text string) bool {
	return strings.HasPrefix(text, "eyJ") && strings.Count(text, ".") == 2
}

// token checks a token. The algorithm never chooses the key: each key is for one algorithm, and is tried for no other.
func (v *Verifier) token(user, given string, now time.Time) (string, *Refusal) {
	if len(given) > maxToken {
		return "", Refuse(Malformed, "the token has more than %d bytes; put less into it", maxToken)
	}
	if len(v.algorithms) == 0 {
		return "", Refuse(Algorithm, "this site has no key for tokens; configure a secret or a public_key")
	}
	parsed, err := jwt.ParseSigned(given, v.algorithms)
	var unexpected *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &unexpected):
		return "", Refuse(Algorithm, "the token is not signed with an algorithm that a key of this site is for: %s", v.algorithmNames())
	case err != nil || len(parsed.Headers) != 1:
		return "", Refuse(Malformed, "the token is not a signed JSON Web Token of three parts with dots between them")
	}
	claims, key, refusal := v.signed(parsed)
	if refusal != nil {
		return "", refusal
	}
	return key, v.judge(claims, user, now)
}

// signed is what a token says, and the name of the key that it is signed with.
func (v *Verifier) signed(token *jwt.JSONWebToken) (claims jwt.Claims, key string, refusal *Refusal) {
	candidates := v.candidates(token.Headers[0])
	if len(candidates) == 0 {
		return claims, "", Refuse(UnknownKey, "the token's kid names none of the keys that this site has for its algorithm")
	}
	for _, candidate := range candidates {
		if token.Claims(candidate.key) != nil {
			continue
		}
		if token.UnsafeClaimsWithoutVerification(&claims) != nil { // it is verified
			return claims, "", Refuse(Malformed, "the token's sub, exp, nbf, iat or aud is not what a JSON Web Token has there")
		}
		return claims, candidate.name, nil
	}
	return claims, "", Refuse(Wrong, "the token's signature was not made with a key of this site")
}

// candidate is a key that may have signed a token.
type candidate struct {
	key  any
	name string
}

// candidates are the keys for a token's algorithm; where it names one, that key, or those that have no name.
func (v *Verifier) candidates(header jose.Header) []candidate {
	var named, unnamed []candidate
	if header.Algorithm == string(jose.HS256) {
		for _, s := range v.secrets {
			unnamed = append(unnamed, candidate{s.bytes, s.name})
		}
		return unnamed
	}
	for _, key := range v.keys {
		switch {
		case string(key.algorithm) != header.Algorithm:
		case key.id == "":
			unnamed = append(unnamed, candidate{key.public, key.name})
		case key.id == header.KeyID || header.KeyID == "":
			named = append(named, candidate{key.public, key.name})
		}
	}
	return append(named, unnamed...)
}

// judge says what is wrong with what a token says.
func (v *Verifier) judge(claims jwt.Claims, user string, now time.Time) *Refusal {
	switch {
	case claims.Subject == "":
		return Refuse(Malformed, "the token has no sub; put the user id there")
	case claims.Subject != user:
		return Refuse(OtherUser, "the token's sub is another user than the one who identifies")
	case claims.Expiry == nil:
		return Refuse(Malformed, "the token has no exp; say until when it holds, some minutes ahead")
	}
	err := claims.ValidateWithLeeway(jwt.Expected{Time: now, Issuer: v.issuer, AnyAudience: jwt.Audience(v.audiences)}, v.leeway)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrExpired):
		return Refuse(Expired, "the token held until %s, and it is %s; sign a new one for each page", clock(claims.Expiry.Time()), clock(now))
	case errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		return Refuse(NotYet, "the token's nbf or iat lies ahead of the edge's clock, which says %s; set the clocks", clock(now))
	case errors.Is(err, jwt.ErrInvalidAudience):
		return Refuse(Audience, "the token's aud has none of this site's audiences")
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return Refuse(Issuer, "the token's iss is not this site's issuer")
	}
	return Refuse(Malformed, "what the token says cannot be understood")
}

func clock(at time.Time) string { return at.UTC().Format(time.RFC3339) }

func (v *Verifier) algorithmNames() string {
	var names []string
	for _, algorithm := range v.algorithms {
		names = append(names, string(algorithm))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
