package main

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

func compactCommand() *cli.Command {
	return &cli.Command{
		Name:  "compact",
		Usage: "Rewrite a store, so that nothing of what was deleted is left in its files",
		Description: "The new files are made beside the old ones, below --path, and take their place at once: whatever\n" +
			"happens meanwhile, the store is as it was before or as it is afterwards. There must be room for both.\n" +
			"A file system that keeps copies, or a disk that does not overwrite, may have the old files still.",
		Flags:  storeFlags(),
		Action: func(c *cli.Context) error { return failed(c, compact(c)) },
	}
}

func compact(c *cli.Context) error {
	options, err := existingStore(c)
	if err != nil {
		return err
	}
	done, end := showProgress(c, "records")
	compacted, err := store.Compact(c.Context, options, done)
	end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "%d records, %s before and %s now\n", compacted.Records,
		humanize.IBytes(uint64(compacted.Before)), humanize.IBytes(uint64(compacted.After)))
	return err
}
