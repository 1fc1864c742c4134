package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

func backupCommand() *cli.Command {
	return &cli.Command{
		Name:  "backup",
		Usage: "Write a store to one file, encrypted if the store is",
		Description: "The file has what is there, and nothing of what was deleted; any change to it is recognised when it is\n" +
			"read. Whoever is erased later is in it still: restore it with --erasures. The processor segment_backup\n" +
			"does the same in a process that runs.",
		Flags: storeFlags(
			&cli.StringFlag{Name: "to", Required: true, Usage: "the file to write, which must not be there"},
			&cli.StringFlag{Name: "since", Usage: "an earlier backup of this store: write what is new since then, to be restored together with it"},
		),
		Action: func(c *cli.Context) error { return failed(c, backup(c)) },
	}
}

func backup(c *cli.Context) error {
	options, err := existingStore(c)
	if err != nil {
		return err
	}
	done, end := showProgress(c, "records")
	backedUp, err := store.BackupStore(c.Context, options, c.String("to"), c.String("since"), done)
	end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "%d records in %s, %s\n", backedUp.Records, c.String("to"), humanize.IBytes(uint64(backedUp.Bytes)))
	return err
}

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name:  "restore",
		Usage: "Make a store of a backup, at a new path, and prove its invariants",
		Description: "With --erasures, everybody is erased who was so after the backup, by the tombstones of the store that\n" +
			"went on since, or of a newer backup: before the restored store is there, and with nothing of them in its files.",
		Flags: storeFlags(
			&cli.StringSliceFlag{Name: "from", Required: true, Usage: "the backup; then those that go on from it, each with a --from of its own, in order"},
			&cli.StringFlag{Name: "erasures", Usage: "a store, or a newer backup, that knows who was erased since; under the same key"},
		),
		Action: func(c *cli.Context) error { return failed(c, restore(c)) },
	}
}

func restore(c *cli.Context) error {
	options, err := storeOptions(c)
	if err != nil {
		return err
	}
	var since *store.Erasures
	if from := c.String("erasures"); from != "" {
		other := options
		other.Path = from
		if since, err = store.ErasuresAt(c.Context, other); err != nil {
			return fmt.Errorf("--erasures %s: %w", from, err)
		}
	}
	var report plugin.Report
	erased := 0
	done, end := showProgress(c, "records")
	records, err := store.Restore(c.Context, options, c.StringSlice("from"), done, func(s *store.Store) (bool, error) {
		if since != nil {
			if erased, err = segments.ForgetErased(c.Context, s, since); err != nil {
				return false, err
			}
		}
		report, err = plugin.Verify(context.WithoutCancel(c.Context), s)
		return erased > 0, err
	})
	end()
	if err != nil {
		return err
	}
	told := "erasures after the backup are not known: name the store that went on since by --erasures, if there is one"
	if since != nil {
		told = english.Plural(erased, "customer was erased since the backup, and is erased here", "customers were erased since the backup, and are erased here")
	}
	_, err = fmt.Fprintf(c.App.Writer, "%d records\n%s%s\n", records, report, told)
	return err
}
