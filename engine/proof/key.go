package proof

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Key is a public key. Tokens that name a key ("kid") are verified with the one of that ID; a key without an ID is tried for
// every token of its algorithm.
type Key struct {
	ID     string
	Public crypto.PublicKey
}

// publicKey is a key with the one algorithm that it is for.
type publicKey struct {
	id, name  string
	public    crypto.PublicKey
	algorithm jose.SignatureAlgorithm
}

func newPublicKey(key Key) (publicKey, error) {
	made := publicKey{id: key.ID, public: key.Public}
	switch public := key.Public.(type) {
	case ed25519.PublicKey:
		made.algorithm = jose.EdDSA
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return made, fmt.Errorf("a public key is on the curve %s; tokens may be signed with ES256 (P-256) or EdDSA (Ed25519)", public.Curve.Params().Name)
		}
		made.algorithm = jose.ES256
	default:
		return made, fmt.Errorf("a public key is a %T; tokens may be signed with ES256 (P-256) or EdDSA (Ed25519)", key.Public)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public)
	if err != nil {
		return made, fmt.Errorf("a public key cannot be used: %w", err)
	}
	sum := sha256.Sum256(der)
	made.name = keyName(sum[:])
	return made, nil
}

// ReadKeys reads public keys: PEM blocks of keys or certificates, or a JSON Web Key, or a set of those ("keys").
func ReadKeys(data []byte) ([]Key, error) {
	if trimmed := bytes.TrimSpace(data); len(trimmed) > 0 && trimmed[0] == '{' {
		return readJWKs(trimmed)
	}
	var keys []Key
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		public, err := readBlock(block)
		if err != nil {
			return nil, err
		}
		keys = append(keys, Key{Public: public})
	}
	if len(keys) == 0 {
		return nil, errors.New(`it holds no public key; write it in PEM, which begins with "-----BEGIN PUBLIC KEY-----", or as a JSON Web Key`)
	}
	return keys, nil
}

// errPrivate is for a file that should not be where it is.
var errPrivate = errors.New("it holds a private key, which only the server that signs may have; give the public one: openssl pkey -in key.pem -pubout")

func readBlock(block *pem.Block) (crypto.PublicKey, error) {
	switch block.Type {
	case "PUBLIC KEY":
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("its public key cannot be read: %w", err)
		}
		return public, nil
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("its certificate cannot be read: %w", err)
		}
		return certificate.PublicKey, nil
	case "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY":
		return nil, errPrivate
	}
	return nil, fmt.Errorf("it holds a %q; write a public key, which begins with -----BEGIN PUBLIC KEY-----", block.Type)
}

func readJWKs(data []byte) ([]Key, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, fmt.Errorf("its JSON Web Keys cannot be read: %w", err)
	}
	if len(set.Keys) == 0 {
		var one jose.JSONWebKey
		if err := json.Unmarshal(data, &one); err != nil {
			return nil, fmt.Errorf("its JSON Web Key cannot be read: %w", err)
		}
		set.Keys = append(set.Keys, one)
	}
	var keys []Key
	for _, key := range set.Keys {
		if _, symmetric := key.Key.([]byte); symmetric {
			return nil, errors.New("it holds a symmetric key; write that as secret")
		}
		if !key.IsPublic() {
			return nil, errPrivate
		}
		keys = append(keys, Key{ID: key.KeyID, Public: key.Key})
	}
	return keys, nil
}
