// Command build makes the browser client's files in dist of the TypeScript in
// src: client.js, the core that every page loads, in dist/parts what the core
// loads when it is first needed, reference.js, which pages load before the
// reference client, and renderer.html, the page that one shows our messages in. It is run by go generate in the client's folder.
//
// It is the one place that imports esbuild: no package that runs in a server does.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	if err := build("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// build writes dist of the client whose folder is dir.
func build(dir string) error {
	files, err := Bundle(dir)
	if err != nil {
		return err
	}
	dist := filepath.Join(dir, "dist")
	if err := os.RemoveAll(filepath.Join(dist, partsFolder)); err != nil {
		return fmt.Errorf("taking old parts away: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dist, partsFolder), 0o755); err != nil {
		return fmt.Errorf("making the folder of parts: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dist, filepath.FromSlash(name)), text, 0o644); err != nil {
			return fmt.Errorf("writing the client: %w", err)
		}
	}
	return nil
}

const (
	core         = "client.js"
	rendererPage = "renderer.html"
	partsFolder  = "parts"
)

// scripts are the core, and what stands beside it where there is a source of it. Their names in the page are those of the
// Go side. The reference client runs in older browsers than ours.
var scripts = []struct {
	name, source, global string
	target               api.Target
}{
	{core, "src/index.ts", "let handbillClient;", api.ES2022},
	{"consent.js", "src/consent/index.ts", "let handbillConsent;", api.ES2022},
	{"bridge.js", "src/bridge/index.ts", "", api.ES2022},
	{"reference.js", "src/reference/index.ts", "var handbillReference;", api.ES2015},
}

// Bundle builds the client whose folder is dir and returns its files by their paths in dist: the scripts, renderer.html where
// there is a src/renderer, parts/NAME.js for each src/parts/NAME.ts, and parts/NAME.css for each src/sheets/NAME.css. A part
// is a module of its own, which repeats what little it uses of the core.
func Bundle(dir string) (map[string][]byte, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the client's folder: %w", err)
	}
	parts, err := filepath.Glob(filepath.Join(root, "src", partsFolder, "*.ts"))
	if err != nil {
		return nil, fmt.Errorf("listing the client's parts: %w", err)
	}
	files := make(map[string][]byte, len(scripts)+len(parts)+1)
	for _, script := range scripts {
		if _, err := os.Stat(filepath.Join(root, script.source)); err != nil && script.name != core {
			continue
		}
		files[script.name], err = bundle(root, script.source, api.BuildOptions{
			Format: api.FormatIIFE, Banner: map[string]string{"js": script.global}, Target: script.target,
		})
		if err == nil {
			files[script.name], err = rename(files[script.name], script.target)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, part := range parts {
		name := partsFolder + "/" + strings.TrimSuffix(filepath.Base(part), ".ts") + ".js"
		if files[name], err = bundle(root, part, api.BuildOptions{Format: api.FormatESModule}); err != nil {
			return nil, err
		}
		if name := exportedInternal(files[name]); name != "" {
			return nil, fmt.Errorf("%s exports %s, which is among the internals: take it from that list", part, name)
		}
	}
	page, err := renderer(root)
	if err != nil {
		return nil, err
	}
	if page != nil {
		files[rendererPage] = page
	}
	sheets, err := filepath.Glob(filepath.Join(root, "src", "sheets", "*.css"))
	if err != nil {
		return nil, fmt.Errorf("listing the client's style sheets: %w", err)
	}
	for _, sheet := range sheets {
		text, err := styleSheet(sheet)
		if err != nil {
			return nil, err
		}
		files[partsFolder+"/"+filepath.Base(sheet)] = []byte(text)
	}
	return files, nil
}

// internals are properties that only our own files name to each other. The page never meets them: they get a number each, the
// same in all files. A name here must belong to no object of the browser's, stand in nothing that is sent or stored, and be no
// export of a part.
var internals = []string{
	"emit", "flush", "happened", "hide", "look", "make", "mount", "onClosed", "place", "pressed", "rare", "schemes", "sheet", "stage",
	"stands", "trail", "update", "visited", "wanted",
}

// exportedInternal is the first of the internals that a part exports: whoever imports it would look for another name.
func exportedInternal(part []byte) string {
	at := bytes.LastIndex(part, []byte("export{"))
	if at < 0 {
		return ""
	}
	for _, name := range internals {
		if regexp.MustCompile(`[{,]([\w$]+ as )?` + name + `[,}]`).Match(part[at:]) {
			return name
		}
	}
	return ""
}

// numbers are what the internals are called: no variable is.
func numbers() map[string]any {
	short := make(map[string]any, len(internals))
	for i, name := range internals {
		short[name] = "_" + strconv.Itoa(i)
	}
	return short
}

// bundle builds one file.
func bundle(root, entry string, options api.BuildOptions) ([]byte, error) {
	options.AbsWorkingDir = root
	options.EntryPoints = []string{entry}
	options.Bundle = true
	options.Target = cmp.Or(options.Target, api.ES2022)
	options.Charset = api.CharsetASCII
	options.MinifyWhitespace, options.MinifyIdentifiers, options.MinifySyntax = true, true, true
	options.MangleProps, options.MangleCache = "^("+strings.Join(internals, "|")+")$", numbers()
	options.LegalComments = api.LegalCommentsNone
	// A "use strict" behind the banner would say nothing to anybody. Types are npm's to check.
	options.TsconfigRaw = `{"compilerOptions": {"alwaysStrict": false, "useDefineForClassFields": true}}`
	options.Plugins = []api.Plugin{styleSheets}
	result := api.Build(options)
	if err := problems(result.Errors, result.Warnings); err != nil {
		return nil, err
	}
	return result.OutputFiles[0].Contents, nil
}

// styleSheets imports a .css file as its minified text, which the client gives to a constructable style sheet.
var styleSheets = api.Plugin{
	Name: "style sheets as text",
	Setup: func(build api.PluginBuild) {
		build.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(file api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := styleSheet(file.Path)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, err
		})
	},
}

// styleSheet returns a style sheet's minified text.
func styleSheet(path string) (string, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading a style sheet: %w", err)
	}
	minified := api.Transform(string(source), api.TransformOptions{
		Loader: api.LoaderCSS, Sourcefile: path, MinifyWhitespace: true, MinifySyntax: true,
	})
	return strings.TrimSpace(string(minified.Code)), problems(minified.Errors, minified.Warnings)
}

// problems joins esbuild's errors and warnings, each with its place. A warning is a mistake, too.
func problems(kinds ...[]api.Message) error {
	var all []error
	for _, messages := range kinds {
		for _, text := range api.FormatMessages(messages, api.FormatMessagesOptions{Kind: api.ErrorMessage}) {
			all = append(all, errors.New(strings.TrimSpace(text)))
		}
	}
	return errors.Join(all...)
}
