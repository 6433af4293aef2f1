package caddymodule

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/source"
)

// Source is what a guest module in the namespace handbill.sources offers: a place that a workspace comes from. A workspace goes
// on through a reload that leaves the module's JSON, with placeholders filled in, as it is.
type Source interface {
	// Source returns the place. It touches nothing; loading and watching begin later.
	Source() source.Source
}

// WorkspaceSource is a [Source] that depends on which workspace it is for.
type WorkspaceSource interface {
	Source
	// For says which workspace, after Provision and before Source.
	For(workspace string)
}

// FileSource reads a workspace from TOML on disk, and again whenever it changes.
type FileSource struct {
	// The path of a TOML file, or of a folder whose `*.toml` files make up the workspace, in the order of their names.
	// A relative path starts at the directory in which Caddy was started. Required. Supports global placeholders.
	Path string `json:"path,omitempty"`
}

// CaddyModule returns the module's information.
func (FileSource) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sources.file", New: func() caddy.Module { return new(FileSource) }}
}

// Provision fills in placeholders. It does not touch the file.
func (s *FileSource) Provision(caddy.Context) error {
	s.Path = caddy.NewReplacer().ReplaceKnown(s.Path, "")
	return nil
}

// Validate makes sure that there is a path.
func (s *FileSource) Validate() error {
	if s.Path == "" {
		return errors.New("the source file needs the path of a TOML file or of a folder")
	}
	return nil
}

// Source returns the file or folder.
func (s *FileSource) Source() source.Source { return source.File(s.Path) }

// UnmarshalCaddyfile reads the source. Syntax:
//
//	source file <path>
func (s *FileSource) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	path, err := one(d, "./messages.toml")
	if err != nil {
		return err
	}
	s.Path = path
	return words{}.read(d, "source file")
}

// Interface guards
var (
	_ Source                = (*FileSource)(nil)
	_ caddy.Provisioner     = (*FileSource)(nil)
	_ caddy.Validator       = (*FileSource)(nil)
	_ caddyfile.Unmarshaler = (*FileSource)(nil)
)
