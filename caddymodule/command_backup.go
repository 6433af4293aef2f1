package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func backupCommand() *cobra.Command {
	var admin adminFlags
	command := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copies the store of a running server into a file",
		Long: `
Copies visitors, statistics and the secret that signs deliveries of a running server, whose store is a file, into FILE: as they are at
one moment, while the server goes on. To restore, stop Caddy, put FILE in the place of the store, start Caddy. The copy is in
FILE whole or not at all.

The log of reports is a folder beside the store, which may be copied at any time. A Redis is backed up by its own means.`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, arguments []string) error {
			address, err := caddycmd.DetermineAdminAPIAddress(admin.address, nil, admin.config, admin.adapter)
			if err != nil {
				return err
			}
			written, err := saveBackup(address, arguments[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(command.OutOrStdout(), "Copied the store into %s, %d bytes.\n", arguments[0], written)
			return err
		},
	}
	admin.addAddress(command)
	return command
}

// saveBackup writes a copy of the store beside a path and, when it is whole, in its place.
func saveBackup(address, path string) (written int64, err error) {
	response, err := caddycmd.AdminAPIRequest(address, http.MethodGet, adminPath+"store/backup", nil, nil)
	if err != nil {
		return 0, adminFailure(address, err)
	}
	defer response.Body.Close()
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // nobody else may read it
	if err != nil {
		return 0, fmt.Errorf("making the copy: %w; let this user write there", err)
	}
	written, err = io.Copy(file, response.Body)
	if want := response.Trailer.Get(backupTrailer); err == nil && want != fmt.Sprint(written) {
		err = errors.New("the server did not send all of it; its log says why")
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("copying the store into %s: %w", path, err), os.Remove(file.Name()))
	}
	return written, nil
}
