package engine

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"strings"
	"time"
)

// Session is that a browser has proven a user id: it stands, sealed, in a cookie that no script can read. So the proof need
// not come with every poll, which the reference client could not send. Every edge on the same store understands it.
type Session struct {
	// User is the user id that was proven, Key the name of the key by which it was.
	User, Key string
	// Until is when it ends.
	Until time.Time
}

// A session is written as "user.key.until.seal", each part in base64; until is in seconds since 1970.
const (
	sessionSeal  = 16
	sessionLimit = 1 << 10 // characters; a longer text was not made here
)

// SealSession writes a session down so that nobody can change it.
func (e *Engine) SealSession(s Session) string {
	text := encodeText(s.User) + "." + encodeText(s.Key) + "." + encodeText(string(binary.BigEndian.AppendUint64(nil, uint64(s.Until.Unix()))))
	return text + "." + base64.RawURLEncoding.EncodeToString(e.sealer.sessionSeal(text))
}

// OpenSession reads a session, whether it has ended or not; false when this workspace did not make it.
func (e *Engine) OpenSession(sealed string) (Session, bool) {
	last := strings.LastIndexByte(sealed, '.')
	if last < 0 || len(sealed) > sessionLimit {
		return Session{}, false
	}
	text := sealed[:last]
	seal, err := base64.RawURLEncoding.DecodeString(sealed[last+1:])
	if err != nil || !hmac.Equal(seal, e.sealer.sessionSeal(text)) {
		return Session{}, false
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Session{}, false
	}
	user, key, until := decodeText(parts[0]), decodeText(parts[1]), decodeText(parts[2])
	if len(until) != 8 {
		return Session{}, false
	}
	return Session{User: user, Key: key, Until: time.Unix(int64(binary.BigEndian.Uint64([]byte(until))), 0).UTC()}, true
}

func encodeText(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// decodeText reads what encodeText wrote, of which the seal has been checked.
func decodeText(encoded string) string {
	text, _ := base64.RawURLEncoding.DecodeString(encoded)
	return string(text)
}

func (s sealer) sessionSeal(text string) []byte {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	for _, part := range []string{"session", s.workspace, text} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)[:sessionSeal]
}
