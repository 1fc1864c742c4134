package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

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
		if err := s.View(c.Context, func(r store.Reader) error { return thereToExport(c, r) }); err != nil {
			return err
		}
		name := c.String("to")
		if name == "" {
			return exportTo(c, s, c.App.Writer)
		}
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("--to %s is there already: name a new file", name)
		}
		if err != nil {
			return fmt.Errorf("--to %s: name a file in a directory that is there and can be written: %w", name, err)
		}
		if err = errors.Join(exportTo(c, s, file), file.Sync(), file.Close()); err != nil {
			err = errors.Join(err, os.Remove(name)) // half of the customers are not an export
		}
		return err
	})
}

// thereToExport refuses what was named and is not in the store; of the defaults, one suffices.
func thereToExport(c *cli.Context, r store.Reader) error {
	some := false
	for _, part := range [...]struct {
		flag string
		kind store.Kind
	}{{"feature-set", store.KindFeatureSet}, {"model", store.KindModel}} {
		names, err := store.Namespaces(r, part.kind)
		if err != nil {
			return err
		}
		name := c.String(part.flag)
		found := slices.Contains(names, name)
		if some = some || found; !found && c.IsSet(part.flag) {
			return fmt.Errorf("--%s %q: there is nothing of that name in the store: see store inspect", part.flag, name)
		}
	}
	if !some {
		return errors.New("there is no feature set and no model of the name default in the store: see store inspect, and use --feature-set or --model")
	}
	return nil
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
