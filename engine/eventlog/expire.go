package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// longestSegment is for how long a segment is written to: however little there is to write, a part of the log that is as old
// as it may become holds nothing that is much younger.
const longestSegment = 24 * time.Hour

// Sweep removes the segments in which nothing was written since a time, and returns how many. What is in them may be a day
// older than the youngest of their events.
func (l *Log) Sweep(ctx context.Context, before time.Time) (removed int, err error) {
	err = l.ask(ctx, &batch{answer: make(chan error, 1), do: func(s *segments) (err error) {
		removed, err = s.expire(before)
		return err
	}})
	if err != nil {
		return 0, err
	}
	return removed, nil
}

// expire removes segments that were not written to since a time, and lets one that was begun long ago be followed by
// another.
func (s *segments) expire(before time.Time) (removed int, err error) {
	if s.end != nil && time.Since(s.began) >= longestSegment && s.all[len(s.all)-1].size > int64(len(header)) {
		s.abandon()
	}
	for len(s.all) > 0 {
		oldest := s.all[0]
		info, err := os.Stat(oldest.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return removed, fmt.Errorf("looking at the event log: %w", err)
		case !info.ModTime().Before(before), len(s.all) == 1 && oldest.size <= int64(len(header)):
			return removed, nil
		}
		if len(s.all) == 1 { // the numbers of segments go on
			if s.end != nil {
				s.abandon()
			}
			if err := s.begin(); err != nil {
				return removed, s.failed(err)
			}
		}
		if err := os.Remove(oldest.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return removed, fmt.Errorf("removing the oldest part of the event log: %w", err)
		}
		s.all = s.all[1:]
		removed++
	}
	return removed, nil
}
