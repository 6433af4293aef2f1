package visitor

import (
	"errors"
	"slices"
)

// How runs and sent messages are written down.

type storedRun struct {
	Started int64 `cbor:"1,keyasint"`
	// Delay is how long after the start the message is due, Again how long after it the campaign may start anew; in
	// milliseconds, and Again one more, for zero is never.
	Delay  int64          `cbor:"2,keyasint,omitempty"`
	Again  int64          `cbor:"3,keyasint,omitempty"`
	Exited int64          `cbor:"4,keyasint,omitempty"`
	Visit  uint32         `cbor:"5,keyasint,omitempty"`
	Event  map[string]any `cbor:"6,keyasint,omitempty"`
}

type storedSent struct {
	ID      uint64 `cbor:"1,keyasint"`
	Key     string `cbor:"2,keyasint"`
	Message string `cbor:"3,keyasint"`
	At      int64  `cbor:"4,keyasint"`
	// Wait is how long it waits, in milliseconds.
	Wait  int64          `cbor:"5,keyasint"`
	Data  map[string]any `cbor:"6,keyasint,omitempty"`
	View  uint64         `cbor:"7,keyasint,omitempty"`
	Ended uint8          `cbor:"8,keyasint,omitempty"` // 1 closed, 2 cancelled, 3 both
	Inbox bool           `cbor:"9,keyasint,omitempty"`
}

const (
	endedClosed    = 1
	endedCancelled = 2
)

func storeRuns(runs map[string]*Run) map[string]storedRun {
	all := make(map[string]storedRun, len(runs))
	for id, run := range runs {
		started := milliseconds(run.Started)
		stored := storedRun{Started: started, Delay: milliseconds(run.Due) - started, Exited: milliseconds(run.Exited), Visit: run.Visit, Event: run.Event}
		if !run.Again.IsZero() {
			stored.Again = milliseconds(run.Again) - started + 1
		}
		all[id] = stored
	}
	return all
}

func storeSent(all []Sent) []storedSent {
	list := make([]storedSent, 0, len(all))
	for _, sent := range all {
		stored := storedSent{ID: sent.ID, Key: sent.Key, Message: sent.Message, At: milliseconds(sent.At), Data: sent.Data, View: sent.View, Inbox: sent.Inbox}
		stored.Wait = milliseconds(sent.Until) - stored.At
		if sent.Closed {
			stored.Ended |= endedClosed
		}
		if sent.Cancelled {
			stored.Ended |= endedCancelled
		}
		list = append(list, stored)
	}
	return list
}

func (s *storedRecord) restoreKinds(r *Record) error {
	if len(s.Campaigns) > 0 {
		r.Campaigns = make(map[string]*Run, len(s.Campaigns))
	}
	for id, stored := range s.Campaigns {
		event, ok := plainTable(stored.Event)
		if !ok || stored.Again < 0 {
			return errors.New("a campaign's run is not as it is written")
		}
		run := &Run{Started: moment(stored.Started), Due: moment(stored.Started + stored.Delay), Exited: moment(stored.Exited), Visit: stored.Visit, Event: event}
		if stored.Again > 0 {
			run.Again = moment(stored.Started + stored.Again - 1)
		}
		r.Campaigns[id] = run
	}
	for _, stored := range s.Sent {
		data, ok := plainTable(stored.Data)
		if !ok || stored.Ended > endedClosed|endedCancelled {
			return errors.New("a sent message is not as it is written")
		}
		r.Sent = append(r.Sent, Sent{
			ID: stored.ID, Key: stored.Key, Message: stored.Message, At: moment(stored.At), Until: moment(stored.At + stored.Wait), Data: data, View: stored.View,
			Closed: stored.Ended&endedClosed != 0, Cancelled: stored.Ended&endedCancelled != 0, Inbox: stored.Inbox,
		})
	}
	if !slices.IsSorted(s.Segments) || len(s.Segments) > MaxSegments || len(slices.Compact(slices.Clone(s.Segments))) != len(s.Segments) {
		return errors.New("the segments are not as they are written")
	}
	r.Segments = s.Segments
	var err error
	r.Inbox, err = restoreInbox(s.Inbox)
	return err
}

// plainTable is a table of values as a record holds them; nil for an empty one, and false for what JSON cannot have.
func plainTable(table map[string]any) (map[string]any, bool) {
	if len(table) == 0 {
		return nil, true
	}
	value, ok := plain(table)
	if !ok {
		return nil, false
	}
	return value.(map[string]any), true
}
