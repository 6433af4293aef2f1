package caddymodule

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"handbill/engine"
	"handbill/engine/source"
	"handbill/engine/store"
	"handbill/engine/workspace"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check PATH...",
		Short: "Checks workspaces on disk",
		Long: `
Checks each workspace, a TOML file or a folder of them, as the server does when it loads one, and prints every problem with
its file, line and fix. Ends with a status other than 0 when there is one. Warnings alone do not count as problems.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			failed := 0
			for _, path := range paths {
				if !check(command.Context(), path, command.OutOrStdout()) {
					failed++
				}
			}
			if failed > 0 {
				command.SilenceErrors = true // everything has been said
				return fmt.Errorf("%d of %d workspaces have problems", failed, len(paths))
			}
			return nil
		},
	}
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Prints the JSON Schema of a workspace's files",
		Long: `
Prints the JSON Schema (draft 7) of a workspace's TOML files. Editors that are given it complete and explain keys while you
type. What depends on several keys, such as an end before its start, is for messages check to say.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			schema, err := workspace.Schema()
			if err != nil {
				return fmt.Errorf("writing the schema: %w", err)
			}
			_, err = fmt.Fprintf(command.OutOrStdout(), "%s\n", schema)
			return err
		},
	}
}

// check writes what is to be said about a workspace, and returns whether it may be used.
func check(ctx context.Context, path string, out io.Writer) bool {
	snapshot, warnings, err := read(ctx, path)
	for _, warning := range warnings {
		fmt.Fprintf(out, "warning: %s\n", warning.Error())
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return false
	}
	for _, skipped := range snapshot.Skipped {
		fmt.Fprintln(out, workspace.Problems(skipped.Problems))
	}
	if left := len(snapshot.Skipped); left > 0 {
		fmt.Fprintf(out, "%s: %s, %d more left out (on_error = \"skip\")\n", path, count(len(snapshot.Messages), "message"), left)
		return false
	}
	fmt.Fprintf(out, "%s: %s, no problems\n", path, count(len(snapshot.Messages), "message"))
	return true
}

// read loads and compiles a workspace on disk.
func read(ctx context.Context, path string) (*workspace.Snapshot, []workspace.Problem, error) {
	files, err := source.File(path).Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	return workspace.Compile(files)
}

// explainOffline explains a workspace on disk to a visitor who was never here.
func explainOffline(ctx context.Context, path string, query explainQuery) (explanation, error) {
	snapshot, _, err := read(ctx, path)
	if err != nil {
		return explanation{}, err
	}
	memory := store.NewMemory()
	defer memory.Close()
	e, err := engine.New(ctx, engine.Options{Workspace: defaultWorkspace, Store: memory, Logger: logger()})
	if err != nil {
		return explanation{}, err
	}
	e.Use(snapshot)
	return explain(ctx, e, query, nil)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
