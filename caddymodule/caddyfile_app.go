package caddymodule

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
)

// parseGlobalOption reads the global option into the app's configuration.
func parseGlobalOption(d *caddyfile.Dispenser, existing any) (any, error) {
	app := new(App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	if existing != nil {
		d.Reset()
		d.Next()
		return nil, d.Err("the global option handbill is given twice; put everything in one block")
	}
	return httpcaddyfile.App{Name: directive, Value: caddyconfig.JSON(app, nil)}, nil
}

// UnmarshalCaddyfile reads the global option. Syntax:
//
//	handbill [<path>] {
//		workspace  <path>
//		workspace  <name> <path>
//		workspace  <name> {
//			source file <path> | http <url> | redis <url...>
//		}
//		store      bbolt [<path>] | memory | redis <url...>
//		sink       file <path> | webhook <url> | cdp <url> | redis <url...> { … }
//		cache_size <size>
//		retention  <duration>
//		poll_slow  <duration>
//		poll_fast  <duration>
//		stream     on|off [<limit>]
//	}
//
// A path is that of a TOML file or of a folder of TOML files; the workspace at a path without a name is called default.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the option's name
	a.Workspaces = map[string]*Workspace{}
	if arguments := d.RemainingArgs(); len(arguments) > 0 {
		if len(arguments) > 1 {
			return d.Errf("handbill takes one path here, and %q is one too many; name several workspaces in a block: "+
				"handbill { workspace %s %s }", arguments[1], arguments[0], arguments[1])
		}
		a.addWorkspace(defaultWorkspace, "file", FileSource{Path: arguments[0]})
	}
	if err := a.words().read(d, "the global option handbill"); err != nil {
		return err
	}
	if err := a.checkSinksOfCaddyfile(d); err != nil {
		return err
	}
	if len(a.Workspaces) == 0 {
		return d.Err("handbill needs a workspace; write: handbill ./messages.toml")
	}
	return nil
}

// words are the words of the global option's block.
func (a *App) words() words {
	return words{
		"workspace":  {read: a.readWorkspace, repeatable: true},
		"store":      {read: a.readStore},
		"cache_size": size(&a.CacheSize, "64MiB", checkCacheSize),
		"retention":  duration(&a.Retention, "395d", checkRetention),
		"poll_slow":  duration(&a.PollSlow, "60s", checkPoll),
		"poll_fast":  duration(&a.PollFast, "10s", checkPoll),
		"stream":     {read: a.readStream},
		"sink":       {read: a.readSink, repeatable: true},
	}
}

// readWorkspace reads one of the three forms of the word workspace.
func (a *App) readWorkspace(d *caddyfile.Dispenser) error {
	arguments := d.RemainingArgs()
	switch len(arguments) {
	case 1:
		source, module, err := readSource(d, arguments[0])
		switch {
		case err != nil:
			return err
		case module != nil:
			return a.newWorkspace(d, arguments[0], source, module)
		}
		return a.newWorkspace(d, defaultWorkspace, "file", FileSource{Path: arguments[0]})
	case 2:
		return a.newWorkspace(d, arguments[0], "file", FileSource{Path: arguments[1]})
	case 0:
		return d.Err("workspace needs a path, or a name and a path; write: workspace ./messages.toml")
	}
	return d.Errf("workspace takes a name and a path, and %q is one too many", arguments[2])
}

// readSource reads the block of a workspace; module is nil when there is none.
func readSource(d *caddyfile.Dispenser, workspace string) (name string, module caddyfile.Unmarshaler, err error) {
	line := d.Line()
	block := words{"source": {read: func(d *caddyfile.Dispenser) (err error) {
		name, module, err = guest(d, "handbill.sources", "source")
		return err
	}}}
	if err := block.read(d, "workspace "+workspace); err != nil {
		return "", nil, err
	}
	if module == nil && d.Line() != line {
		return "", nil, d.Errf("workspace %s needs a source; write: source file <path>", workspace)
	}
	return name, module, nil
}

// newWorkspace adds a workspace whose name must be good and new.
func (a *App) newWorkspace(d *caddyfile.Dispenser, name, source string, module any) error {
	if err := checkWorkspaceName(name); err != nil {
		return d.WrapErr(err)
	}
	if a.Workspaces[name] != nil {
		return d.Errf("workspace %s is given twice; give one of them another name: workspace <name> <path>", name)
	}
	a.addWorkspace(name, source, module)
	return nil
}

func (a *App) addWorkspace(name, source string, module any) {
	a.Workspaces[name] = &Workspace{SourceRaw: caddyconfig.JSONModuleObject(module, "module", source, nil)}
}

func (a *App) readStore(d *caddyfile.Dispenser) error {
	name, module, err := guest(d, "handbill.stores", "store")
	if err != nil {
		return err
	}
	a.StoreRaw = caddyconfig.JSONModuleObject(module, "module", name, nil)
	return nil
}

// appOf returns the configuration that the global option made earlier in the same Caddyfile; nil when there is none.
func appOf(h httpcaddyfile.Helper) *App {
	option, ok := h.Option(directive).(httpcaddyfile.App)
	if !ok {
		return nil
	}
	app := new(App)
	if err := json.Unmarshal(option.Value, app); err != nil {
		return nil
	}
	return app
}
