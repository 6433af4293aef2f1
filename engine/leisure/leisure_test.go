package leisure_test

import (
	"bytes"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"handbill/engine/leisure"
)

func TestWorkRestsWhenItHasGoneOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := leisure.Begin()
		w.Rest()
		if w.Rests() != 0 {
			t.Error("it rests at once")
		}
		time.Sleep(time.Millisecond)
		w.Rest()
		w.Rest()
		if w.Rests() != 1 {
			t.Errorf("after a millisecond it has rested %d times", w.Rests())
		}
	})
}

func TestWorkThatSomebodyWaitsForNeverRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w *leisure.Work
		begun := time.Now()
		time.Sleep(time.Second)
		w.Rest()
		if time.Since(begun) != time.Second || w.Rests() != 0 {
			t.Error("it rests")
		}
	})
}

func TestBlocksAreTheWholeText(t *testing.T) {
	for name, c := range map[string]struct{ size, overlap int }{
		"nothing":                       {0, 0},
		"less than a block":             {100, 2},
		"a block":                       {64 << 10, 2},
		"a byte more":                   {64<<10 + 1, 0},
		"many blocks":                   {1 << 20, 0},
		"many blocks, which overlap":    {1<<20 + 5, 7},
		"a byte more, which is overlap": {64<<10 + 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			text := make([]byte, c.size)
			for i := range text {
				text[i] = byte(i % 251)
			}
			var joined []byte
			if err := leisure.Begin().Blocks(text, c.overlap, func(block []byte) error {
				if len(joined) > 0 {
					if !bytes.Equal(joined[len(joined)-c.overlap:], block[:c.overlap]) {
						t.Fatal("two blocks do not overlap")
					}
					block = block[c.overlap:]
				}
				joined = append(joined, block...)
				return nil
			}); err != nil || !bytes.Equal(joined, text) {
				t.Errorf("%d bytes, error %v", len(joined), err)
			}
		})
	}
}

func TestBlocksEndWithAFailure(t *testing.T) {
	full, blocks := errors.New("the disk is full"), 0
	if err := leisure.Begin().Blocks(make([]byte, 1<<20), 0, func([]byte) error { blocks++; return full }); !errors.Is(err, full) || blocks != 1 {
		t.Errorf("%d blocks, error %v", blocks, err)
	}
}
