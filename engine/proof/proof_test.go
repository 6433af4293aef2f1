package proof_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"handbill/engine/proof"
)

const (
	newSecret = "b1f7e0c29d3a48f6a5d4c3b2a1908f7e6d5c4b3a29181716f5e4d3c2b1a09f8e"
	oldSecret = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// keys are what a site's server signs with.
type keys struct {
	ed      ed25519.PrivateKey
	next    ed25519.PrivateKey
	ec      *ecdsa.PrivateKey
	foreign ed25519.PrivateKey
}

func newKeys(t *testing.T) keys {
	t.Helper()
	var k keys
	for _, private := range []*ed25519.PrivateKey{&k.ed, &k.next, &k.foreign} {
		_, *private, _ = ed25519.GenerateKey(rand.Reader)
	}
	var err error
	if k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	return k
}

func (k keys) verifier(t *testing.T) *proof.Verifier {
	t.Helper()
	return verifier(t, proof.Options{
		Secrets: []string{newSecret, oldSecret}, Issuer: "https://shop.example.com", Audiences: []string{"handbill", "messages"},
		Keys: []proof.Key{{ID: "2026-11", Public: k.ed.Public()}, {ID: "2026-12", Public: k.next.Public()}, {Public: k.ec.Public()}},
	})
}

func verifier(t *testing.T, options proof.Options) *proof.Verifier {
	t.Helper()
	v, err := proof.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func hashOf(secret, user string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(user))
	return hex.EncodeToString(m.Sum(nil))
}

// claims are those of a good token, with what a test changes.
func claims(changes map[string]any) map[string]any {
	all := map[string]any{
		"sub": "ada", "iss": "https://shop.example.com", "aud": "handbill",
		"iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(),
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

// signed makes a token.
func signed(t *testing.T, algorithm jose.SignatureAlgorithm, key any, kid string, says map[string]any) string {
	t.Helper()
	if kid != "" {
		key = jose.JSONWebKey{Key: key, KeyID: kid}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(says).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// handmade makes a token with any header; sign gives its third part.
func handmade(header string, says map[string]any, sign func(text string) []byte) string {
	body, _ := json.Marshal(says)
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(body)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

func hs256(key []byte) func(string) []byte {
	return func(text string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
}

func TestUserHashes(t *testing.T) {
	v := newKeys(t).verifier(t)
	for _, c := range []struct {
		name, user, hash string
		want             proof.Reason
	}{
		{"a hash with the new secret", "ada", hashOf(newSecret, "ada"), ""},
		{"a hash with the old secret", "ada", hashOf(oldSecret, "ada"), ""},
		{"capital digits", "ada", strings.ToUpper(hashOf(newSecret, "ada")), ""},
		{"a user id outside of ASCII", "伊藤", hashOf(newSecret, "伊藤"), ""},
		{"another person's hash", "grace", hashOf(newSecret, "ada"), proof.Wrong},
		{"a hash with a made-up secret", "ada", hashOf("letmein", "ada"), proof.Wrong},
		{"one digit changed", "ada", flipped(hashOf(newSecret, "ada")), proof.Wrong},
		{"half a hash", "ada", hashOf(newSecret, "ada")[:32], proof.Malformed},
		{"no digits", "ada", "ada", proof.Malformed},
		{"nothing", "ada", "", proof.Unproven},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, v, c.user, proof.Given{Hash: c.hash}, c.want) })
	}
}

func flipped(hash string) string {
	if hash[0] == '0' {
		return "1" + hash[1:]
	}
	return "0" + hash[1:]
}

func expect(t *testing.T, v *proof.Verifier, user string, given proof.Given, want proof.Reason) {
	t.Helper()
	key, refusal := v.Verify(user, given, noon)
	switch {
	case want == "" && refusal != nil:
		t.Errorf("it is refused: %s", refusal)
	case want == "" && !v.Knows(key):
		t.Errorf("it is proven by the key %q, which is not known", key)
	case want != "" && refusal == nil:
		t.Errorf("it is believed; it should be refused as %s", want)
	case want != "" && refusal.Reason != want:
		t.Errorf("it is refused as %s; want %s", refusal, want)
	case want != "" && strings.Contains(refusal.Sentence, user):
		t.Errorf("the refusal names the user: %s", refusal)
	}
}

func TestTokens(t *testing.T) {
	k := newKeys(t)
	v := k.verifier(t)
	der, err := x509.MarshalPKIXPublicKey(k.ed.Public())
	if err != nil {
		t.Fatal(err)
	}
	edPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	good := signed(t, jose.EdDSA, k.ed, "2026-11", claims(nil))
	parts := strings.Split(good, ".")
	nobody := func(string) []byte { return nil }
	for _, c := range []struct {
		name, token string
		want        proof.Reason
	}{
		{"EdDSA", good, ""},
		{"EdDSA without a kid", signed(t, jose.EdDSA, k.ed, "", claims(nil)), ""},
		{"the next key", signed(t, jose.EdDSA, k.next, "2026-12", claims(nil)), ""},
		{"ES256", signed(t, jose.ES256, k.ec, "", claims(nil)), ""},
		{"ES256 by a key without a name, whatever the kid", signed(t, jose.ES256, k.ec, "any", claims(nil)), ""},
		{"HS256 with the new secret", signed(t, jose.HS256, []byte(newSecret), "", claims(nil)), ""},
		{"HS256 with the old secret", signed(t, jose.HS256, []byte(oldSecret), "", claims(nil)), ""},
		{"one of several audiences", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"aud": []string{"billing", "messages"}})), ""},
		{"expired half a minute ago by clocks that differ", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"exp": noon.Add(-30 * time.Second).Unix()})), ""},
		{"issued half a minute ahead by clocks that differ", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"iat": noon.Add(30 * time.Second).Unix()})), ""},

		{"somebody else's", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"sub": "grace"})), proof.OtherUser},
		{"nobody's", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"sub": nil})), proof.Malformed},
		{"a number for sub", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"sub": 42})), proof.Malformed},
		{"expired", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"exp": noon.Add(-2 * time.Minute).Unix()})), proof.Expired},
		{"for ever", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"exp": nil})), proof.Malformed},
		{"exp is a text", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"exp": "tomorrow"})), proof.Malformed},
		{"not yet", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"nbf": noon.Add(2 * time.Minute).Unix()})), proof.NotYet},
		{"issued in the future", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"iat": noon.Add(2 * time.Minute).Unix()})), proof.NotYet},
		{"another audience", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"aud": "billing"})), proof.Audience},
		{"no audience", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"aud": nil})), proof.Audience},
		{"another issuer", signed(t, jose.EdDSA, k.ed, "", claims(map[string]any{"iss": "https://evil.example"})), proof.Issuer},
		{"a foreign key", signed(t, jose.EdDSA, k.foreign, "", claims(nil)), proof.Wrong},
		{"a foreign key that calls itself ours", signed(t, jose.EdDSA, k.foreign, "2026-11", claims(nil)), proof.Wrong},
		{"the wrong kid of two", signed(t, jose.EdDSA, k.ed, "2026-12", claims(nil)), proof.Wrong},
		{"an unknown kid", signed(t, jose.EdDSA, k.ed, "2025-01", claims(nil)), proof.UnknownKey},
		{"a made-up secret", signed(t, jose.HS256, []byte(strings.Repeat("x", 32)), "", claims(nil)), proof.Wrong},

		{"alg none", handmade(`{"alg":"none"}`, claims(nil), nobody), proof.Algorithm},
		{"alg None", handmade(`{"alg":"None"}`, claims(nil), nobody), proof.Algorithm},
		{"no alg", handmade(`{}`, claims(nil), nobody), proof.Algorithm},
		{"HS512, which no key is for", handmade(`{"alg":"HS512"}`, claims(nil), hs256([]byte(newSecret))), proof.Algorithm},
		{"HS256 with the public key's bytes", handmade(`{"alg":"HS256"}`, claims(nil), hs256(k.ed.Public().(ed25519.PublicKey))), proof.Wrong},
		{"HS256 with the public key's PEM", handmade(`{"alg":"HS256","kid":"2026-11"}`, claims(nil), hs256(edPEM)), proof.Wrong},
		{"HS256 with the public key's DER", handmade(`{"alg":"HS256"}`, claims(nil), hs256(der)), proof.Wrong},
		{"EdDSA by name with an HMAC inside", handmade(`{"alg":"EdDSA"}`, claims(nil), hs256([]byte(newSecret))), proof.Wrong},
		{"a key of its own in the header", handmade(`{"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"`+
			base64.RawURLEncoding.EncodeToString(k.foreign.Public().(ed25519.PublicKey))+`"}}`, claims(nil),
			func(text string) []byte { return ed25519.Sign(k.foreign, []byte(text)) }), proof.Wrong},
		{"a critical header nobody knows", handmade(`{"alg":"EdDSA","crit":["x"],"x":1}`, claims(nil),
			func(text string) []byte { return ed25519.Sign(k.ed, []byte(text)) }), proof.Wrong},
		{"another body under a good signature", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"ada","exp":99999999999}`)) + "." + parts[2], proof.Wrong},
		{"no signature", parts[0] + "." + parts[1] + ".", proof.Wrong},
		{"two parts", parts[0] + "." + parts[1], proof.Malformed},
		{"no token at all", "ada", proof.Malformed},
		{"far too long", good + strings.Repeat("A", 9000), proof.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, v, "ada", proof.Given{Token: c.token}, c.want) })
	}
}

func TestAPublicKeyAloneVerifiesNoSecretsTokens(t *testing.T) {
	k := newKeys(t)
	v := verifier(t, proof.Options{Keys: []proof.Key{{Public: k.ed.Public()}}})
	forged := handmade(`{"alg":"HS256"}`, claims(nil), hs256(k.ed.Public().(ed25519.PublicKey)))
	expect(t, v, "ada", proof.Given{Token: forged}, proof.Algorithm)
	expect(t, v, "ada", proof.Given{Hash: hashOf(newSecret, "ada")}, proof.Algorithm)
}

func TestATokenGoesBeforeAHash(t *testing.T) {
	k := newKeys(t)
	expect(t, k.verifier(t), "ada", proof.Given{Hash: hashOf(newSecret, "ada"), Token: "worn.out.token"}, proof.Malformed)
}

func TestAKeyThatIsTakenAwayIsNotKnownAnyMore(t *testing.T) {
	both := verifier(t, proof.Options{Secrets: []string{newSecret, oldSecret}})
	key, refusal := both.Verify("ada", proof.Given{Hash: hashOf(oldSecret, "ada")}, noon)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if again := verifier(t, proof.Options{Secrets: []string{oldSecret}}); !again.Knows(key) {
		t.Error("the same secret has another name in another verifier")
	}
	if alone := verifier(t, proof.Options{Secrets: []string{newSecret}}); alone.Knows(key) {
		t.Error("the old secret is gone, and still known")
	}
	if strings.Contains(oldSecret, key) || len(key) > 8 {
		t.Errorf("the key's name %q tells too much", key)
	}
}

func TestServersShowTheirSecret(t *testing.T) {
	v := verifier(t, proof.Options{ServerSecrets: []string{newSecret, oldSecret}})
	for given, want := range map[string]bool{
		newSecret: true, oldSecret: true, newSecret + ":": true, newSecret + "::": false, "": false, ":": false, newSecret[:40]: false,
	} {
		if v.Server(given) != want {
			t.Errorf("the secret %.8q… is believed: %t", given, !want)
		}
	}
	if verifier(t, proof.Options{Secrets: []string{newSecret}}).Server(newSecret) {
		t.Error("the secret that signs user ids is no server's secret")
	}
}

func TestWhatCannotProveAnythingIsAnError(t *testing.T) {
	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		options proof.Options
		want    string
	}{
		{"nothing", proof.Options{}, "neither a secret nor a public key"},
		{"an empty secret", proof.Options{Secrets: []string{""}}, "secret is empty; if it is {env.NAME}, set that variable"},
		{"a short secret", proof.Options{Secrets: []string{"hunter2"}}, "secret has 7 characters, so that it could be guessed; use 32 or more, made with: openssl rand -hex 32"},
		{"a short server secret", proof.Options{ServerSecrets: []string{"hunter2"}}, "server_secret has 7 characters"},
		{"three secrets", proof.Options{Secrets: []string{newSecret, oldSecret, newSecret}}, "secret has 3 values"},
		{"a curve that ES256 has not", proof.Options{Keys: []proof.Key{{Public: large.Public()}}}, "curve P-384"},
		{"an RSA key", proof.Options{Keys: []proof.Key{{Public: rsaKey.Public()}}}, "*rsa.PublicKey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := proof.New(c.options)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v; want %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("the error tells the secret")
			}
		})
	}
}

func TestKeysAreReadFromFiles(t *testing.T) {
	k := newKeys(t)
	block := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	public, err := x509.MarshalPKIXPublicKey(k.ed.Public())
	edPEM := block("PUBLIC KEY", public, err)
	public, err = x509.MarshalPKIXPublicKey(k.ec.Public())
	ecPEM := block("PUBLIC KEY", public, err)
	private, err := x509.MarshalPKCS8PrivateKey(k.ed)
	privatePEM := block("PRIVATE KEY", private, err)
	asJSON := func(value any) []byte {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	edJWK := jose.JSONWebKey{Key: k.ed.Public(), KeyID: "2026-11"}
	for _, c := range []struct {
		name string
		file []byte
		ids  string
		want string
	}{
		{"a PEM file", edPEM, "", ""},
		{"a PEM file of two keys", append(append([]byte{}, edPEM...), ecPEM...), ",", ""},
		{"a JSON Web Key", asJSON(edJWK), "2026-11", ""},
		{"a set of JSON Web Keys", asJSON(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{edJWK, {Key: k.ec.Public(), KeyID: "ec"}}}), "2026-11,ec", ""},
		{"a private key", privatePEM, "", "private key, which only the server that signs may have"},
		{"a private JSON Web Key", asJSON(jose.JSONWebKey{Key: k.ed}), "", "private key"},
		{"a symmetric JSON Web Key", asJSON(jose.JSONWebKey{Key: []byte(newSecret)}), "", "write that as secret"},
		{"an empty file", nil, "", "it holds no public key"},
		{"another file", []byte("[workspace]\nname = \"Shop\"\n"), "", "it holds no public key"},
		{"broken JSON", []byte(`{"keys": [`), "", "cannot be read"},
		{"a request", block("CERTIFICATE REQUEST", []byte("x"), nil), "", "CERTIFICATE REQUEST"},
		{"a broken key", block("PUBLIC KEY", []byte("x"), nil), "", "cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := proof.ReadKeys(c.file)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("the error is %v; want %q", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, key := range found {
				ids = append(ids, key.ID)
			}
			if got := strings.Join(ids, ","); got != c.ids {
				t.Errorf("the keys are %q; want %q", got, c.ids)
			}
			if _, err := proof.New(proof.Options{Keys: found}); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzVerifyNeverBelievesWhatWasNotSigned(f *testing.F) {
	v, err := proof.New(proof.Options{Secrets: []string{newSecret}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "")
	f.Add("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.AAAA", strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, token, hash string) {
		if key, refusal := v.Verify("ada", proof.Given{Token: token, Hash: hash}, noon); refusal == nil {
			t.Errorf("believed by the key %q: %q, %q", key, token, hash)
		}
	})
}
