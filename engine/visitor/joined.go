package visitor

import (
	"slices"
	"strings"
)

// MaxJoined is of how many ids it is remembered that they joined a record; the one that joined longest ago makes room.
const MaxJoined = 32

// Join remembers that what was known under an id is part of this record, and with it what was part of that id's record,
// which may be nil. An id that is known already keeps its place.
func (r *Record) Join(id string, from *Record) {
	ids := []string{id}
	if from != nil {
		ids = append(slices.Clone(from.Joined), id)
	}
	joined := slices.Clone(r.Joined) // what a shared record has is never changed
	for _, id := range ids {
		if id != r.ID && !slices.Contains(joined, id) {
			joined = append(joined, id)
		}
	}
	r.Joined = lastJoined(joined)
}

// HasJoined says whether what was known of an anonymous id is part of this record, which may be nil.
func (r *Record) HasJoined(anonymous string) bool {
	if r == nil {
		return false
	}
	for _, id := range slices.Backward(r.Joined) { // the browser that they use is mostly the last
		if name, ok := strings.CutPrefix(id, "a:"); ok && name == anonymous {
			return true
		}
	}
	return false
}

func lastJoined(ids []string) []string {
	return ids[max(len(ids)-MaxJoined, 0):]
}
