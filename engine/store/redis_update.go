package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	randv2 "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"handbill/engine/visitor"
)

// stored are records as they are in Redis, each with its stamp.
type stored struct {
	records few[Key, cached]
	damaged map[Key]error
	// old is true where one of them comes from the cache, so that another edge may have changed it just now.
	old bool
}

// record implements reader.
func (s *stored) record(key Key) (*visitor.Record, error) {
	found, _ := s.records.get(key)
	return found.record, s.damaged[key]
}

// read reads records, from the cache where it knows them and that will do.
func (r *Redis) read(ctx context.Context, keys []Key, fromCache bool) (*stored, error) {
	s := &stored{}
	var missing []Key
	var versions []uint64
	for _, key := range keys {
		found, version, ok := r.known.find(key)
		if ok && fromCache {
			s.records.set(key, found)
			s.old = true
		} else {
			missing, versions = append(missing, key), append(versions, version)
		}
	}
	if len(missing) == 0 {
		return s, nil
	}
	if err := r.reachable(missing...); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.readPatience)
	defer cancel()
	questions := make(rueidis.Commands, 0, len(missing))
	for _, key := range missing {
		questions = append(questions, r.client.B().Get().Key(redisRecordKey(key)).Build())
	}
	for i, answer := range r.client.DoMulti(ctx, questions...) {
		key := missing[i]
		data, err := answer.AsBytes()
		if err != nil && !rueidis.IsRedisNil(err) {
			return nil, r.failed("reading a visitor's record", key, err)
		}
		found := cached{key: key}
		if len(data) > 0 {
			if found.record, found.stamp, err = parseStored(key, data); err != nil {
				if s.damaged == nil {
					s.damaged = map[Key]error{}
				}
				s.damaged[key] = err
				s.records.set(key, found)
				continue
			}
		}
		s.records.set(key, found)
		r.known.put(key, found.record, found.stamp, versions[i])
	}
	return s, nil
}

// parseStored reads the value of a record's key.
func parseStored(key Key, data []byte) (*visitor.Record, stamp, error) {
	if len(data) < stampSize {
		return nil, stamp{}, about(key, fmt.Errorf("%w: it has %d bytes; it is left as it is", visitor.ErrDamaged, len(data)))
	}
	record, err := decode(key, data[stampSize:])
	return record, stamp(data[:stampSize]), err
}

const (
	// mostTries is how often a change is made anew because other edges changed the same visitor meanwhile.
	mostTries = 100
	// againPause is how long it waits before, at most, and a failing Redis has to answer again.
	againPause = 5 * time.Millisecond
	faultPause = 50 * time.Millisecond
)

// update reads records, has them changed, and writes what changed, unless somebody else changed it meanwhile: then it
// begins anew. The keys, which must be one part, may be changed; others are only read, not from the cache. The change is made
// several times, and the last time counts. What waits of the visitors is written with it.
func (r *Redis) update(ctx context.Context, keys, others []Key, change func(*changes) error) error {
	return r.updateMarked(ctx, keys, others, nil, change)
}

// updateMarked is update for changes that waited in a journal; Redis remembers with them how far that is written.
func (r *Redis) updateMarked(ctx context.Context, keys, others []Key, mark *markOf, change func(*changes) error) error {
	if err := r.reachable(keys...); err != nil {
		return err
	}
	defer r.changing.hold(keys)()
	// Whoever asked may go away: what has begun is brought to an end. Who cannot wait so long has said so.
	patience := r.patience
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	u := update{store: r, keys: keys, all: slices.Concat(keys, others), fromCache: len(others) == 0 && mark == nil, change: change, mark: mark}
	for range mostTries {
		if done, err := u.try(ctx); done || err != nil {
			return err
		}
	}
	return about(keys[0], fmt.Errorf("other edges changed it each of the %d times that it was to be changed; try again", mostTries))
}

// update is a change on its way into Redis.
type update struct {
	store     *Redis
	keys, all []Key
	fromCache bool
	change    func(*changes) error
	mark      *markOf // nil: none
	// doubtful is what was written, perhaps: Redis did not answer.
	doubtful *redisWrite
	noted    []int  // how many notes of each of the keys were in it
	drops    uint64 // how often notes had been dropped then
}

// try makes the change once; done is false, without an error, when it is to be tried again.
func (u *update) try(ctx context.Context) (done bool, err error) {
	r := u.store
	records, err := r.read(ctx, u.all, u.fromCache)
	switch {
	case errors.Is(err, ErrUnavailable) && !r.hasty && pause(ctx, faultPause):
		return false, nil // Redis was there when this began, and may be back in a moment
	case err != nil:
		return false, err
	}
	u.fromCache = false
	if u.mark != nil {
		if err := r.readMark(ctx, u.mark, u.keys[0]); err != nil {
			return false, err
		}
	}
	if u.doubtful != nil && records.are(u.doubtful) {
		u.written()
		return true, nil
	}
	c := changesOn(records)
	u.makeNotes(c)
	if err := u.change(c); err != nil || c.records.len() == 0 {
		if records.old {
			return false, nil // it may be due to what another edge has changed just now
		}
		if err == nil && u.mark != nil {
			err = r.setMark(ctx, u.mark, u.keys[0])
		}
		if err == nil {
			u.written()
		}
		return true, err
	}
	wrote, done, err := r.write(ctx, records, c, u.mark)
	switch {
	case done:
		u.written()
	case err == nil:
		u.doubtful = nil
		pause(ctx, randv2.N(againPause))
	case isAnswer(err) || r.hasty || !pause(ctx, faultPause):
		return false, r.failed("changing a visitor's record", u.keys[0], err)
	default:
		u.doubtful = wrote
	}
	return done, nil
}

// pause waits, and says whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// makeNotes makes the changes that wait, each or not.
func (u *update) makeNotes(c *changes) {
	u.noted, u.drops = u.noted[:0], u.store.notes.drops.Load()
	for _, key := range u.keys {
		notes := u.store.notes.of(key)
		u.noted = append(u.noted, len(notes))
		for _, m := range notes {
			if own := changesOn(c); own.note(m) {
				c.absorb(own)
			}
		}
	}
}

// written ends the waiting of what was written.
func (u *update) written() {
	for i, n := range u.noted {
		u.store.notes.written(u.keys[i], n, u.drops)
	}
}

// isAnswer says whether an error is what Redis answered, so that trying again at once does not help. A node of a Cluster
// that is changing hands, or one that has just become a replica, answers so, too, for a moment.
func isAnswer(err error) bool {
	answer, ok := rueidis.IsRedisErr(err)
	return ok && !answer.IsTryAgain() && !answer.IsClusterDown() && !answer.IsLoading() &&
		!strings.HasPrefix(answer.Error(), "READONLY") && !strings.HasPrefix(answer.Error(), "MASTERDOWN")
}

// are says whether these are the records that were written.
func (s *stored) are(written *redisWrite) bool {
	for i := range written.lines {
		after := &written.lines[i].after
		if is, _ := s.records.get(after.key); is.stamp != after.stamp {
			return false
		}
	}
	return true
}

// write writes changed records and counts; done is false, without an error, when somebody else changed one of them.
func (r *Redis) write(ctx context.Context, was *stored, c *changes, mark *markOf) (w *redisWrite, done bool, err error) {
	w = &redisWrite{lines: make([]redisLine, 0, c.records.len()), mark: mark}
	var moved []move
	for key, record := range c.records.all() {
		before, _ := was.records.get(key)
		line := redisLine{key: redisRecordKey(key), before: before.stamp, after: cached{key: key, record: record}, seen: lastSeenScore(before.record, record)}
		if record != nil {
			binary.LittleEndian.PutUint64(line.after.stamp[:], randv2.Uint64()|1)
			data, err := visitor.AppendEncoded(append(make([]byte, 0, usualRecord), line.after.stamp[:]...), record)
			if err != nil {
				return nil, false, about(key, err)
			}
			line.value = rueidis.BinaryString(data)
		}
		w.lines = append(w.lines, line)
		if from, to := email(before.record), email(record); from != to {
			moved = append(moved, move{key: key, from: from, to: to})
		}
	}
	w.count(&c.counts)
	if err := errors.Join(r.announce(ctx, w.workspace()), r.index(ctx, moved)); err != nil {
		return nil, false, err
	}
	done, err = r.put(ctx, w)
	if done {
		r.unindex(ctx, moved)
	}
	return w, done, err
}

// put has a write made, and caches what it leaves.
func (r *Redis) put(ctx context.Context, w *redisWrite) (done bool, err error) {
	for i := range w.lines {
		line := &w.lines[i]
		line.begun = r.known.begin(line.after.key)
		r.echoes.expect(line.key)
	}
	done, err = r.flightsOf(w).make(ctx, w)
	for i := range w.lines {
		line := &w.lines[i]
		if done {
			r.known.ended(line.after.key, line.begun, &line.after)
		} else {
			r.echoes.take(line.key)
			r.known.ended(line.after.key, line.begun, nil)
		}
	}
	return done, err
}

// usualRecord is how many bytes a record takes at first, with its stamp; it may take more.
const usualRecord = 512

// seenInterval is how accurate it is known, among all visitors, when one was last seen: earlier by so much at most. Who looks
// for visitors of long ago looks at their records, too.
const seenInterval = time.Hour

// lastSeenScore is when a visitor was last seen, in milliseconds; empty where that is as before, about.
func lastSeenScore(was, is *visitor.Record) string {
	if is == nil {
		return ""
	}
	if was != nil && was.LastSeen.Truncate(seenInterval).Equal(is.LastSeen.Truncate(seenInterval)) && was.LastSeen.IsZero() == is.LastSeen.IsZero() {
		return ""
	}
	if is.LastSeen.IsZero() {
		return "0"
	}
	return strconv.FormatInt(is.LastSeen.UnixMilli(), 10)
}

// announce makes a workspace known, so that its visitors are found when those of long ago are to be forgotten.
func (r *Redis) announce(ctx context.Context, workspace string) error {
	if _, known := r.workspaces.Load(workspace); known {
		return nil
	}
	if err := r.client.Do(ctx, r.client.B().Sadd().Key(workspacesKey).Member(workspace).Build()).Error(); err != nil {
		return err
	}
	r.workspaces.Store(workspace, true)
	return nil
}
