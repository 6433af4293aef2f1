package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// lockTimeout is how long opening waits for another process, or an older generation of this one, to let go of the file.
const lockTimeout = 800 * time.Millisecond

// Errors of [OpenBolt], wrapped with the path and what to do.
var (
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("another process has the store open")
	// ErrUnreadable: the file is no store of ours, is damaged, or was written by a newer program. It is left as it is.
	ErrUnreadable = errors.New("the store cannot be read")
	// ErrRuined: the file is a store, and is damaged so that it cannot be opened any more. [SetAside] makes room for another.
	ErrRuined = errors.New("the store is damaged beyond repair")
)

// OpenBolt opens the store in the file at path, and makes it, with its folder, when there is none. It fails within about a
// second when another process has it open. A file that cannot be read is not touched.
func OpenBolt(path string, options Options) (*Bolt, error) {
	b, err := openBoltFile(path, options)
	if errors.As(err, &damage{}) && looksLikeStore(path) {
		err = fmt.Errorf("%w: %w", ErrRuined, err)
	}
	return b, err
}

func openBoltFile(path string, options Options) (*Bolt, error) {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the store %s: %w; make it, or let this user write there", path, err)
	}
	if err := inspect(path); err != nil {
		return nil, err
	}
	db, err := openFile(path, &bbolt.Options{
		Timeout: lockTimeout, MaxSize: options.maxFileSize, NoStatistics: true,
		// The list of free pages is kept in the file. Without it bbolt would walk the whole file at each opening, and in a
		// goroutine of its own, where damage ends the program.
		FreelistType: bbolt.FreelistMapType,
	})
	if err != nil {
		return nil, err
	}
	if err := prepare(db, path); err != nil {
		_ = db.Close()
		return nil, err
	}
	pending := newPending()
	return &Bolt{
		path: path, db: db, leases: newLeases(), pending: pending,
		writer: startWriter(db, path, pending, options.Logger),
	}, nil
}

// inspect looks at an existing file without changing it: bbolt would crash on one that is shorter than it says.
func inspect(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0):
		return nil
	case err != nil:
		return fmt.Errorf("looking at the store %s: %w; let this user read and write it", path, err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file; name a file", ErrUnreadable, path)
	}
	db, err := openFile(path, &bbolt.Options{Timeout: lockTimeout, ReadOnly: true, NoStatistics: true})
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return guard(path, func() error {
		return db.View(func(tx *bbolt.Tx) error {
			if info, err := os.Stat(path); err == nil && info.Size() < tx.Size() {
				return damage{fmt.Errorf("%w: %s has %d bytes and should have %d or more: its end was cut off; restore it from a backup, or move it away to begin anew",
					ErrUnreadable, path, info.Size(), tx.Size())}
			}
			return nil
		})
	})
}

// openFile opens a bbolt file. When bbolt cannot cope with what is in it, the file is closed again.
func openFile(path string, options *bbolt.Options) (db *bbolt.DB, err error) {
	var file *os.File
	options.OpenFile = func(name string, flag int, mode fs.FileMode) (*os.File, error) {
		var err error
		file, err = os.OpenFile(name, flag, mode)
		return file, err
	}
	err = guard(path, func() error {
		var err error
		db, err = bbolt.Open(path, 0o600, options)
		return err
	})
	switch {
	case err == nil:
		return db, nil
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%w: %s; stop the other one, or give this one a file of its own", ErrLocked, path)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("opening the store %s: %w; let this user read and write it", path, err)
	case errors.Is(err, ErrUnreadable):
		unlock(file) // bbolt gave up in the middle
		_ = file.Close()
		return nil, err
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrVersionMismatch), errors.Is(err, bolterrors.ErrChecksum):
		return nil, unreadable(path, err)
	}
	return nil, fmt.Errorf("opening the store %s: %w", path, err)
}

// prepare checks that a file is laid out as this program knows it, and lays out a new one.
func prepare(db *bbolt.DB, path string) error {
	return guard(path, func() error {
		empty := false
		err := db.View(func(tx *bbolt.Tx) error {
			if format := tx.Bucket(formatBucket); format != nil {
				return checkFormat(format.Get(formatKey), path)
			}
			first, _ := tx.Cursor().First()
			if empty = first == nil; !empty {
				return fmt.Errorf("%w: %s is a bbolt file of another program; give the store a file of its own", ErrUnreadable, path)
			}
			return nil
		})
		if err != nil || !empty {
			return err
		}
		if err := db.Update(layOut); err != nil {
			return fmt.Errorf("preparing the store %s: %w", path, err)
		}
		return nil
	})
}

// layOut makes the buckets of a new file.
func layOut(tx *bbolt.Tx) error {
	for _, name := range [][]byte{stateBucket, secretsBucket, formatBucket} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	return tx.Bucket(formatBucket).Put(formatKey, binary.BigEndian.AppendUint32(nil, formatVersion))
}

func checkFormat(version []byte, path string) error {
	switch {
	case len(version) != 4:
		return unreadable(path, errors.New("its version is missing"))
	case binary.BigEndian.Uint32(version) != formatVersion:
		return fmt.Errorf("%w: %s has layout version %d, and this program knows %d; use the program that wrote it, or a newer one",
			ErrUnreadable, path, binary.BigEndian.Uint32(version), formatVersion)
	}
	return nil
}

// guard turns the panics and memory faults by which bbolt answers a damaged file into an error. The site goes on.
func guard(path string, do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if fault, ok := cause.(interface{ Addr() uintptr }); ok {
			// The disk could not be read, or the file has become shorter: it may be good all the same.
			err = fmt.Errorf("%w: %s: reading it failed at %#x (%v); check the disk's health", ErrUnreadable, path, fault.Addr(), cause)
			return
		}
		err = unreadable(path, fmt.Errorf("%v", cause))
	}()
	return do()
}

// damage is an error of a file whose bytes are not what they should be.
type damage struct{ error }

func (d damage) Unwrap() error { return d.error }

func unreadable(path string, cause error) error {
	return damage{fmt.Errorf("%w: %s is damaged or not a store (%w); it is left as it is: restore it from a backup, or move it away to begin anew",
		ErrUnreadable, path, cause)}
}
