package caddymodule

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog/sink"
)

// FileSink appends every report and event as a line of JSON to a file. The file may be moved away at any time, as log
// rotation does: a new one is made.
type FileSink struct {
	SinkOptions

	// The path of the file. Required. Supports global placeholders.
	Path string `json:"path,omitempty"`

	// The permissions of a file that is made, as an octal number. Default: `0600`.
	Mode string `json:"mode,omitempty"`
}

const defaultSinkMode = "0600"

// CaddyModule returns the module's information.
func (FileSink) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "handbill.sinks.file", New: func() caddy.Module { return new(FileSink) }}
}

// Provision fills in placeholders. It does not touch the file.
func (s *FileSink) Provision(caddy.Context) error {
	s.Mode = cmp.Or(s.Mode, defaultSinkMode)
	path := caddy.NewReplacer().ReplaceKnown(s.Path, "")
	if path == "" {
		return errors.New("sink file needs a path, such as /var/log/caddy/handbill.ndjson")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("finding the file of a sink %s: %w", path, err)
	}
	s.Path = absolute
	return nil
}

// Validate checks what JSON may have filled in wrongly.
func (s *FileSink) Validate() error {
	return errors.Join(s.SinkOptions.Validate(), checkMode(s.Mode))
}

func checkMode(text string) error {
	mode, err := strconv.ParseUint(text, 8, 32)
	if err != nil || mode > 0o777 || mode&0o600 != 0o600 {
		return fmt.Errorf("%q cannot be a file's mode; write it as an octal number that lets this user read and write, such as 0640", text)
	}
	return nil
}

// Target is the file.
func (s *FileSink) Target() (sink.Target, error) {
	mode, err := strconv.ParseUint(s.Mode, 8, 32)
	return sink.File(s.Path, os.FileMode(mode)), err
}

// UnmarshalCaddyfile reads the sink. Syntax:
//
//	sink file <path> {
//		mode      <octal>
//		name      <name>
//		workspace <name...>
//		events    <kind...>
//		start     now|oldest
//	}
func (s *FileSink) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	path, err := oneOf(d, "sink file", "/var/log/caddy/handbill.ndjson")
	if err != nil {
		return err
	}
	s.Path = path
	return s.words(words{"mode": text(&s.Mode, "0640", checkMode)}).read(d, "sink file")
}

// Interface guards
var (
	_ Sink                  = (*FileSink)(nil)
	_ caddy.Provisioner     = (*FileSink)(nil)
	_ caddy.Validator       = (*FileSink)(nil)
	_ caddyfile.Unmarshaler = (*FileSink)(nil)
)
