package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

// storeCommand works on the store of a process that is not running.
func storeCommand() *cli.Command {
	return &cli.Command{
		Name:      "store",
		Usage:     "Work on a segment_store that no process has open",
		UsageText: "shoal store COMMAND --path DIR [options]",
		Description: "Exits with 0 when all is done, 1 when something could not be done, 2 when a process has the store open,\n" +
			"and 3 when a file or a record is damaged, of a store or a backup, or an invariant does not hold: then\n" +
			"restore the newest backup that is sound.",
		Subcommands: []*cli.Command{
			inspectCommand(), verifyCommand(), exportCommand(),
			backupCommand(), restoreCommand(), compactCommand(), forgetCommand(), resetCommand(),
		},
		Action: noSuchCommand,
	}
}

// noSuchCommand is what runs where no sub-command has the name.
func noSuchCommand(c *cli.Context) error {
	if !c.Args().Present() {
		return cli.ShowSubcommandHelp(c)
	}
	return cli.Exit(fmt.Sprintf("store %s: there is no such command: see shoal store --help", c.Args().First()), exitFailed)
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

// Exit codes, for scripts.
const (
	exitFailed  = 1 // the work could not be done
	exitInUse   = 2 // another process has the store open
	exitDamaged = 3 // a file or a record is damaged, or an invariant does not hold: restore a backup
)

// failed ends a sub-command that could not do its work.
func failed(c *cli.Context, err error) error {
	code := exitFailed
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrInUse):
		code = exitInUse
	case errors.Is(err, store.ErrDamaged):
		code = exitDamaged
	}
	return cli.Exit(fmt.Sprintf("store %s: %v", c.Command.Name, err), code)
}

// withStore opens a store that has to be there, and closes it after fn.
func withStore(c *cli.Context, fn func(s *store.Store) error) error {
	options, err := existingStore(c)
	if err != nil {
		return err
	}
	s, err := store.Open(options)
	if err != nil {
		return err
	}
	return errors.Join(fn(s), s.Close())
}
