package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"sync"
	"time"
)

// A delivery's id is sealed text: it says which message was handed to whom in which page view, and only an edge that
// holds the store's secret can make one. It is URL-safe, because the reference client puts it in a path unencoded.
//
//	version (1) | flags (1) | visitor (8) | view (8) | occasion (8, by the flags) | length of variant's id (1) and variant's id (by the flags) | message id | seal (16)
const (
	deliveryVersion = 1
	deliveryHead    = 1 + 1 + 8 + 8
	deliverySeal    = 16
	deliveryLimit   = 512 // characters; a longer id was not made here

	deliveryIsTest = 1 << 0
	deliveryOfRun  = 1 << 1 // the occasion is the start of a campaign's run, in milliseconds since 1970
	deliveryOfSend = 1 << 2 // the occasion stands for the key of a send
	deliveryVaried = 1 << 3 // it shows a variant of the message
	deliveryStays  = 1 << 5 // the reference client shows it until it is closed
	deliveryCounts = 1 << 6 // the reference client keeps its frequency
	deliveryKnown  = deliveryIsTest | deliveryOfRun | deliveryOfSend | deliveryVaried | deliveryStays | deliveryCounts
)

// errForeignDelivery is what a report of a delivery that no edge of this workspace made is answered with.
var errForeignDelivery = errors.New("deliveryId is not one that this workspace handed out")

// delivery is what a delivery's id says.
type delivery struct {
	id      string // empty: it was not written yet
	message string
	visitor uint64 // hash of the visitor's id
	view    uint64 // hash of the page view
	key     uint64 // stands for the whole id where a number is enough
	of      occasion
	test    bool
}

// sealer makes and reads delivery ids of one workspace.
type sealer struct {
	workspace string
	macs      *sync.Pool // *signer
}

// signer makes seals; its memory is used again.
type signer struct {
	hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

func newSealer(secret []byte, workspace string) sealer {
	key := append([]byte(nil), secret...)
	return sealer{workspace: workspace, macs: &sync.Pool{New: func() any { return &signer{Hash: hmac.New(sha256.New, key)} }}}
}

// seal names the delivery of a message on an occasion to a visitor in a page view, both given by their hashes. The same
// always gives the same, so that a tab that asks again receives the delivery it holds. Its id is left to be written, which
// most polls do not need.
func (s sealer) seal(visitor, view uint64, message string, of occasion, test bool) delivery {
	d := delivery{message: message, visitor: visitor, view: view, of: of, test: test}
	var room [deliveryRoom]byte
	seal := s.sign(d.append(room[:0]))
	d.key = binary.BigEndian.Uint64(seal[deliverySeal-8:])
	return d
}

// write is the id of a delivery.
func (s sealer) write(d delivery) string {
	if d.id != "" {
		return d.id
	}
	var room [deliveryRoom]byte
	raw := d.append(room[:0])
	seal := s.sign(raw)
	return base64.RawURLEncoding.EncodeToString(append(raw, seal[:]...))
}

// deliveryRoom is what an id takes, unless its message's is long.
const deliveryRoom = 128

// append appends what a delivery's id seals.
func (d *delivery) append(raw []byte) []byte {
	flags := byte(0)
	if d.test {
		flags |= deliveryIsTest
	}
	switch {
	case d.of.sent != 0:
		flags |= deliveryOfSend
	case !d.of.run.IsZero():
		flags |= deliveryOfRun
	}
	if d.of.variant != "" {
		flags |= deliveryVaried
	}
	switch d.of.form {
	case shownUntilClosed:
		flags |= deliveryStays
	case shownAsCounted:
		flags |= deliveryCounts
	}
	raw = append(raw, deliveryVersion, flags)
	raw = binary.BigEndian.AppendUint64(raw, d.visitor)
	raw = binary.BigEndian.AppendUint64(raw, d.view)
	switch {
	case d.of.sent != 0:
		raw = binary.BigEndian.AppendUint64(raw, d.of.sent)
	case !d.of.run.IsZero():
		raw = binary.BigEndian.AppendUint64(raw, uint64(d.of.run.UnixMilli()))
	}
	if d.of.variant != "" {
		raw = append(append(raw, byte(len(d.of.variant))), d.of.variant...)
	}
	return append(raw, d.message...)
}

// open reads a delivery's id; it fails when the id was not sealed with this workspace's secret.
func (s sealer) open(id string) (delivery, error) {
	if len(id) > deliveryLimit {
		return delivery{}, errForeignDelivery
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) < deliveryHead+deliverySeal || raw[0] != deliveryVersion {
		return delivery{}, errForeignDelivery
	}
	body, seal := raw[:len(raw)-deliverySeal], raw[len(raw)-deliverySeal:]
	if want := s.sign(body); !hmac.Equal(seal, want[:]) {
		return delivery{}, errForeignDelivery
	}
	d := delivery{
		id:      id,
		visitor: binary.BigEndian.Uint64(body[2:]),
		view:    binary.BigEndian.Uint64(body[10:]),
		key:     binary.BigEndian.Uint64(seal[deliverySeal-8:]),
		test:    body[1]&deliveryIsTest != 0,
	}
	rest, flags := body[deliveryHead:], body[1]
	if flags&^deliveryKnown != 0 {
		return delivery{}, errForeignDelivery
	}
	switch {
	case flags&deliveryStays != 0:
		d.of.form = shownUntilClosed
	case flags&deliveryCounts != 0:
		d.of.form = shownAsCounted
	}
	if flags&(deliveryOfRun|deliveryOfSend) != 0 {
		if len(rest) < 8 {
			return delivery{}, errForeignDelivery
		}
		number := binary.BigEndian.Uint64(rest)
		if flags&deliveryOfSend != 0 {
			d.of.sent = number
		} else {
			d.of.run = time.UnixMilli(int64(number)).UTC()
		}
		rest = rest[8:]
	}
	if flags&deliveryVaried != 0 {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return delivery{}, errForeignDelivery
		}
		d.of.variant, rest = string(rest[1:1+int(rest[0])]), rest[1+int(rest[0]):]
	}
	d.message = string(rest)
	return d, nil
}

// sign is the seal of what an id says.
func (s sealer) sign(body []byte) (seal [deliverySeal]byte) {
	mac := s.macs.Get().(*signer)
	defer s.macs.Put(mac)
	mac.text = append(append(append(mac.text[:0], "delivery\x00"...), s.workspace...), 0)
	mac.text = append(mac.text, body...)
	mac.Reset()
	mac.Write(mac.text)
	copy(seal[:], mac.Sum(mac.sum[:0]))
	return seal
}

// derive gives the visitor id that stands for an alias, such as the reference client's anonymous id: always the same for
// the same alias, and not to be guessed from it.
func (s sealer) derive(alias string) string {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte("alias\x00"))
	mac.Write([]byte(s.workspace))
	mac.Write([]byte{0})
	mac.Write([]byte(alias))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// A voucher is 4 bytes of time, in seconds since 1970, and a seal of them and of the id in the cookie.
const voucherSeal = 8

// vouch proves that an id was issued, and when.
func (s sealer) vouch(id string, at time.Time) string {
	raw := binary.BigEndian.AppendUint32(nil, uint32(at.Unix()))
	return base64.RawURLEncoding.EncodeToString(append(raw, s.voucherSeal(id, raw)...))
}

// vouched is when an id was issued; zero when the voucher does not prove it.
func (s sealer) vouched(id, voucher string, now time.Time) time.Time {
	raw, err := base64.RawURLEncoding.DecodeString(voucher)
	if err != nil || len(raw) != 4+voucherSeal || !hmac.Equal(raw[4:], s.voucherSeal(id, raw[:4])) {
		return time.Time{}
	}
	if issued := time.Unix(int64(binary.BigEndian.Uint32(raw)), 0).UTC(); !issued.After(now) {
		return issued
	}
	return time.Time{}
}

func (s sealer) voucherSeal(id string, issued []byte) []byte {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	for _, part := range []string{"cookie", s.workspace, id} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	mac.Write(issued)
	return mac.Sum(nil)[:voucherSeal]
}

// hash64 is the first 8 bytes of the SHA-256 of text.
func hash64(text string) uint64 {
	var room [128]byte
	sum := sha256.Sum256(append(room[:0], text...))
	return binary.BigEndian.Uint64(sum[:8])
}
