package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

// storeCommand works on the store of a process that is not running.
func storeCommand() *cli.Command {
	return &cli.Command{
		Name:  "store",
		Usage: "Work on a segment_store that no process has open",
		Subcommands: []*cli.Command{
			verifyCommand(), compactCommand(), forgetCommand(), backupCommand(), restoreCommand(),
		},
	}
}

// storeFlags are those of all sub-commands, and more of one.
func storeFlags(more ...cli.Flag) []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "path", Required: true, Usage: "directory of the store"},
		&cli.StringFlag{
			Name:    "encryption-key",
			EnvVars: []string{"SHOAL_STATE_KEY"},
			Usage:   "base64 key of an encrypted store",
		},
	}, more...)
}

// storeOptions are what the flags say of a store, there or to be made.
func storeOptions(c *cli.Context) (store.Options, error) {
	key, err := store.DecodeKey(c.String("encryption-key"))
	return store.Options{Path: c.String("path"), EncryptionKey: key, MemoryBudget: store.DefaultMemoryBudget}, err
}

// existingStore is storeOptions for a store that has to be there: a mistyped path would make a
// new one.
func existingStore(c *cli.Context) (store.Options, error) {
	options, err := storeOptions(c)
	if err == nil && !store.Exists(options.Path) {
		err = fmt.Errorf("there is no store at --path %s: name its directory", options.Path)
	}
	return options, err
}

// failed ends a sub-command that could not do its work.
func failed(c *cli.Context, err error) error {
	if err == nil {
		return nil
	}
	return cli.Exit(fmt.Sprintf("store %s: %v", c.Command.Name, err), 1)
}
