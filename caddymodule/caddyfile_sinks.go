package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/eventlog/sink"
)

// namedSink is a sink of a Caddyfile.
type namedSink interface{ givenName() string }

func (o *SinkOptions) givenName() string { return o.name }

// readSink reads a sink. Its name is that of its kind, unless it has another.
func (a *App) readSink(d *caddyfile.Dispenser) error {
	kind, module, err := guest(d, "handbill.sinks", "sink")
	if err != nil {
		return err
	}
	name := kind
	if one, ok := module.(namedSink); ok && one.givenName() != "" {
		name = one.givenName()
	}
	if a.SinksRaw[name] != nil {
		return d.Errf("two sinks are called %s; give one of them another name: sink %s … { name %s-2 }", name, kind, name)
	}
	if a.SinksRaw == nil {
		a.SinksRaw, a.sinkLines = map[string]json.RawMessage{}, map[string]int{}
	}
	a.sinkLines[name] = d.Line()
	a.SinksRaw[name] = caddyconfig.JSONModuleObject(module, "module", kind, nil)
	return nil
}

// checkSinksOfCaddyfile says early, with the place in the file, that sinks need a log, and workspaces that there are.
func (a *App) checkSinksOfCaddyfile(d *caddyfile.Dispenser) error {
	for _, name := range slices.Sorted(maps.Keys(a.SinksRaw)) {
		var asked struct{ Workspaces []string }
		if err := json.Unmarshal(a.SinksRaw[name], &asked); err != nil {
			continue // a module from elsewhere, whose workspaces are something else
		}
		for _, workspace := range asked.Workspaces {
			if a.Workspaces[workspace] == nil && !strings.Contains(workspace, "{") {
				return d.Errf("the sink %s, which ends on line %d, is for the workspace %s, which does not exist; there is: %s",
					name, a.sinkLines[name], workspace, strings.Join(a.names(), ", "))
			}
		}
	}
	if len(a.SinksRaw) > 0 && strings.Contains(string(a.StoreRaw), `"module":"memory"`) {
		return d.WrapErr(errNoLog)
	}
	return nil
}

// words adds what every sink has to the words of one.
func (o *SinkOptions) words(more words) words {
	all := words{
		"name":      text(&o.name, "orders", checkSinkName),
		"workspace": list(&o.Workspaces, "shop", checkWorkspaceName),
		"events":    list(&o.Events, "report track", func(kind string) error { return sink.CheckTypes([]string{kind}) }),
		"start":     choice(&o.Start, []string{startNow, startOldest}),
	}
	maps.Copy(all, more)
	return all
}

// words adds what every sink has that posts to somewhere.
func (o *HTTPSinkOptions) words(more words) words {
	all := words{"timeout": duration(&o.Timeout, "10s", checkTimeout), "tries": number(&o.Tries, "5", 1, maxTries)}
	maps.Copy(all, more)
	return all
}

// list is a word with one value or several.
func list(target *[]string, example string, check func(string) error) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		values := d.RemainingArgs()
		if len(values) == 0 {
			return d.Errf("%s needs a value, such as: %s %s", name, name, example)
		}
		for _, value := range values {
			if err := check(value); err != nil {
				return d.WrapErr(err)
			}
		}
		*target = values
		return nil
	}}
}

// number is a word whose argument is a whole number.
func number(target *int, example string, least, most int) word {
	return word{read: func(d *caddyfile.Dispenser) error {
		name := d.Val()
		value, err := one(d, example)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return d.Errf("%s cannot be %q; write a whole number, such as: %s %s", name, value, name, example)
		}
		if err := checkNumber(name, n, least, most); err != nil {
			return d.WrapErr(err)
		}
		*target = n
		return nil
	}}
}

func checkNumber(name string, n, least, most int) error {
	if n < least || n > most {
		return fmt.Errorf("%s cannot be %d; use %d to %d", name, n, least, most)
	}
	return nil
}

// oneOf reads the single argument of a guest module.
func oneOf(d *caddyfile.Dispenser, where, example string) (string, error) {
	arguments := d.RemainingArgs()
	switch {
	case len(arguments) == 0:
		return "", d.Errf("%s needs a value, such as: %s %s", where, where, example)
	case len(arguments) > 1:
		return "", d.Errf("%s takes one value, and %q is one too many; write it as: %s %s", where, arguments[1], where, example)
	}
	return arguments[0], nil
}

// oneURL reads the URL that a sink posts to. Placeholders are checked when they have been replaced.
func oneURL(d *caddyfile.Dispenser, where, example string) (string, error) {
	value, err := oneOf(d, where, example)
	if err == nil && !strings.Contains(value, "{") {
		if err := sink.CheckURL(value); err != nil {
			return "", d.WrapErr(err)
		}
	}
	return value, err
}
