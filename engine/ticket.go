package engine

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
	"time"

	"handbill/engine/visitor"
)

// ticketTime is how long a ticket opens a stream.
const ticketTime = 5 * time.Minute

// Listener is who opens a stream: a visitor, and when they last asked what is due.
type Listener struct {
	visitor uint64
	asked   time.Time
}

// Listener is a visitor who will ask once the stream is open.
func (e *Engine) Listener(identity visitor.Identity) Listener {
	return Listener{visitor: hash64(identity.ID()), asked: e.now()}
}

// Ticket lets the visitor who asked just now open a stream. It is a name of the visitor that says nothing about them, a dot,
// and what proves that the edge made it, and when. An address may hold it.
func (e *Engine) Ticket(identity visitor.Identity) string {
	raw := binary.BigEndian.AppendUint64(nil, hash64(identity.ID()))
	raw = binary.BigEndian.AppendUint64(raw, uint64(e.now().UnixMilli()))
	raw = append(raw, e.sealer.ticketSeal(raw)...)
	encode := base64.RawURLEncoding.EncodeToString
	return encode(raw[:8]) + "." + encode(raw[8:])
}

// OpenTicket reads a ticket; it fails when the edge did not make it, or too long ago.
func (e *Engine) OpenTicket(ticket string) (Listener, bool) {
	who, ok := e.readTicket(ticket)
	age := e.now().Sub(who.asked)
	return who, ok && age > -time.Second && age <= ticketTime
}

// Hears says whether a ticket that the client listens with is the visitor's own, also when it opens no stream any more.
func (e *Engine) Hears(identity visitor.Identity, ticket string) bool {
	who, ok := e.readTicket(ticket)
	return ok && who.visitor == hash64(identity.ID())
}

func (e *Engine) readTicket(ticket string) (Listener, bool) {
	name, rest, _ := strings.Cut(ticket, ".")
	decode := base64.RawURLEncoding.DecodeString
	first, err := decode(name)
	if err != nil || len(first) != 8 {
		return Listener{}, false
	}
	second, err := decode(rest)
	if err != nil || len(second) != 8+voucherSeal {
		return Listener{}, false
	}
	raw := slices.Concat(first, second)
	if !hmac.Equal(raw[16:], e.sealer.ticketSeal(raw[:16])) {
		return Listener{}, false
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(raw[8:]))).UTC()
	return Listener{visitor: binary.BigEndian.Uint64(raw), asked: at}, true
}

func (s sealer) ticketSeal(raw []byte) []byte {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte("stream\x00"))
	mac.Write([]byte(s.workspace))
	mac.Write([]byte{0})
	mac.Write(raw)
	return mac.Sum(nil)[:voucherSeal]
}
