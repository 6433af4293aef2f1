package wire

import (
	"encoding/json"
	"reflect"
)

// PollsReadAlike says whether a poll's body is read quickly, and if so, whether as encoding/json reads it.
func PollsReadAlike(text []byte) (quick, same bool) {
	var quickly, slowly pollBodySent
	if !parsePoll(string(text), &quickly) {
		return false, true
	}
	err := json.Unmarshal(text, &slowly)
	if (quickly.Page == nil) != (slowly.Page == nil) || quickly.Page != nil && *quickly.Page != *slowly.Page {
		return true, false
	}
	quickly.Page, quickly.room, slowly.Page = nil, pageSent{}, nil
	if len(slowly.Show) == 0 && len(slowly.Fired) == 0 {
		slowly.Show, slowly.Fired = nil, nil // the engine sees no difference
	}
	return true, err == nil && reflect.DeepEqual(quickly, slowly)
}

// LookAgain looks at the folder now.
func (r *Reference) LookAgain() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look()
}
