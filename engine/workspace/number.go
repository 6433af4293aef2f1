package workspace

import (
	"hash/fnv"
	"maps"
	"slices"
	"sync"
)

// numbers are the numbers by which the reference client reports messages whose frequency it keeps itself. They are made
// when one is first asked for.
type numbers struct {
	once sync.Once
	of   map[string]int
	ids  map[int]string
}

// mostNumber is the largest number of a message.
const mostNumber = 1<<31 - 1

// Number stands for a message where a number must: it follows from the message's id alone, unless two messages of the
// workspace would have the same.
func (s *Snapshot) Number(m *Message) int {
	s.makeNumbers()
	return s.numbers.of[m.ID]
}

// Numbered is the message of a number, or nil.
func (s *Snapshot) Numbered(number int) *Message {
	s.makeNumbers()
	return s.Message(s.numbers.ids[number])
}

func (s *Snapshot) makeNumbers() {
	s.numbers.once.Do(func() { s.numbers.make(slices.Sorted(maps.Keys(s.places))) })
}

// make numbers messages by their ids, which come in a settled order.
func (n *numbers) make(ids []string) {
	n.of, n.ids = make(map[string]int, len(ids)), make(map[int]string, len(ids))
	for _, id := range ids {
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(id)) // never fails
		number := int(sum.Sum32() & mostNumber)
		for number == 0 || n.ids[number] != "" {
			number = (number + 1) & mostNumber
		}
		n.of[id], n.ids[number] = number, id
	}
}
