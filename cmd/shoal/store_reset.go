package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin"
)

func resetCommand() *cli.Command {
	return &cli.Command{
		Name:  "reset",
		Usage: "Take a feature set or a model out of a store, for a deliberate replay",
		Description: "Its profiles or segments are gone, with their history and the ledger of what was counted: events that the\n" +
			"input delivers again are counted again. A model that is not reset goes on, and takes the new features of a\n" +
			"customer with the first event as of no earlier than its own: where times have changed, reset it, too. With --positions, only the ledger's positions of Kafka topics go:\n" +
			"for topics that were deleted and made anew, whose events are new. Who was erased stays erased. Make a\n" +
			"backup before.",
		Flags: storeFlags(
			&cli.StringFlag{Name: "feature-set", Usage: "the feature set"},
			&cli.StringFlag{Name: "model", Usage: "the model"},
			&cli.BoolFlag{Name: "positions", Usage: "only forget which positions of topics were counted"},
		),
		Action: func(c *cli.Context) error { return failed(c, reset(c)) },
	}
}

func reset(c *cli.Context) error {
	part := plugin.Part{FeatureSet: c.String("feature-set"), Model: c.String("model"), Positions: c.Bool("positions")}
	if part.FeatureSet == "" && part.Model == "" {
		return errors.New("name what to reset: use --feature-set, --model or both")
	}
	options, err := existingStore(c)
	if err != nil {
		return err
	}
	done, end := showProgress(c, "records")
	compacted, err := plugin.Reset(c.Context, options, part, done)
	end()
	if err != nil {
		return err
	}
	if compacted.Dropped == 0 {
		return errors.New("there is nothing of that name in the store: see store inspect; nothing was changed")
	}
	_, err = fmt.Fprintf(c.App.Writer, "%d records are gone, %d are left\n", compacted.Dropped, compacted.Records)
	return err
}
