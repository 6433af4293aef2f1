package wire

import (
	"testing"
	"time"
)

func TestTheLogIsToldOfOneFailureAndSparedTheFloodBehindIt(t *testing.T) {
	begin := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	var c complaints
	for _, step := range []struct {
		after  time.Duration
		tell   bool
		spared int
	}{
		{0, true, 0},
		{time.Millisecond, false, 0},
		{complaintPause - time.Millisecond, false, 0},
		{complaintPause, true, 2},
		{3 * complaintPause, true, 0},
	} {
		if spared, tell := c.take(begin.Add(step.after)); tell != step.tell || spared != step.spared {
			t.Errorf("after %s: tell %t, %d spared, want %t and %d", step.after, tell, spared, step.tell, step.spared)
		}
	}
}
