package sink

import (
	"sync"
	"time"
)

// State says how a sink is.
type State struct {
	Name   string `json:"name"`
	Target string `json:"target"`
	// Pending is how many events of the log the sink has not passed yet, and OldestSeconds how long ago the first of them
	// happened.
	Pending       int     `json:"pending"`
	OldestSeconds float64 `json:"oldestSeconds"`
	// Delivered, Dead and Lost count since the sink began to work in this process.
	Delivered int `json:"delivered"`
	Dead      int `json:"dead"`
	Lost      int `json:"lost"`
	// DeadLetters is how many events wait in the file of dead letters.
	DeadLetters int `json:"deadLetters"`
	// Problem is what keeps the sink from handing over, and FailingSince when that began.
	Problem      string     `json:"problem,omitempty"`
	FailingSince *time.Time `json:"failingSince,omitempty"`
}

// state is what others may know of a runner.
type state struct {
	mu sync.Mutex
	// ahead and passed are such that ahead, and what was appended since the log was opened, without passed are pending.
	ahead, passed                      int
	delivered, dead, lost, deadLetters int
	oldest                             time.Time
	problem                            string
	since                              time.Time
}

// State says how the sink is.
func (r *Runner) State() State {
	r.recount()
	appended := r.log.Appended()
	s := &r.state
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{
		Name: r.options.Name, Target: r.options.Target.String(), Pending: max(s.ahead+appended-s.passed, 0),
		Delivered: s.delivered, Dead: s.dead, Lost: s.lost, DeadLetters: s.deadLetters, Problem: s.problem,
	}
	if state.Pending > 0 && !s.oldest.IsZero() {
		state.OldestSeconds = max(time.Since(s.oldest).Seconds(), 0)
	}
	if !s.since.IsZero() {
		since := s.since
		state.FailingSince = &since
	}
	return state
}

func (r *Runner) pending() int { return r.State().Pending }

// fail notes what keeps the sink from handing over, and logs it when it begins.
func (r *Runner) fail(err error) {
	s := &r.state
	s.mu.Lock()
	begins := s.since.IsZero()
	if begins {
		s.since = time.Now().UTC()
	}
	s.problem = err.Error()
	s.mu.Unlock()
	if begins {
		r.options.Logger.Warn("a sink cannot hand over; it tries again, and the event log keeps what waits", "target", r.options.Target.String(), "error", err)
	}
}

// succeed notes that events were handed over.
func (r *Runner) succeed(events int) {
	s := &r.state
	s.mu.Lock()
	since := s.since
	s.problem, s.since = "", time.Time{}
	s.delivered += events
	s.mu.Unlock()
	r.options.Recorder.Delivered(events)
	if !since.IsZero() {
		r.options.Logger.Info("a sink hands over again", "target", r.options.Target.String(), "down for", time.Since(since).Round(time.Millisecond))
	}
}

func (s *state) setAhead(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = events
}

// pass notes how many events were passed, and which is the next.
func (s *state) pass(events int, ready []item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed, s.oldest = events, time.Time{}
	if len(ready) > 0 {
		s.oldest = ready[0].Record.At
	}
}

func (s *state) lose(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost += events
}

func (s *state) bury(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead += events
	s.deadLetters += events
}

func (s *state) setDeadLetters(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadLetters = events
}
