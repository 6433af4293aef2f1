// Command build makes the browser client's bundle, dist/client.js, of the
// TypeScript in src. It is run by go generate in the client's folder.
//
// It is the one place that imports esbuild: no package that runs in a server does.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

func main() {
	bundle, err := Bundle(".")
	if err == nil {
		err = os.WriteFile(filepath.Join("dist", "client.js"), bundle, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Bundle builds the client whose folder is dir.
func Bundle(dir string) ([]byte, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the client's folder: %w", err)
	}
	result := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       []string{"src/index.ts"},
		Bundle:            true,
		Format:            api.FormatIIFE,
		Banner:            map[string]string{"js": "let handbillClient;"},
		Target:            api.ES2022,
		Charset:           api.CharsetASCII,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		Plugins:           []api.Plugin{styleSheets},
	})
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
			source, err := os.ReadFile(file.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			minified := api.Transform(string(source), api.TransformOptions{
				Loader: api.LoaderCSS, Sourcefile: file.Path, MinifyWhitespace: true, MinifySyntax: true,
			})
			if err := problems(minified.Errors, minified.Warnings); err != nil {
				return api.OnLoadResult{}, err
			}
			text := strings.TrimSpace(string(minified.Code))
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
		})
	},
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
