package caddymodule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"
)

// words are what a block of the Caddyfile understands, by name.
type words map[string]word

// word reads the arguments that follow one word. Most words may stand once in a block.
type word struct {
	read       func(d *caddyfile.Dispenser) error
	repeatable bool
	// later: the word has its name already, but this version does not take it.
	later bool
}

// later makes a word, or a value of one, that belongs to the surface of Handbill but not to this version.
func later(d *caddyfile.Dispenser, what string) error {
	return d.Errf("%s comes with a later version of Handbill; remove it for now", what)
}

// comesLater is a word that this version does not have yet.
func comesLater(name string) word {
	return word{later: true, read: func(d *caddyfile.Dispenser) error { return later(d, name) }}
}

// read reads the block at d, if there is one. A word that is unknown or given twice is an error that names file, line
// and the words allowed.
func (w words) read(d *caddyfile.Dispenser, where string) error {
	lines := map[string]int{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		word, known := w[name]
		switch {
		case name == "{":
			return d.Errf("a block cannot stand here")
		case len(w) == 0:
			return d.Errf("%s takes no block", where)
		case !known:
			return d.Errf("%q is unknown in %s; allowed: %s", name, where, w)
		case lines[name] != 0 && !word.repeatable:
			return d.Errf("%s is given twice, first on line %d; keep one", name, lines[name])
		}
		lines[name] = d.Line()
		if err := word.read(d); err != nil {
			return err
		}
	}
	return nil
}

// String lists the words that this version takes, for messages.
func (w words) String() string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(w)), func(name string) bool { return w[name].later })
	return strings.Join(names, ", ")
}

// one reads the single argument of a word; example shows what it looks like.
func one(d *caddyfile.Dispenser, example string) (string, error) {
	name := d.Val()
	arguments := d.RemainingArgs()
	switch {
	case len(arguments) == 0:
		return "", d.Errf("%s needs a value, such as: %s %s", name, name, example)
	case len(arguments) > 1:
		return "", d.Errf("%s takes one value, and %q is one too many; write it as: %s %s", name, arguments[1], name, example)
	}
	return arguments[0], nil
}

// none makes sure that a word which opens a block has no arguments before it.
func none(d *caddyfile.Dispenser) error {
	name := d.Val()
	if arguments := d.RemainingArgs(); len(arguments) > 0 {
		return d.Errf("%s takes a block, not %q", name, arguments[0])
	}
	return nil
}

// text is a word with one argument, which check may refuse. Placeholders are checked when they have been replaced.
func text(target *string, example string, check func(string) error) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		value, err := one(d, example)
		if err != nil {
			return err
		}
		if check != nil && !strings.Contains(value, "{") {
			if err := check(value); err != nil {
				return d.WrapErr(err)
			}
		}
		*target = value
		return nil
	}}
}

// size is a word whose argument is a number of bytes.
func size(target *int64, example string, check func(int64) error) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		value, err := one(d, example)
		if err != nil {
			return err
		}
		bytes, err := humanize.ParseBytes(value)
		if err != nil || bytes > 1<<62 {
			return d.Errf("%q is not a size; write it as %s", value, example)
		}
		if err := check(int64(bytes)); err != nil {
			return d.WrapErr(err)
		}
		*target = int64(bytes)
		return nil
	}}
}

// choice is a word whose argument is one of some; the first is the default and need not be kept.
func choice(target *string, allowed []string) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		value, err := one(d, allowed[0])
		switch {
		case err != nil:
			return err
		case !slices.Contains(allowed, value):
			return d.Errf("%s cannot be %q; allowed: %s", name, value, strings.Join(allowed, ", "))
		case value != allowed[0]:
			*target = value
		}
		return nil
	}}
}

// onOff is a word whose argument is on or off.
func onOff(set func(on bool)) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		value, err := one(d, "on")
		switch {
		case err != nil:
			return err
		case value != "on" && value != "off":
			return d.Errf("%s cannot be %q; allowed: on, off", name, value)
		}
		set(value == "on")
		return nil
	}}
}

// onUnlessOff is an onOff that is on unless it is switched off.
func onUnlessOff(target **bool) word {
	return onOff(func(on bool) {
		if !on {
			*target = &on
		}
	})
}

// duration is a word whose argument is a time span.
func duration(target *caddy.Duration, example string, check func(caddy.Duration) error) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		value, err := one(d, example)
		if err != nil {
			return err
		}
		parsed, err := caddy.ParseDuration(value)
		if err != nil {
			return d.Errf("%q is not a time span; write it as %s", value, example)
		}
		if err := check(caddy.Duration(parsed)); err != nil {
			return d.WrapErr(err)
		}
		*target = caddy.Duration(parsed)
		return nil
	}}
}

// guest reads the name of a guest module and lets the module read the rest.
func guest(d *caddyfile.Dispenser, namespace, kind string, laterNames ...string) (string, caddyfile.Unmarshaler, error) {
	if !d.NextArg() {
		return "", nil, d.Errf("%s needs a name; allowed: %s", kind, guests(namespace))
	}
	name := d.Val()
	if slices.Contains(laterNames, name) {
		return "", nil, later(d, kind+" "+name)
	}
	if _, err := caddy.GetModule(namespace + "." + name); err != nil {
		return "", nil, d.Errf("%s %q is unknown; allowed: %s", kind, name, guests(namespace))
	}
	module, err := caddyfile.UnmarshalModule(d, namespace+"."+name)
	return name, module, err
}

func guests(namespace string) string {
	var names []string
	for _, module := range caddy.GetModules(namespace) {
		names = append(names, module.ID.Name())
	}
	return strings.Join(names, ", ")
}

// looksLikeFile says whether a word that should be a name or a matcher is the path of a workspace.
func looksLikeFile(word string) bool {
	return strings.HasSuffix(word, ".toml") || strings.HasPrefix(word, ".") || strings.HasPrefix(word, "~")
}

// misplacedWorkspace is the error for a workspace's file in a site.
func misplacedWorkspace(path string) error {
	return fmt.Errorf("%s is a workspace's file, and a site takes the name of a workspace; "+
		"put the file in the global options, the block without an address at the top of the Caddyfile: { handbill %s }", path, path)
}
