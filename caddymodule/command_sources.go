package caddymodule

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"handbill/engine/source"
	"handbill/engine/workspace"
)

func pushCommand() *cobra.Command {
	var key, name string
	command := &cobra.Command{
		Use:   "push PATH URL...",
		Short: "Puts a workspace into Redis, where edges watch it",
		Long: `
Checks the workspace at PATH, a TOML file or a folder of them, as the server does, and writes it to the key of the Redis that
the URLs name as the Caddyfile does: redis://host:6379, or several of a Cluster or of Sentinels. Every edge with that source
has it within a second. What does not check is not written. Several files are joined, in the order of their names; lists of
ids beside them cannot be.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			var urls []string
			for _, text := range arguments[1:] {
				urls = append(urls, fillURL(text))
			}
			if err := source.CheckRedisURLs(urls); err != nil {
				return err
			}
			if err := checkWorkspaceName(name); err != nil {
				return err
			}
			if key == "" {
				key = source.RedisKey(name)
			}
			data, snapshot, err := checked(command.Context(), arguments[0], command.OutOrStdout())
			if err != nil {
				return err
			}
			if err := source.PushRedis(command.Context(), urls, key, data); err != nil {
				return err
			}
			fmt.Fprintf(command.OutOrStdout(), "Wrote %s to %s, revision %s.\n", count(len(snapshot.Messages), "message"),
				source.Redis(urls, key), source.Revision(source.Alone("", data)[:1]))
			return nil
		},
	}
	command.Flags().StringVarP(&key, "key", "k", "", "The key, if not handbill:workspace: and the name of the workspace")
	command.Flags().StringVarP(&name, "workspace", "w", defaultWorkspace, "The workspace that the key is named after")
	return command
}

func signCommand() *cobra.Command {
	var key string
	command := &cobra.Command{
		Use:   "sign --key FILE PATH...",
		Short: "Signs workspaces that edges get from a URL",
		Long: `
Checks each workspace, one TOML file, and writes the signature of its bytes and of the time beside it, to PATH.sig: put both on the
server, so that the signature is at the workspace's URL with .sig. An edge takes nothing that was signed before what it had last;
to go back to old messages, sign them anew. FILE holds an Ed25519 private key in PEM, made with

	openssl genpkey -algorithm ed25519 -out messages.key
	openssl pkey -in messages.key -pubout -out messages.pub

and the edges are given the public one: public_key /etc/caddy/messages.pub`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, paths []string) error {
			private, err := privateKey(key)
			if err != nil {
				return err
			}
			for _, path := range paths {
				if info, err := os.Stat(path); err == nil && info.IsDir() {
					return fmt.Errorf("%s is a folder, and a URL has one file; name the file", path)
				}
				data, _, err := checked(command.Context(), path, command.OutOrStdout())
				if err != nil {
					return err
				}
				now := time.Now().UTC()
				if err := os.WriteFile(path+source.SignatureSuffix, []byte(source.Sign(private, data, now)+"\n"), 0o644); err != nil {
					return fmt.Errorf("writing the signature: %w", err)
				}
				fmt.Fprintf(command.OutOrStdout(), "Signed %s, revision %s, at %s: %s\n", path, source.Revision(source.Alone("", data)[:1]),
					now.Format(time.RFC3339), path+source.SignatureSuffix)
			}
			return nil
		},
	}
	command.Flags().StringVarP(&key, "key", "k", "", "The file with the Ed25519 private key in PEM")
	return command
}

// privateKey reads the key to sign with.
func privateKey(path string) (ed25519.PrivateKey, error) {
	const howTo = "make one with: openssl genpkey -algorithm ed25519 -out messages.key"
	if path == "" {
		return nil, errors.New("--key is missing: the file with the private key to sign with; " + howTo)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the private key: %w; %s", err, howTo)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, fmt.Errorf("%s holds no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\"; %s", path, howTo)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w; %s", path, err, howTo)
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s holds a %T, and workspaces are signed with Ed25519; %s", path, parsed, howTo)
	}
	return private, nil
}

// checked reads a workspace as the one file that it is for edges without files, and checks it as they will. What is to be
// said about it is written to out.
func checked(ctx context.Context, path string, out io.Writer) ([]byte, *workspace.Snapshot, error) {
	files, err := source.File(path).Load(ctx)
	if err != nil {
		return nil, nil, err
	}
	var parts [][]byte
	for _, file := range files {
		if !file.List {
			parts = append(parts, file.Data)
		}
	}
	data, name := bytes.Join(parts, []byte("\n")), path
	if len(parts) > 1 {
		name = path + " (its files joined)"
	}
	if len(data) > workspace.MaximumFileSize {
		return nil, nil, fmt.Errorf("%s: together the files have more than the %d MiB that one may have; take messages out that have ended", path, workspace.MaximumFileSize>>20)
	}
	snapshot, warnings, err := workspace.Compile(source.Alone(name, data))
	for _, warning := range warnings {
		fmt.Fprintf(out, "warning: %s\n", warning.Error())
	}
	if err != nil {
		return nil, nil, fmt.Errorf("nothing is written, because there are problems:\n%w", err)
	}
	for _, skipped := range snapshot.Skipped {
		fmt.Fprintf(out, "left out: %s\n", workspace.Problems(skipped.Problems))
	}
	return data, snapshot, nil
}
