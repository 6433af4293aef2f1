package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog"
	"handbill/engine/store"
)

// Store is what a guest module in the namespace handbill.stores offers: a place where visitors and reports are kept.
type Store interface {
	// Place names the place. Two configurations that name the same one share what is open there.
	Place() string
	// Open opens the place; the log may be nil. It fails within seconds, and is then called again until it does not. The
	// cache in front of the store may take cacheSize bytes.
	Open(cacheSize int64) (store.Store, *eventlog.Log, error)
}

// BoltStore keeps everything in one file on this machine, and reports in a log beside it. What was acknowledged survives
// a crash. One process can have the file open; several Caddys each need their own.
type BoltStore struct {
	// The path of the file. The log of reports lies beside it, in a folder of the same name that ends in `.events`.
	// Default: `handbill/handbill.db` in Caddy's data directory. Supports global placeholders.
	Path string `json:"path,omitempty"`
}

// MemoryStore keeps everything in memory: a restart forgets it. For trying things out, and for tests.
type MemoryStore struct{}

// CaddyModule returns the module's information.
func (BoltStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.stores.bbolt", New: func() caddy.Module { return new(BoltStore) }}
}

// CaddyModule returns the module's information.
func (MemoryStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.stores.memory", New: func() caddy.Module { return new(MemoryStore) }}
}

// Provision fills in the path. It does not touch the file.
func (s *BoltStore) Provision(caddy.Context) error {
	path := caddy.NewReplacer().ReplaceKnown(s.Path, "")
	absolute, err := filepath.Abs(cmp.Or(path, filepath.Join(caddy.AppDataDir(), "handbill", "handbill.db")))
	if err != nil {
		return fmt.Errorf("finding the store %s: %w", path, err)
	}
	s.Path = absolute
	return nil
}

// Place is the file.
func (s *BoltStore) Place() string { return s.Path }

// Open opens the file and the log beside it. A file that is damaged beyond repair is set aside, and a new one begins: the site is
// served with messages, and what was remembered comes back with a backup.
func (s *BoltStore) Open(cacheSize int64) (store.Store, *eventlog.Log, error) {
	file, err := store.OpenBolt(s.Path, store.Options{Logger: logger()})
	if errors.Is(err, store.ErrRuined) {
		ruin := err
		var aside string
		if aside, err = store.SetAside(s.Path); err == nil {
			logger().Error("the store is damaged beyond repair; it was set aside, and a new one begins. To get back what was remembered, stop Caddy, put a backup in its place, start Caddy",
				"store", s.Path, "damaged", aside, "error", ruin)
			file, err = store.OpenBolt(s.Path, store.Options{Logger: logger()})
		}
	}
	if err != nil {
		return nil, nil, err
	}
	events, err := eventlog.Open(strings.TrimSuffix(s.Path, filepath.Ext(s.Path))+".events", eventlog.Options{Logger: logger()})
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	cached, err := store.Cached(file, cacheSize)
	if err != nil {
		return nil, nil, errors.Join(err, events.Close(), file.Close())
	}
	return cached, events, nil
}

// Place is the same for every configuration of this process.
func (s *MemoryStore) Place() string { return "memory" }

// Open makes an empty store, without a log.
func (s *MemoryStore) Open(int64) (store.Store, *eventlog.Log, error) {
	return store.NewMemory(), nil, nil
}

// UnmarshalCaddyfile reads the store. Syntax:
//
//	store bbolt [<path>]
func (s *BoltStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if d.CountRemainingArgs() > 0 {
		path, err := one(d, "/var/lib/caddy/handbill.db")
		if err != nil {
			return err
		}
		s.Path = path
	}
	return words{}.read(d, "store bbolt")
}

// UnmarshalCaddyfile reads the store. Syntax:
//
//	store memory
func (s *MemoryStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if err := none(d); err != nil {
		return err
	}
	return words{}.read(d, "store memory")
}

// Interface guards
var (
	_ Store                 = (*BoltStore)(nil)
	_ Store                 = (*MemoryStore)(nil)
	_ caddy.Provisioner     = (*BoltStore)(nil)
	_ caddyfile.Unmarshaler = (*BoltStore)(nil)
	_ caddyfile.Unmarshaler = (*MemoryStore)(nil)
)
