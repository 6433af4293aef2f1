package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"handbill/engine/eventlog"
)

// cursor is how far a sink has come, in a file beside the log.
type cursor struct {
	path  string
	saved eventlog.Position
}

// storedCursor is what the file says.
type storedCursor struct {
	Version int `json:"version"`
	eventlog.Position
}

const cursorVersion = 1

// Dir is the folder of a log in which its sinks keep cursors and dead letters.
func Dir(log string) string { return filepath.Join(log, "sinks") }

// openCursor reads the cursor of a sink. A sink that has none begins where it is told. One whose cursor cannot be read begins with
// the oldest event: what arrives twice does less harm than what does not arrive.
func openCursor(log *eventlog.Log, name string, begin eventlog.Position, logger *slog.Logger) (*cursor, error) {
	dir := Dir(log.Dir())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the sinks %s: %w; let this user write there", dir, err)
	}
	c := &cursor{path: filepath.Join(dir, name+".cursor")}
	text, err := os.ReadFile(c.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.saved = begin
		return c, c.write(begin)
	case err != nil:
		return nil, fmt.Errorf("reading the cursor of the sink %s: %w; let this user read it", name, err)
	}
	var stored storedCursor
	if err := json.Unmarshal(text, &stored); err != nil || stored.Version != cursorVersion {
		logger.Error("the cursor of a sink cannot be read; it begins again with the oldest event of the log, so events may arrive twice", "sink", name, "file", c.path)
		return c, nil
	}
	c.saved = stored.Position
	return c, nil
}

// move makes a position durable.
func (c *cursor) move(to eventlog.Position) error {
	if to == c.saved {
		return nil
	}
	return c.write(to)
}

func (c *cursor) write(to eventlog.Position) error {
	text, err := json.Marshal(storedCursor{cursorVersion, to})
	if err == nil {
		err = eventlog.WriteFile(c.path, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keeping the cursor %s: %w; check the disk's space and health", c.path, err)
	}
	c.saved = to
	return nil
}
