package inject

import (
	"sync"
	"time"
)

// patienceTime is how long a response waits at most for what comes next, where
// without us a part of it could be on its way already. What the site has sent in one
// go comes sooner.
const patienceTime = 200 * time.Microsecond

// patience lets a response wait for a moment: a spliced page until its length is
// known, or a header that was flushed until the body tells whether it is a page's.
// When the site pauses, nobody calls the response's writer; so a timer sends what
// waits. From then on the timer and the writer's methods take turns. Responses that
// never wait have no patience, and pay nothing for it.
type patience struct {
	turn    sync.Mutex
	timer   *time.Timer
	waiting bool // the timer runs
	flush   bool // the header's flush is still to come
	fault   any  // a panic of the timer's, for the site's handler
}

// enter takes a turn at the writer. Each of its methods is between enter and leave.
func (w *responseWriter) enter() {
	p := w.patience
	if p == nil {
		return
	}
	p.turn.Lock()
	if fault := p.fault; fault != nil {
		p.fault = nil
		p.turn.Unlock()
		panic(fault)
	}
}

func (w *responseWriter) leave() {
	if w.patience != nil {
		w.patience.turn.Unlock()
	}
}

// bePatient makes the response one that may wait. The turn of the method that is
// running begins here.
func (w *responseWriter) bePatient() *patience {
	if w.patience == nil {
		w.patience = new(patience)
		w.patience.turn.Lock()
	}
	return w.patience
}

// wait lets the timer send what is held, unless something comes before. It reports false
// where the site's handler has its hands on the header, which the timer must not read
// then.
func (w *responseWriter) wait() bool {
	if w.rewrite.announced != nil {
		return false
	}
	if p := w.bePatient(); !p.waiting {
		p.waiting = true
		p.timer = time.AfterFunc(patienceTime, w.losePatience)
	}
	return true
}

// rest ends the waiting.
func (p *patience) rest() {
	if p != nil && p.waiting {
		p.waiting = false
		p.timer.Stop()
	}
}

// losePatience runs when the time is over. It is nobody's call: a panic would end the
// process, so it is left to the site's handler.
func (w *responseWriter) losePatience() {
	p := w.patience
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.waiting {
		defer func() { p.fault = recover() }()
		_ = w.waitNoLonger() // an error meets the next write as well
	}
}

// waitNoLonger sends what has waited, as it is.
func (w *responseWriter) waitNoLonger() error {
	w.patience.rest()
	if w.rewrite.isSpliced() {
		return w.sendSpliced(nil)
	}
	return w.sendFlushed()
}
