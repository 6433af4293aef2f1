package engine

import "time"

// WaitLonger has polls wait longer for a store on the network: a machine that does other things is no reason to do without.
func (e *Engine) WaitLonger() { e.patience = 10 * time.Second }

// Forgetful takes away the memory of answers, until another snapshot is used.
func (e *Engine) Forgetful() { e.tallies.Load().answers = nil }
