package source

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	// SignatureHeader is the header of an answer that may hold signatures of its body.
	SignatureHeader = "Handbill-Signature"
	// SignatureSuffix ends the name of a file, and the path of a URL, that holds signatures of what has the name without it.
	SignatureSuffix = ".sig"
	// maximumSignature bounds a file of signatures, in bytes.
	maximumSignature = 4 << 10
)

// Sign signs a workspace: the Ed25519 signature of its bytes, in base64. A file of signatures has one a line, and one of a
// key that is trusted is enough.
func Sign(key ed25519.PrivateKey, data []byte) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(key, data))
}

// Why a workspace is not believed to be of whom it should be.
var (
	ErrNoSignature = errors.New("there is no signature that can be read")
	ErrSignature   = errors.New("no signature is by a key that is trusted")
)

// Verify says whether one of some signatures is one of the data by one of some keys.
func Verify(keys []ed25519.PublicKey, data []byte, signatures []string) error {
	readable := 0
	for _, text := range signatures {
		signature, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(signature) != ed25519.SignatureSize {
			continue
		}
		readable++
		for _, key := range keys {
			if ed25519.Verify(key, data, signature) {
				return nil
			}
		}
	}
	if readable == 0 {
		return ErrNoSignature
	}
	return ErrSignature
}

// signers names the keys that are trusted.
func (h *remote) signers() string {
	var names []string
	for _, key := range h.options.PublicKeys {
		sum := sha256.Sum256(key)
		names = append(names, hex.EncodeToString(sum[:8]))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// verify checks who has signed the data: in the answer's header, or else in a file beside it.
func (h *remote) verify(ctx context.Context, data []byte, headers []string) error {
	if len(h.options.PublicKeys) == 0 {
		return nil
	}
	where, signatures := "the header "+SignatureHeader, fields(strings.Join(headers, " "))
	if len(signatures) == 0 {
		var err error
		if where, signatures, err = h.signatures(ctx); err != nil {
			return err
		}
	}
	if err := Verify(h.options.PublicKeys, data, signatures); err != nil {
		return &refusal{
			text: fmt.Sprintf("it is not signed as it should be: in %s %v", where, err),
			fix:  "sign it anew with: handbill messages sign --key FILE PATH; or correct public_key",
		}
	}
	return nil
}

// signatures asks for the file of signatures.
func (h *remote) signatures(ctx context.Context) (where string, signatures []string, err error) {
	beside := *h.url
	beside.Path, beside.RawPath = beside.Path+SignatureSuffix, ""
	where = "the file at its URL with " + SignatureSuffix
	response, err := h.ask(ctx, &beside, version{})
	if err != nil {
		return where, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return where, nil, &refusal{
			text:  fmt.Sprintf("it is not signed: there is no header %s, and %s answered %s", SignatureHeader, where, strings.TrimSpace(response.Status)),
			fix:   "put the file there that this makes: handbill messages sign --key FILE PATH; or leave out public_key",
			again: retryAfter(response.Header.Get("Retry-After")),
		}
	}
	text, err := readAnswer(response, maximumSignature)
	if err != nil {
		return where, nil, &refusal{text: where + " cannot be read", fix: "make it anew with: handbill messages sign --key FILE PATH"}
	}
	return where, fields(string(text)), nil
}

// fields are the signatures of a text.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' })
}
