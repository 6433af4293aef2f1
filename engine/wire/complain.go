package wire

import (
	"sync"
	"time"
)

// complaintPause is how long the log is spared after a complaint: while a disk is full, every report of every visitor would be one.
const complaintPause = 10 * time.Second

// complaints are what the log was told and spared.
type complaints struct {
	mu     sync.Mutex
	last   time.Time
	spared int
}

// complain logs that something for a visitor failed, unless the log was told of such a thing just now.
func (h *Handler) complain(what string, err error) {
	spared, tell := h.complaints.take(time.Now())
	if !tell {
		return
	}
	attributes := []any{"workspace", h.engine.Workspace(), "error", err}
	if spared > 0 {
		attributes = append(attributes, "more_since_the_last", spared)
	}
	h.logger.Error(what, attributes...)
}

// take says whether it is time to tell the log, and how many complaints it was spared before.
func (c *complaints) take(now time.Time) (spared int, tell bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) < complaintPause {
		c.spared++
		return 0, false
	}
	spared, c.last, c.spared = c.spared, now, 0
	return spared, true
}
