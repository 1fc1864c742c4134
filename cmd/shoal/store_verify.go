package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:   "verify",
		Usage:  "Walk the whole store and prove its invariants; exits with 3 when one does not hold",
		Flags:  storeFlags(),
		Action: func(c *cli.Context) error { return failed(c, verify(c)) },
	}
}

func verify(c *cli.Context) error {
	return withStore(c, func(s *store.Store) error {
		report, err := plugin.Verify(c.Context, s)
		if err != nil {
			return fmt.Errorf("%s: %w", c.String("path"), err)
		}
		_, err = fmt.Fprint(c.App.Writer, report)
		return err
	})
}
