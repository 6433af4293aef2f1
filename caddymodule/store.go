package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

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
