package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

func forgetCommand() *cli.Command {
	return &cli.Command{
		Name:  "forget",
		Usage: "Erase customers, as the processor segment_forget does, and print a receipt for each",
		Description: "Receipts are in the order of the customers. For one who cannot be erased there is an error instead; all\n" +
			"others are erased, and the command exits with 1. What was erased is in no reads any more, and in the files\n" +
			"until they are rewritten: run store compact when all are erased.",
		Flags: storeFlags(
			&cli.StringFlag{Name: "key", Usage: "the customer, as the key of feature_extract; other users of the machine can see it while this runs"},
			&cli.BoolFlag{Name: "key-from-stdin", Usage: "read customers from standard input, one a line, without the blanks around"},
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
	return withStore(c, func(s *store.Store) error {
		done, end := showProgress(c, "customers")
		defer end()
		asked, left := int64(0), leftOver{}
		for some := range slices.Chunk(list, erasedAtOnce) {
			receipts, problems := segments.Forget(c.Context, s, some)
			for i, receipt := range receipts {
				asked++
				if err := printReceipt(c.App.Writer, receipt, problems[i]); err != nil {
					return err
				}
				left.note(asked, problems[i])
			}
			if err := c.Err(); err != nil {
				return err
			}
			done(asked, int64(len(list)))
		}
		return left.err()
	})
}

// leftOver are the customers who could not be erased.
type leftOver struct {
	number int
	place  int64 // of the first, from 1
	reason error // of that
}

func (l *leftOver) note(place int64, problem error) {
	if problem == nil {
		return
	}
	if l.number++; l.number == 1 {
		l.place, l.reason = place, problem
	}
}

func (l *leftOver) err() error {
	if l.number == 0 {
		return nil
	}
	return fmt.Errorf("%d customers could not be erased, all others are; the first is number %d: %w", l.number, l.place, l.reason)
}

// longestKey is how many bytes a key may have: those of a record's key in the store, less what
// is in front of it.
const longestKey = 60_000

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
		lines.Buffer(nil, longestKey+len("\r\n"))
		line := 0
		for lines.Scan() {
			line++
			ask(strings.TrimSpace(lines.Text()))
		}
		err = lines.Err()
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("--key-from-stdin: line %d is longer than %d bytes, and a key is not: give one key a line; nobody was erased", line+1, longestKey)
		}
	}
	if err == nil && len(list) == 0 {
		err = errors.New("no customer was named: give a key that is not empty, or one a line")
	}
	return list, err
}

// printReceipt prints a receipt, or why there is none: that names nobody, either.
func printReceipt(to io.Writer, receipt segments.Receipt, problem error) error {
	shown := receipt.Show()
	if problem != nil {
		shown = map[string]any{"error": problem.Error()}
	}
	text, err := json.Marshal(shown)
	if err == nil {
		_, err = fmt.Fprintf(to, "%s\n", text)
	}
	return err
}
