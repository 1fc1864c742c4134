package main

import (
	"encoding/json"
	"fmt"
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
		table := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', tabwriter.AlignRight)
		_, _ = fmt.Fprintf(table, "format %d, %s on disk\n\nkind\tof\trecords\tbytes\t\n", store.Format, humanize.IBytes(uint64(tables+logs)))
		for _, size := range sizes {
			_, _ = fmt.Fprintf(table, "%s\t%s\t%d\t%s\t\n", size.Kind, size.Namespace, size.Records, humanize.IBytes(uint64(size.Bytes)))
		}
		return table.Flush() // which tells of errors before
	})
}
