package proof

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// secret is a key that signs and verifies.
type secret struct {
	bytes []byte
	name  string
}

// CheckSecret says whether a secret cannot be guessed. What names the secret in the error.
func CheckSecret(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%s is empty; if it is {env.NAME}, set that variable in the environment of the server. Make a secret with: openssl rand -hex 32", what)
	case len(text) < MinSecret:
		return fmt.Errorf("%s has %d characters, so that it could be guessed; use %d or more, made with: openssl rand -hex 32", what, len(text), MinSecret)
	}
	return nil
}

func secrets(what string, texts []string) ([]secret, error) {
	if len(texts) > MaxSecrets {
		return nil, fmt.Errorf("%s has %d values; give the new one and the one that it takes the place of", what, len(texts))
	}
	var all []secret
	for _, text := range texts {
		if err := CheckSecret(what, text); err != nil {
			return nil, err
		}
		all = append(all, secret{[]byte(text), keyName(mac([]byte(text), "the name of the key"))})
	}
	return all, nil
}

// keyName is what a key is called where it must be recognised and not be told.
func keyName(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:6]) }

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// hash checks a user hash. Every secret is tried, in a time that does not tell how much of the hash is right.
func (v *Verifier) hash(user, given string) (string, *Refusal) {
	if len(v.secrets) == 0 {
		return "", Refuse(Algorithm, "a user hash needs a secret, and this site takes tokens only; send a token in context.token")
	}
	sum, err := hex.DecodeString(given)
	if err != nil || len(sum) != sha256.Size {
		return "", Refuse(Malformed, "the user hash is not %d hexadecimal digits: make it as the HMAC-SHA256 of the user id", 2*sha256.Size)
	}
	key := ""
	for _, s := range v.secrets {
		if hmac.Equal(sum, mac(s.bytes, user)) && key == "" {
			key = s.name
		}
	}
	if key == "" {
		return "", Refuse(Wrong, "the user hash is not the HMAC-SHA256 of this user id with a secret of this site")
	}
	return key, nil
}

// Server says whether a secret is one that servers are believed with. A final colon is allowed: libraries that take the
// write key alone add one, and can so be given the write key and the secret in one text.
func (v *Verifier) Server(given string) bool {
	sum := sha256.Sum256([]byte(strings.TrimSuffix(given, ":")))
	is := false
	for _, s := range v.servers {
		want := sha256.Sum256(s.bytes)
		is = hmac.Equal(sum[:], want[:]) || is
	}
	return is
}
