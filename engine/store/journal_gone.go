package store

import (
	"context"
	"errors"
	"time"
)

// goneTimes are when visitors were forgotten, by workspace.
type goneTimes map[string]func(visitorID string) time.Time

// after says whether a visitor was forgotten after a time, or in the same millisecond: more exactly it is not known.
func (g goneTimes) after(key Key, since time.Time) bool {
	at := g[key.Workspace]
	if at == nil {
		return false
	}
	forgotten := at(key.Visitor)
	return !forgotten.IsZero() && !forgotten.Before(since.Truncate(time.Millisecond))
}

// goneSince asks who was forgotten, on whichever edge, after what waits of visitors had come in.
func (r *Redis) goneSince(ctx context.Context, waiting map[Key]time.Time) (goneTimes, error) {
	oldest := map[string]time.Time{}
	for key, at := range waiting {
		if since, known := oldest[key.Workspace]; !known || at.Before(since) {
			oldest[key.Workspace] = at
		}
	}
	gone := goneTimes{}
	for workspace, since := range oldest {
		at, err := r.Forgotten(ctx, workspace, since)
		if err != nil {
			return nil, err
		}
		if at != nil {
			gone[workspace] = at
		}
	}
	return gone, nil
}

// learnWhoIsGone asks who was forgotten since entries came in; false when that cannot be known now.
func (j *Journaled) learnWhoIsGone(groups [][]*entry) bool {
	waiting := map[Key]time.Time{}
	for _, group := range groups {
		for _, e := range group {
			e.since(waiting, func(Key) bool { return true })
		}
	}
	gone, err := j.goneSince(j.ending, waiting)
	if err != nil {
		j.complain(err)
		return false
	}
	j.gone = gone
	for _, group := range groups {
		for _, e := range group {
			e.since(j.wrote, func(key Key) bool { return !j.isGone(e, key) })
		}
	}
	return true
}

// since notes since when the first change of each visitor waits whom somebody asks for.
func (e *entry) since(waiting map[Key]time.Time, asked func(Key) bool) {
	for _, key := range e.keys {
		if at, known := waiting[key]; asked(key) && (!known || e.at.Before(at)) {
			waiting[key] = e.at
		}
	}
}

// isGone says whether a visitor was forgotten after an entry came in.
func (j *Journaled) isGone(e *entry, key Key) bool { return j.gone.after(key, e.at) }

// mayTakeBack says whether it is not known yet if something is to be taken back.
func (j *Journaled) mayTakeBack() bool {
	j.draining.Lock()
	defer j.draining.Unlock()
	return len(j.wrote) > 0
}

// takeBack forgets whoever was forgotten while what waited of them was written: after it was asked who is gone, and perhaps
// before the other edge removed them. False when Redis does not say now; then it is done before anything else is written.
func (j *Journaled) takeBack() bool {
	gone, err := j.goneSince(j.ending, j.wrote)
	if err != nil {
		j.complain(err)
		return false
	}
	for key, at := range j.wrote {
		if gone.after(key, at) {
			err := j.update(j.ending, []Key{key}, nil, func(c *changes) error {
				c.forget([]Key{key})
				return nil
			})
			if err != nil {
				j.complain(err)
				return false
			}
		}
		delete(j.wrote, key)
	}
	return true
}

// dropGone drops what was noted of visitors at a place who were forgotten elsewhere while Redis could not be reached from
// here. False when that cannot be known now.
func (r *Redis) dropGone(ctx context.Context, place int) bool {
	waiting := map[Key]time.Time{}
	for _, key := range r.notes.keys() {
		if since := r.notes.waitingSince(key); r.placeOf(key) == place && !since.IsZero() {
			waiting[key] = since
		}
	}
	gone, err := r.goneSince(ctx, waiting)
	switch {
	case errors.Is(err, ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, ErrUnavailable) && !r.cluster:
		return false
	case err != nil:
		// In a Cluster the node that knows may be gone for long, while this one is there. Nobody waits for notes.
		r.logger.Warn("it cannot be known who was forgotten while Redis could not be reached, so what was noted of visitors meanwhile is dropped",
			"store", r.place, "visitors", len(waiting), "error", err)
	}
	for key, since := range waiting {
		if err != nil || gone.after(key, since) {
			r.notes.drop(key)
		}
	}
	return true
}
