package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:  "export",
		Usage: "Write all customers as lines of JSON: features, segment and history, as segment_lookup shows them",
		Flags: storeFlags(
			&cli.StringFlag{Name: "feature-set", Value: "default", Usage: "the feature set to take features from"},
			&cli.StringFlag{Name: "model", Value: "default", Usage: "the model to take segments from"},
			&cli.StringFlag{Name: "to", Usage: "the file to write, which must not be there; without it, standard output"},
		),
		Action: func(c *cli.Context) error { return failed(c, export(c)) },
	}
}

func export(c *cli.Context) error {
	return withStore(c, func(s *store.Store) error {
		name := c.String("to")
		if name == "" {
			return exportTo(c, s, c.App.Writer)
		}
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		err = exportTo(c, s, file)
		return errors.Join(err, file.Sync(), file.Close())
	})
}

func exportTo(c *cli.Context, s *store.Store, to io.Writer) error {
	lines := bufio.NewWriter(to)
	encoder := json.NewEncoder(lines)
	done, end := showProgress(c, "customers")
	defer end()
	n := int64(0)
	err := segments.Export(c.Context, s, c.String("feature-set"), c.String("model"), func(customer map[string]any) error {
		n++
		done(n, 0)
		return encoder.Encode(customer)
	})
	return errors.Join(err, lines.Flush())
}
