package pagerule

import "math/bits"

// gram is a few bytes of a text in a row: the bytes, and their number in the
// highest byte. No gram is 0.
type gram uint64

// gramSizes are the sizes of grams, the best one first: the longer, the
// fewer pages hold it.
var gramSizes = [...]int{6, 4, 3}

func newGram(text string) gram {
	var made gram
	for i := range len(text) {
		made = made<<8 | gram(text[i])
	}
	return made
}

// next drops the gram's first byte and appends another.
func (g gram) next(c byte, size int) gram {
	mask := gram(1)<<(8*size) - 1
	return (g<<8|gram(c))&mask | gram(size)<<56
}

// hash spreads grams over 2^bits values.
func (g gram) hash(bits int) uint64 {
	return uint64(g) * 0x9e3779b97f4a7c15 >> (64 - bits)
}

// eachGram calls do for every gram in the pieces, of the best size that any
// piece allows.
func eachGram(pieces []string, do func(gram)) {
	for _, size := range gramSizes {
		found := false
		for _, piece := range pieces {
			if len(piece) < size {
				continue
			}
			found = true
			gram := newGram(piece[:size-1])
			for i := size - 1; i < len(piece); i++ {
				gram = gram.next(piece[i], size)
				do(gram)
			}
		}
		if found {
			return
		}
	}
}

// gramTable is a map by grams that is fast at saying that it does not hold one.
type gramTable struct {
	sizes  uint64   // the sizes of grams that it holds, a bit each
	filter []uint64 // a bit for each hash that a gram of the table has
	slots  []gramSlot
	// The numbers of bits of the hashes for the filter and for the slots.
	filterBits, slotBits int
}

type gramSlot struct {
	gram gram
	run  run
}

func newGramTable(runs map[gram]run) gramTable {
	if len(runs) == 0 {
		return gramTable{}
	}
	table := gramTable{slotBits: bits.Len(uint(2 * len(runs)))}
	table.filterBits = max(table.slotBits+3, 6)
	table.filter = make([]uint64, 1<<(table.filterBits-6))
	table.slots = make([]gramSlot, 1<<table.slotBits)
	for gram, run := range runs {
		table.sizes |= 1 << (gram >> 56)
		hash := gram.hash(table.filterBits)
		table.filter[hash/64] |= 1 << (hash % 64)
		i := gram.hash(table.slotBits)
		for table.slots[i].gram != 0 {
			i = (i + 1) % uint64(len(table.slots))
		}
		table.slots[i] = gramSlot{gram, run}
	}
	return table
}

// mayHold is false for most grams that the table does not hold.
func (t *gramTable) mayHold(g gram) bool {
	hash := g.hash(t.filterBits)
	return t.filter[hash/64]&(1<<(hash%64)) != 0
}

// find returns the run of a gram, empty if the table does not hold it.
func (t *gramTable) find(g gram) run {
	for i := g.hash(t.slotBits); ; i = (i + 1) % uint64(len(t.slots)) {
		switch t.slots[i].gram {
		case g:
			return t.slots[i].run
		case 0:
			return run{}
		}
	}
}
