package store

// mayPutAside says whether there is room for what nobody waits for: the half is for what somebody does.
func (j *Journaled) mayPutAside() bool {
	bytes, _ := j.queue.size()
	return bytes < j.limit/2
}

// putNotesAside puts what was noted of visitors into the journal; false when something is left.
func (j *Journaled) putNotesAside() bool {
	for _, key := range j.notes.keys() {
		if j.reachable(key) == nil {
			continue
		}
		if !j.mayPutAside() || j.putNotesOfAside(key) != nil {
			return false
		}
	}
	return true
}

// putNotesOfAside puts what was noted of a visitor into the journal, while nobody writes it to Redis.
func (j *Journaled) putNotesOfAside(key Key) error {
	defer j.changing.hold([]Key{key})()
	drops := j.notes.drops.Load()
	since, notes := j.notes.waitingSince(key), j.notes.of(key)
	if len(notes) == 0 {
		return nil
	}
	if err := j.put([]Key{key}, written{kind: entryApply, mutations: notes, at: since}, func() error { return nil }); err != nil {
		return err
	}
	j.notes.written(key, len(notes), drops)
	return nil
}
