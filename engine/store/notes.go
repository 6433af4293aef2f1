package store

import "sync"

// maxNotes is how many changes may wait for the disk without anybody who waits for them. Further ones are dropped: a full
// or dead disk must not fill the memory.
const maxNotes = 1 << 14

// notes are changes that wait for the next transaction. Whoever reads a record reads it with them.
type notes struct {
	pending *pending

	mu      sync.Mutex
	waiting [][]Mutation
	count   int
}

// add lets changes wait; false when they are dropped.
func (n *notes) add(mutations []Mutation) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(mutations) == 0 || n.count+len(mutations) > maxNotes {
		return false
	}
	n.pending.add(mutations)
	n.waiting = append(n.waiting, mutations)
	n.count += len(mutations)
	return true
}

// take hands out all that wait, for a transaction: written or giveBack then says what became of it.
func (n *notes) take() [][]Mutation {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.waiting
	n.waiting = nil
	return taken
}

// written ends the waiting of what was taken.
func (n *notes) written(taken [][]Mutation) {
	sum := 0
	for _, mutations := range taken {
		n.pending.remove(mutations)
		sum += len(mutations)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count -= sum
}

// giveBack lets what was taken wait for another transaction.
func (n *notes) giveBack(taken [][]Mutation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = append(taken, n.waiting...)
}
