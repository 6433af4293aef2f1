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
	"time"
)

const (
	// SignatureHeader is the header of an answer that may hold signatures of its body.
	SignatureHeader = "Handbill-Signature"
	// SignatureSuffix ends the name of a file, and the path of a URL, that holds signatures of what has the name without it.
	SignatureSuffix = ".sig"
	// mostAhead is how far a signature may be ahead of the clock: clocks differ, and some are set to a zone's time.
	mostAhead = 24 * time.Hour
	// maximumSignature bounds a file of signatures, in bytes.
	maximumSignature = 4 << 10
)

// Sign signs a workspace with a time, to a second: that time, a dot, and the Ed25519 signature of both in base64. A file of
// signatures has one a line, and one of a key that is trusted is enough.
//
// A signature may also be one of the bytes alone, without time and dot. What has a time is not TOML as it was signed, so that
// no signature of the one kind is one of the other.
func Sign(key ed25519.PrivateKey, data []byte, at time.Time) string {
	text := at.UTC().Format(time.RFC3339)
	return text + signedDot + base64.StdEncoding.EncodeToString(ed25519.Sign(key, timed(text, data)))
}

const signedDot = "."

// timed is what is signed of a workspace with a time.
func timed(at string, data []byte) []byte { return slices.Concat([]byte("handbill "+at+"\n"), data) }

// Why a workspace is not believed to be of whom it should be.
var (
	ErrNoSignature = errors.New("there is no signature that can be read")
	ErrSignature   = errors.New("no signature is by a key that is trusted")
)

// Verify says whether one of some signatures is one of the data by one of some keys, and when the newest of those was made;
// zero where none of them has a time.
func Verify(keys []ed25519.PublicKey, data []byte, signatures []string) (signed time.Time, err error) {
	err = ErrNoSignature
	for _, text := range signatures {
		at, signature, ok := readSignature(text)
		if !ok {
			continue
		}
		signedText := data
		if !at.IsZero() {
			signedText = timed(at.Format(time.RFC3339), data)
		}
		switch {
		case slices.ContainsFunc(keys, func(key ed25519.PublicKey) bool { return ed25519.Verify(key, signedText, signature) }):
			if err = nil; at.After(signed) {
				signed = at
			}
		case errors.Is(err, ErrNoSignature):
			err = ErrSignature
		}
	}
	return signed, err
}

// readSignature reads what Sign writes.
func readSignature(text string) (at time.Time, signature []byte, ok bool) {
	if before, after, found := strings.Cut(text, signedDot); found {
		var err error
		if at, err = time.Parse(time.RFC3339, before); err != nil || at.Format(time.RFC3339) != before || at.Location() != time.UTC {
			return time.Time{}, nil, false
		}
		text = after
	}
	signature, err := base64.StdEncoding.DecodeString(text)
	return at, signature, err == nil && len(signature) == ed25519.SignatureSize
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

// verify checks who has signed the data, and says when: in the answer's header, or else in a file beside it.
func (h *remote) verify(ctx context.Context, data []byte, headers []string) (signed time.Time, err error) {
	if len(h.options.PublicKeys) == 0 {
		return time.Time{}, nil
	}
	where, signatures := "the header "+SignatureHeader, fields(strings.Join(headers, " "))
	if len(signatures) == 0 {
		if where, signatures, err = h.signatures(ctx); err != nil {
			return time.Time{}, err
		}
	}
	signed, err = Verify(h.options.PublicKeys, data, signatures)
	switch {
	case err != nil:
		return time.Time{}, &refusal{
			text: fmt.Sprintf("it is not signed as it should be: in %s %v", where, err),
			fix:  "sign it anew with: handbill messages sign --key FILE PATH; or correct public_key",
		}
	case time.Until(signed) > mostAhead:
		// Nothing that is signed later would be newer than it.
		return time.Time{}, &refusal{
			text: fmt.Sprintf("it was signed on %s, which is more than %d hours ahead", inWords(signed), int(mostAhead.Hours())),
			fix:  "set the clock of this machine, or of the one that signs, and sign it anew with: handbill messages sign --key FILE PATH",
		}
	}
	return signed, nil
}

// inWords is a time as operators read it.
func inWords(at time.Time) string { return at.UTC().Format("2 January 2006 at 15:04:05 UTC") }

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
