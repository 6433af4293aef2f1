package sink

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"handbill/engine/eventlog"
)

// deadFiles is held while files of dead letters are written, moved or rewritten, and while how many there are is noted.
var deadFiles sync.Mutex

// rewritten is how often somebody was removed from dead letters, so that runners notice that they have fewer.
var rewritten atomic.Uint64

// Forget removes the events that a question is answered with yes for from the dead letters of all sinks of a log. They are
// gone from the disk when it returns. It is what [eventlog.Log.AlsoForget] takes.
func Forget(log string, of func(eventlog.Event) bool) (removed int, err error) {
	deadFiles.Lock()
	defer deadFiles.Unlock()
	for _, kind := range []string{"dead", "dead.1", "replay"} {
		files, err := filepath.Glob(filepath.Join(Dir(log), "*."+kind+".ndjson"))
		if err != nil {
			return removed, err
		}
		for _, path := range files {
			n, err := forgetIn(path, of)
			if n > 0 {
				rewritten.Add(1)
			}
			if removed += n; err != nil {
				return removed, fmt.Errorf("removing events from the dead letters %s: %w; some may be left: try again", path, err)
			}
		}
	}
	return removed, nil
}

// forgetIn writes a file anew, where it has something to be removed.
func forgetIn(path string, of func(eventlog.Event) bool) (removed int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	var kept bytes.Buffer // at most as much as a file of dead letters has
	for lines, end := bufio.NewReader(file), false; !end; {
		line, err := lines.ReadBytes('\n')
		if end = errors.Is(err, io.EOF); err != nil && !end {
			return 0, err
		}
		var letter deadLetter
		if json.Unmarshal(line, &letter) == nil && of(letter.Event.event()) {
			removed++
			continue
		}
		kept.Write(line)
	}
	if removed == 0 {
		return 0, nil
	}
	return removed, eventlog.WriteFile(path, kept.Bytes())
}

// event is a record as the log knows it.
func (r Record) event() eventlog.Event {
	who := "a:" + r.AnonymousID
	if r.UserID != "" {
		who = "u:" + r.UserID
	}
	return eventlog.Event{
		ID: r.ID, Type: r.Type, Workspace: r.Workspace, Visitor: who, Message: r.Message, Delivery: r.Delivery,
		Name: r.Name, Value: r.Value, Properties: r.Properties, At: r.At,
	}
}
