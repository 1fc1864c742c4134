package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// storeCommand works on the store of a process that is not running.
func storeCommand() *cli.Command {
	return &cli.Command{
		Name:  "store",
		Usage: "Work on a segment_store that no process has open",
		Subcommands: []*cli.Command{{
			Name:  "verify",
			Usage: "Walk the whole store and prove its invariants; exits with 1 when one does not hold",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "path", Required: true, Usage: "directory of the store"},
				&cli.StringFlag{
					Name:    "encryption-key",
					EnvVars: []string{"SHOAL_STATE_KEY"},
					Usage:   "base64 key of an encrypted store",
				},
			},
			Action: verify,
		}},
	}
}

func verify(c *cli.Context) error {
	key, err := store.DecodeKey(c.String("encryption-key"))
	if err != nil {
		return cli.Exit(err.Error(), 1)
	}
	if _, err := os.Stat(filepath.Join(c.String("path"), "MANIFEST")); err != nil { // of Badger
		return cli.Exit(fmt.Sprintf("store verify: there is no store at --path %s: name its directory", c.String("path")), 1)
	}
	s, err := store.Open(store.Options{
		Path:          c.String("path"),
		EncryptionKey: key,
		MemoryBudget:  store.DefaultMemoryBudget,
	})
	if err != nil {
		return cli.Exit(err.Error(), 1)
	}
	report, err := plugin.Verify(c.Context, s)
	if err = errors.Join(err, s.Close()); err != nil {
		return cli.Exit(fmt.Sprintf("store %s: %v", c.String("path"), err), 1)
	}
	_, err = fmt.Fprint(c.App.Writer, report)
	return err
}
