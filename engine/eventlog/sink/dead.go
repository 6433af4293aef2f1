package sink

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// defaultDeadSize is how large a file of dead letters becomes before another one begins; of those that are full, the last
// is kept.
const defaultDeadSize = 128 << 20

// Errors of [Runner.Replay].
var (
	ErrNothingDead = errors.New("there are no dead letters")
	ErrReplaying   = errors.New("dead letters are being replayed already")
)

// deadLetter is a line of the file.
type deadLetter struct {
	DeadAt time.Time `json:"deadAt"`
	Reason string    `json:"reason"`
	Event  Record    `json:"event"`
}

// deadFile names a file with a sink's dead letters. The kinds are "dead", "dead.1" for the older ones, and "replay" for
// those that are being replayed.
func (r *Runner) deadFile(kind string) string {
	return filepath.Join(Dir(r.log.Dir()), r.options.Name+"."+kind+".ndjson")
}

func (r *Runner) deadPath() string { return r.deadFile("dead") }

// addDead makes dead letters durable, and counts them.
func (r *Runner) addDead(items []Item, reason error) error {
	var lines []byte
	for _, one := range items {
		line, err := encode(deadLetter{time.Now().UTC(), reason.Error(), one.Record})
		if err != nil { // nothing can be written of its properties; that it was there is
			one.Record.Properties = nil
			if line, err = encode(deadLetter{time.Now().UTC(), reason.Error() + ": " + err.Error(), one.Record}); err != nil {
				return err
			}
		}
		lines = append(append(lines, line...), '\n')
	}
	deadFiles.Lock()
	defer deadFiles.Unlock()
	path := r.deadPath()
	if info, err := os.Stat(path); err == nil && info.Size() >= r.options.deadSize {
		older := r.deadFile("dead.1")
		if _, err := os.Stat(older); err == nil {
			r.options.Logger.Error("there are so many dead letters of a sink that the oldest are thrown away; replay or remove them", "file", older)
		}
		if err := os.Rename(path, older); err != nil {
			return fmt.Errorf("putting dead letters aside: %w", err)
		}
		r.state.setDeadLetters(0)
	}
	if err := appendLines(path, lines); err != nil {
		return err
	}
	r.options.Recorder.Died(len(items))
	r.state.bury(len(items))
	return nil
}

// appendLines adds lines to a file, whole and durable, or not at all.
func appendLines(path string, lines []byte) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	size, err := endOfLines(file)
	if err != nil {
		return err
	}
	if _, err = file.Write(lines); err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w; check the disk's space and health", path, err), file.Truncate(size))
	}
	return nil
}

// replay sends the dead letters that are to be replayed; false when it was stopped before. It begins again with the first
// of them when it was interrupted.
func (r *Runner) replay(ctx context.Context) bool {
	path := r.deadFile("replay")
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	if err != nil {
		r.fail(fmt.Errorf("replaying dead letters: %w", err))
		return true
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewReader(file)
	var items []Item
	for end := false; !end; {
		line, err := lines.ReadBytes('\n')
		end = err != nil
		if err != nil && !errors.Is(err, io.EOF) {
			r.fail(fmt.Errorf("replaying dead letters: %w", err))
			return true
		}
		if letter := (deadLetter{}); len(line) > 0 {
			one := Item{}
			if err := json.Unmarshal(line, &letter); err != nil {
				r.options.Logger.Error("a dead letter cannot be read and is left out", "error", err)
				continue
			}
			one.Record = letter.Event
			if err := r.encode(&one); err != nil {
				if !r.bury(ctx, []Item{one}, err) {
					return false
				}
				continue
			}
			items = append(items, one)
		}
		for len(items) > 0 && (end || len(items) >= r.bounds.Events) {
			n := r.fitting(items)
			if !r.send(ctx, items[:n], r.options.Tries) {
				return false
			}
			items = items[n:]
		}
	}
	if err := os.Remove(path); err != nil {
		r.fail(fmt.Errorf("replaying dead letters: %w; remove the file", err))
		return r.wait(ctx, 0, 0)
	}
	r.options.Logger.Info("dead letters were replayed")
	return true
}

// Replay lets the runner hand over all dead letters anew, before it goes on. Those that are refused again are dead again.
func (r *Runner) Replay() error {
	deadFiles.Lock()
	defer deadFiles.Unlock()
	if _, err := os.Stat(r.deadFile("replay")); err == nil {
		return ErrReplaying
	}
	err := os.Rename(r.deadPath(), r.deadFile("replay"))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNothingDead
	}
	if err != nil {
		return fmt.Errorf("replaying dead letters: %w", err)
	}
	r.state.setDeadLetters(0)
	select {
	case r.poked <- struct{}{}:
	default:
	}
	return nil
}

// recount counts the dead letters anew where somebody was removed from some since they were counted.
func (r *Runner) recount() {
	if r.counted.Load() == rewritten.Load() {
		return
	}
	deadFiles.Lock()
	defer deadFiles.Unlock()
	r.counted.Store(rewritten.Load())
	r.state.setDeadLetters(r.countDead())
}

// countDead is how many dead letters wait.
func (r *Runner) countDead() int {
	file, err := os.Open(r.deadPath())
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	count, lines := 0, bufio.NewReaderSize(file, 64<<10)
	for {
		switch _, err := lines.ReadSlice('\n'); {
		case err == nil:
			count++
		case !errors.Is(err, bufio.ErrBufferFull):
			return count
		}
	}
}
