package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"handbill/engine/soaktest"
	"handbill/engine/visitor"
)

// filled makes a file with some hundred visitors and returns what is in it, without the room that bbolt keeps behind its last
// page: how much that is depends on how many changes went into each transaction.
func filled(t *testing.T) (data []byte, pageSize int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "handbill.db")
	b := openBolt(t, path, Options{})
	var mutations []Mutation
	for n := range 300 {
		mutations = append(mutations, opened(person(n), 1))
	}
	mustApply(t, b, mutations...)
	mustApply(t, b, Mutation{Key: person(1), Change: visitor.Change{Kind: visitor.Identified, At: november, Traits: map[string]any{"email": "ada@example.com"}}})
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }() // it was only read
	if err := db.View(func(tx *bbolt.Tx) error {
		data = data[:tx.Size()]
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return data, db.Info().PageSize
}

func TestAFileThatCannotBeReadIsNotTouched(t *testing.T) {
	good, pageSize := filled(t)
	bothMetas := bytes.Clone(good)
	for _, at := range []int{24, pageSize + 24} {
		copy(bothMetas[at:], "damaged")
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"not a store":              {bytes.Repeat([]byte("Lorem ipsum dolor sit amet. "), 2000), "damaged or not a store"},
		"a short text":             {[]byte("notes"), "damaged or not a store"},
		"its beginning is damaged": {bothMetas, "damaged or not a store"},
		"its end is cut off":       {good[:len(good)/2], "cut off"},
		"of another program":       {foreign(t, "sessions", nil), "another program"},
		"of a newer program":       {foreign(t, string(formatBucket), binary.BigEndian.AppendUint32(nil, formatVersion+1)), "newer"},
		"without a version":        {foreign(t, string(formatBucket), nil), "version is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "handbill.db")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := OpenBolt(path, Options{})
			if !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, c.data) {
				t.Errorf("the file was changed, error %v", err)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
			b := openBolt(t, path, Options{}) // nothing holds on to the file
			if r, err := b.Load(t.Context(), person(7)); err != nil || r == nil {
				t.Errorf("a good file in its place: record %+v, error %v", r, err)
			}
		})
	}
}

// foreign makes a bbolt file with one bucket.
func foreign(t *testing.T, bucket string, version []byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucket([]byte(bucket))
		if err != nil || version == nil {
			return err
		}
		return b.Put(formatKey, version)
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOneDamagedMetaPageDoesNotMatter(t *testing.T) {
	good, pageSize := filled(t)
	for page := range 2 {
		data := bytes.Clone(good)
		copy(data[page*pageSize+24:], "damaged")
		path := filepath.Join(t.TempDir(), "handbill.db")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b := openBolt(t, path, Options{})
		if r, err := b.Load(t.Context(), person(7)); err != nil || r == nil {
			t.Errorf("page %d: record %+v, error %v", page, r, err)
		}
		mustApply(t, b, opened(person(7), 2))
	}
}

func TestAFileThatIsRefusedIsNotKeptLocked(t *testing.T) {
	good, pageSize := filled(t)
	path := filepath.Join(t.TempDir(), "handbill.db")
	lists, refused := 0, 0
	for page := 0; page < len(good); page += pageSize {
		const kind, freeList = 8, 0x10 // where a page's header says what it is, and that it lists the free pages
		if good[page+kind] != freeList {
			continue
		}
		lists++
		data := bytes.Clone(good)
		data[page+kind] ^= 0xff
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := OpenBolt(path, Options{})
		switch {
		case err == nil:
			_ = b.Close() // the list of an older transaction
		case errors.Is(err, ErrUnreadable):
			refused++
		default:
			t.Errorf("page %d: %v", page/pageSize, err)
		}
	}
	if refused == 0 {
		t.Fatalf("of %d lists of free pages none mattered", lists)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	mustApply(t, openBolt(t, path, Options{}), opened(person(7), 2))
}

// TestDamageAnywhereCrashesNothing flips bytes all over a file. What cannot be read is an error, of opening or of reading.
func TestDamageAnywhereCrashesNothing(t *testing.T) {
	good, pageSize := filled(t)
	path := filepath.Join(t.TempDir(), "handbill.db")
	refused, failed := 0, 0
	for at := 0; at < len(good); at += 8 + at%7 {
		if at%pageSize > 80 && at%53 > 0 {
			continue // what holds a page together stands at its beginning
		}
		data := bytes.Clone(good)
		data[at] ^= 0xff
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := OpenBolt(path, Options{})
		if err != nil {
			if refused++; !errors.Is(err, ErrUnreadable) {
				t.Fatalf("byte %d: opening: %v", at, err)
			}
			continue
		}
		bad := false
		for n := range 300 {
			if _, err := b.Load(t.Context(), person(n)); err != nil {
				bad = true
			}
		}
		for _, err := range []error{
			second(b.Apply(t.Context(), []Mutation{opened(person(at%300), 9)})),
			second(b.Statistics(t.Context(), "shop")),
			second(b.Find(t.Context(), "shop", "email", "ada@example.com")),
			second(b.Sweep(t.Context(), november.AddDate(1, 0, 0))),
		} {
			bad = bad || err != nil
		}
		if bad {
			failed++
		}
		_ = b.Close()
	}
	if refused == 0 || failed == 0 {
		t.Errorf("%d files were refused, %d had records that failed: the damage did not reach what matters", refused, failed)
	}
}

func second[T any](_ T, err error) error { return err }

func TestWhereAStoreCannotBe(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBolt(filepath.Join(file, "handbill.db"), Options{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("below a file: %v", err)
	}
	if _, err := OpenBolt(dir, Options{}); !errors.Is(err, ErrUnreadable) || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder: %v", err)
	}
	openBolt(t, file, Options{}) // an empty file is a new store
}

// childPath makes the test binary act as another process that opens this store.
const childPath = "HANDBILL_TEST_STORE"

func TestAnotherProcessIsTurnedAwayQuickly(t *testing.T) {
	if path := os.Getenv(childPath); path != "" {
		begun := time.Now()
		_, err := OpenBolt(path, Options{})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "stop the other one") {
			t.Errorf("error %v", err)
		}
		if waited := time.Since(begun); waited < lockTimeout/2 {
			t.Errorf("it gave up after %s; an older generation that is closing needs a moment", waited)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "handbill.db")
	b := openBolt(t, path, Options{})
	mustApply(t, b, opened(person(1), 1))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), childPath+"="+path)
	if output, err := child.CombinedOutput(); err != nil {
		t.Errorf("the other process: %v\n%s", err, output)
	}
	mustApply(t, b, opened(person(1), 2))
}

func TestOpeningWaitsForAnOlderGenerationThatIsClosing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "handbill.db")
	older := openBolt(t, path, Options{})
	closed := make(chan error)
	go func() {
		time.Sleep(lockTimeout / 16)
		closed <- older.Close()
	}()
	openBolt(t, path, Options{})
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
}

// TestATailCutOffOrFlippedAnywhereCrashesNothing cuts a file off, and flips bytes, at offsets of its last pages, and of the room
// of one page behind them. With HANDBILL_SOAK=1 these are all of them, without some.
func TestATailCutOffOrFlippedAnywhereCrashesNothing(t *testing.T) {
	good, pageSize := filled(t)
	end := len(good)
	good = append(good, make([]byte, pageSize)...)
	path := filepath.Join(t.TempDir(), "handbill.db")
	cases := 0
	for at := end - 4*pageSize; at < len(good); at += soaktest.Times(131, 1) {
		flipped := bytes.Clone(good)
		flipped[at] ^= 0xff
		refused, failed := openDamaged(t, path, flipped)
		if refused != nil && !errors.Is(refused, ErrUnreadable) {
			t.Errorf("flipped at byte %d: %v", at, refused)
		}
		cutOff, failedCutOff := openDamaged(t, path, good[:at])
		switch {
		case at < end && !errors.Is(cutOff, ErrRuined):
			t.Errorf("cut off at byte %d of %d that are used it cannot be set aside: %v", at, end, cutOff)
		case at >= end && errors.Join(refused, failed, cutOff, failedCutOff) != nil:
			t.Errorf("at byte %d, behind the %d that are used, it minds: %v", at, end, errors.Join(refused, failed, cutOff, failedCutOff))
		}
		cases += 2
	}
	soaktest.Figure(t, "bbolt.tail_files", cases)
	soaktest.Figure(t, "bbolt.tail_panics", 0)
}

// openDamaged opens a file that holds some bytes, reads everybody in it and changes somebody. It returns why the file is
// refused, or what fails of it.
func openDamaged(t *testing.T, path string, data []byte) (refused, failed error) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := OpenBolt(path, Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err, nil
	}
	defer func() { _ = b.Close() }() // of a damaged file nothing is expected
	for n := range 300 {
		r, err := b.Load(t.Context(), person(n))
		if r == nil && err == nil {
			err = fmt.Errorf("visitor %d is missing", n)
		}
		failed = errors.Join(failed, err)
	}
	return nil, errors.Join(failed, second(b.Apply(t.Context(), []Mutation{opened(person(7), 9)})))
}
