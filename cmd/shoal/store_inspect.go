package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

func inspectCommand() *cli.Command {
	return &cli.Command{
		Name:  "inspect",
		Usage: "Say what a store holds: records and bytes by kind, and by feature set or model",
		Flags: storeFlags(
			&cli.BoolFlag{Name: "json", Usage: "for scripts: one JSON object"},
		),
		Action: func(c *cli.Context) error { return failed(c, inspect(c)) },
	}
}

func inspect(c *cli.Context) error {
	return withStore(c, func(s *store.Store) error {
		sizes, err := s.Sizes(c.Context)
		if err != nil {
			return err
		}
		tables, logs := s.Bytes()
		if c.Bool("json") {
			return json.NewEncoder(c.App.Writer).Encode(map[string]any{"format": store.Format, "disk_bytes": tables + logs, "records": sizes})
		}
		_, err = fmt.Fprintf(c.App.Writer, "format %d, %s on disk\n\n", store.Format, humanize.IBytes(uint64(tables+logs)))
		return errors.Join(err, printSizes(c.App.Writer, sizes))
	})
}

// printSizes is for people: names on the left, numbers on the right, all of it below.
func printSizes(to io.Writer, sizes []store.Size) error {
	all := store.Size{Kind: "all"}
	for _, size := range sizes {
		all.Records += size.Records
		all.Bytes += size.Bytes
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	const bytes = len("1023 MiB")
	records := max(len("records"), len(strconv.FormatInt(all.Records, 10)))
	_, _ = fmt.Fprintf(table, "kind\tof\t%*s\t%*s\n", records, "records", bytes, "bytes")
	for _, size := range append(sizes, all) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%*d\t%*s\n", size.Kind, size.Namespace, records, size.Records, bytes, humanize.IBytes(uint64(size.Bytes)))
	}
	return table.Flush() // which tells of errors before
}
