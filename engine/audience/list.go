package audience

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// idList is a sorted list of ids.
type idList struct{ ids []string }

func (l *idList) length() int { return len(l.ids) }

func (l *idList) contains(id string) bool {
	_, found := slices.BinarySearch(l.ids, id)
	return found && id != ""
}

// maxID is how long an id may be, in bytes.
const maxID = 512

// list reads a list of ids. The same list is read once, also for the next version of the workspace.
func (e *Environment) list(data []byte) (*idList, error) {
	sum := sha256.Sum256(data)
	key := string(sum[:])
	e.mutex.Lock()
	defer e.mutex.Unlock()
	known := e.lists[key]
	if known == nil {
		known = e.earlier.lists[key]
	}
	if known == nil {
		var err error
		if known, err = readIDs(data); err != nil {
			return nil, err
		}
	}
	e.lists[key] = known
	return known, nil
}

func readIDs(data []byte) (*idList, error) {
	// The ids share one text.
	all := string(bytes.TrimPrefix(data, []byte("\ufeff")))
	ids := make([]string, 0, strings.Count(all, "\n")+1)
	number := 0
	for line := range strings.Lines(all) {
		number++
		id := strings.TrimSpace(line)
		switch {
		case id == "":
			continue
		case len(id) > maxID:
			return nil, &Problem{number, 1, fmt.Sprintf("an id has %d bytes; at most %d are allowed", len(id), maxID), "write one id on each line"}
		case !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl):
			return nil, &Problem{number, 1, "an id has a character that cannot be printed", "save the list as UTF-8 text with one id on each line"}
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return &idList{slices.Compact(ids)}, nil
}
