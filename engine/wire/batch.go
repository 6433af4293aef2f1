package wire

import (
	"encoding/json"
	"errors"
)

// idSent is an id as the analytics clients send it: a text, or a number, which stands for its digits. Server libraries hand
// on what the site's code gave them, and that is often the number of a row in a database.
type idSent string

// UnmarshalJSON reads a text or a number.
func (id *idSent) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && (data[0] == '-' || data[0] >= '0' && data[0] <= '9') {
		*id = idSent(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(id))
}

// batchSent is the events of one request. Each is read by itself, so that one that is wrong takes none with it.
type batchSent []batchedEvent

// batchedEvent is an event of a batch, or what is wrong with it.
type batchedEvent struct {
	eventSent
	wrong error
}

// UnmarshalJSON reads an event; it fails only where the text is no JSON at all.
func (b *batchedEvent) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &b.eventSent); err != nil {
		b.wrong = errors.New(describe(err))
	}
	return nil
}
