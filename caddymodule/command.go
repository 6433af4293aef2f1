package caddymodule

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "messages",
		Usage: "check|schema|push|sign|explain|send|preview|stats|sinks|visitor|store",
		Short: "Checks, explains, tries and counts in-app messages",
		Long: `
Works with Handbill's messages.

check, schema, sign and explain with a path need no server; they read what is on disk. push puts a workspace into Redis. store
copy works while no server runs. The others, and explain without a path, ask
the admin API of a running server: that of --address, else that which the configuration in --config names, else Caddy's
default, localhost:2019.`,
		CobraFunc: func(command *cobra.Command) {
			command.Args = cobra.NoArgs
			command.AddCommand(checkCommand(), schemaCommand(), pushCommand(), signCommand(), explainCommand(), sendCommand(), previewCommand(), statsCommand(),
				sinksCommand(), visitorCommand(), storeCommand())
		},
	})
}

// adminFlags say which running server a command asks, and about which workspace.
type adminFlags struct{ address, config, adapter, workspace string }

func (f *adminFlags) add(command *cobra.Command) {
	f.addAddress(command)
	command.Flags().StringVarP(&f.workspace, "workspace", "w", "", "The workspace, where there are several")
}

// addAddress adds the flags of a command that is about no workspace.
func (f *adminFlags) addAddress(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.address, "address", "", "The address of the admin API, if not that of the configuration")
	flags.StringVarP(&f.config, "config", "c", "", "The configuration file that names the admin API's address")
	flags.StringVarP(&f.adapter, "adapter", "a", "", "The adapter to read the configuration with")
}

// ask calls a path of the workspace and decodes the answer.
func (f *adminFlags) ask(method, call string, query url.Values, body, answer any) error {
	address, err := caddycmd.DetermineAdminAPIAddress(f.address, nil, f.config, f.adapter)
	if err != nil {
		return err
	}
	workspace := f.workspace
	if workspace == "" {
		if workspace, err = onlyWorkspace(address); err != nil {
			return err
		}
	}
	path := adminPath + url.PathEscape(workspace) + "/" + call
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return askAdmin(address, method, path, body, answer)
}

// onlyWorkspace is the workspace that is meant when none is named.
func onlyWorkspace(address string) (string, error) {
	var overview struct {
		Workspaces []workspaceStatus `json:"workspaces"`
	}
	if err := askAdmin(address, http.MethodGet, adminPath, nil, &overview); err != nil {
		return "", err
	}
	known := map[string]*Workspace{}
	for _, w := range overview.Workspaces {
		known[w.Name] = &Workspace{}
	}
	name, err := chooseWorkspace(known, "")
	if err != nil {
		return "", errors.New("there are several workspaces; name one with --workspace: " + strings.Join(namesOf(known), ", "))
	}
	return name, nil
}

// askAdmin calls the admin API.
func askAdmin(address, method, path string, body, answer any) error {
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(encoded)
	}
	response, err := caddycmd.AdminAPIRequest(address, method, path, nil, reader)
	if err != nil {
		return adminFailure(address, err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("the server at %s did not answer as Handbill does: %w", address, err)
	}
	return nil
}

// adminFailure says in plain words why the admin API could not be asked. Caddy puts the answer's JSON into its error.
func adminFailure(address string, err error) error {
	_, answer, answered := strings.Cut(err.Error(), "caddy responded with error: HTTP ")
	if !answered {
		return fmt.Errorf("no server answers at the admin API %s; is it running? Another one is named with --address or --config: %w", address, err)
	}
	status, body, _ := strings.Cut(answer, ": ")
	var problem struct {
		Error string `json:"error"`
	}
	if json.Unmarshal([]byte(body), &problem) == nil && problem.Error != "" {
		return errors.New(problem.Error)
	}
	return fmt.Errorf("the server at %s answered %s: %s; does it have Handbill?", address, status, strings.TrimSpace(body))
}
