package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"handbill/engine/store"
)

func storeCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "store",
		Short: "Backs up what is remembered about visitors, and moves it to another store",
		Args:  cobra.NoArgs,
	}
	command.AddCommand(backupCommand(), copyCommand())
	return command
}

func copyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "copy FROM TO...",
		Short: "Copies a store in a file into Redis, or into another file; or one in Redis into a file",
		Long: `
Copies visitors, statistics and the secret that signs deliveries from FROM, the file of a bbolt store, into the Redis that TO
names as the Caddyfile does: redis://host:6379, or several URLs of a Cluster or of Sentinels. Redis must have nothing of
Handbill's. Stop Caddy before, and start it with the new store after. The file stays as it is. A copy that was interrupted
goes on when it is started again.

Where FROM are URLs of Redis and TO is a path, the copy is a file for one Caddy alone. Stop all edges before, when nothing waits in
a journal any more.

Where both are paths, the copy is a file without the room that what was removed has left. While Caddy runs, use backup.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(command *cobra.Command, arguments []string) error {
			path, last := arguments[0], len(arguments)-1
			if strings.Contains(path, "://") {
				if strings.Contains(arguments[last], "://") {
					return errors.New("nothing is copied from one Redis into another; copy into a file first, and then that into the other Redis")
				}
				return copyFromRedis(command, arguments[:last], arguments[last])
			}
			if _, err := os.Stat(path); err != nil {
				return fmt.Errorf("there is no store to copy: %w; name the file of the bbolt store, by default handbill/handbill.db in Caddy's data directory", err)
			}
			if !strings.Contains(arguments[1], "://") && len(arguments) == 2 {
				return copyToFile(command, path, arguments[1])
			}
			return copyToRedis(command, path, arguments[1:])
		},
	}
}

func copyToFile(command *cobra.Command, path, to string) error {
	from, err := store.OpenBolt(path, store.Options{Logger: logger()})
	if err != nil {
		return err
	}
	defer from.Close()
	copied, err := store.CopyToFile(command.Context(), from, to)
	if err != nil {
		return err
	}
	printCopied(command.OutOrStdout(), copied)
	return nil
}

func copyFromRedis(command *cobra.Command, from []string, path string) error {
	redis, err := openRedisAt(command, from)
	if err != nil {
		return err
	}
	defer redis.Close()
	copied, err := store.CopyFromRedis(command.Context(), redis, path)
	if err != nil {
		return err
	}
	printCopied(command.OutOrStdout(), copied)
	return nil
}

func openRedisAt(command *cobra.Command, given []string) (*store.Redis, error) {
	var urls []string
	for _, text := range given {
		urls = append(urls, fillURL(text))
	}
	return store.OpenRedis(command.Context(), urls, store.RedisOptions{CacheSize: 1 << 20, Logger: logger()})
}

func copyToRedis(command *cobra.Command, path string, to []string) error {
	redis, err := openRedisAt(command, to)
	if err != nil {
		return err
	}
	defer redis.Close()
	from, err := store.OpenBolt(path, store.Options{Logger: logger()})
	if err != nil {
		return err
	}
	defer from.Close()
	copied, err := store.Copy(command.Context(), from, redis)
	if err != nil {
		return err
	}
	out := command.OutOrStdout()
	printCopied(out, copied)
	fmt.Fprintln(out, "The log of reports stays where it is; where that is not the default, name its folder in the store's block: log FOLDER")
	return nil
}

func printCopied(out io.Writer, copied store.Copied) {
	fmt.Fprintf(out, "Copied %s, %s of the statistics and %s.\n",
		count(copied.Visitors, "visitor"), count(copied.Counts, "number"), count(copied.Secrets, "secret"))
	if copied.Unreadable > 0 {
		fmt.Fprintf(out, "%s cannot be read by this program; they were copied as they are.\n", count(copied.Unreadable, "record"))
	}
}
