package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

func forgetCommand() *cli.Command {
	return &cli.Command{
		Name:  "forget",
		Usage: "Erase customers, as the processor segment_forget does, and print a receipt for each",
		Description: "What was erased is in no reads any more, and in the files until they are rewritten: run store compact\n" +
			"when all are erased.",
		Flags: storeFlags(
			&cli.StringFlag{Name: "key", Usage: "the customer, as the key of feature_extract; other users of the machine can see it while this runs"},
			&cli.BoolFlag{Name: "key-from-stdin", Usage: "read customers from standard input, one a line"},
			&cli.BoolFlag{Name: "block", Usage: "also refuse what they do from now on"},
		),
		Action: func(c *cli.Context) error { return failed(c, forget(c)) },
	}
}

// erasedAtOnce is how many customers are erased in one transaction.
const erasedAtOnce = 256

func forget(c *cli.Context) error {
	list, err := erasuresAskedFor(c)
	if err != nil {
		return err
	}
	options, err := existingStore(c)
	if err != nil {
		return err
	}
	s, err := store.Open(options)
	if err != nil {
		return err
	}
	done, end := showProgress(c, "customers")
	asked := int64(0)
	for some := range slices.Chunk(list, erasedAtOnce) {
		receipts, problems := segments.Forget(c.Context, s, some)
		if err = errors.Join(problems...); err != nil {
			break
		}
		if err = printReceipts(c.App.Writer, receipts); err != nil {
			break
		}
		asked += int64(len(some))
		done(asked, int64(len(list)))
	}
	end()
	return errors.Join(err, s.Close())
}

// erasuresAskedFor reads the customers.
func erasuresAskedFor(c *cli.Context) (list []segments.Erasure, err error) {
	ask := func(key string) {
		if key != "" {
			list = append(list, segments.Erasure{Customer: key, Block: c.Bool("block")})
		}
	}
	switch {
	case c.Bool("key-from-stdin") == c.IsSet("key"):
		return nil, errors.New("name the customer: use either --key or --key-from-stdin")
	case c.IsSet("key"):
		ask(c.String("key"))
	default:
		lines := bufio.NewScanner(c.App.Reader)
		for lines.Scan() {
			ask(lines.Text())
		}
		err = lines.Err()
	}
	if err == nil && len(list) == 0 {
		err = errors.New("no customer was named: give a key that is not empty, or one a line")
	}
	return list, err
}

func printReceipts(to io.Writer, receipts []segments.Receipt) error {
	for _, receipt := range receipts {
		text, err := json.Marshal(receipt.Show())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(to, "%s\n", text); err != nil {
			return err
		}
	}
	return nil
}
