package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// healthcheckCommand asks a running process whether it is ready, for images that
// have no shell and no curl.
func healthcheckCommand() *cli.Command {
	return &cli.Command{
		Name:  "healthcheck",
		Usage: "Ask a running Shoal whether it is ready; exits with 1 when it is not",
		Description: "It is ready when its inputs and outputs are connected, and each store has room on its disk: one that\n" +
			"has not refuses batches until there is.",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:  "url",
				Value: "http://127.0.0.1:4195/ready",
				Usage: "what to ask: /ready tells of the connections, /ping only that the process lives",
			},
			&cli.StringFlag{
				Name:        "metrics-url",
				Usage:       "metrics for Prometheus, which tell of the stores; empty, or where there are none: do not ask",
				DefaultText: "/metrics where --url asks",
			},
			&cli.DurationFlag{Name: "timeout", Value: 3 * time.Second, Usage: "how long to wait for the answers"},
		},
		Action: func(c *cli.Context) error {
			ctx, cancel := context.WithTimeout(c.Context, c.Duration("timeout"))
			defer cancel()
			err := ask(ctx, c.String("url"), func(io.Reader) error { return nil })
			if metrics := metricsURL(c); err == nil && metrics != "" {
				if err = ask(ctx, metrics, storesHaveRoom); errors.Is(err, errNoAnswer) {
					err = nil
				}
			}
			if err != nil {
				return cli.Exit(fmt.Sprintf("not ready: %v", err), 1)
			}
			return nil
		},
	}
}

// metricsURL is what the flag says, or else beside what --url asks: of the same process.
func metricsURL(c *cli.Context) string {
	if c.IsSet("metrics-url") {
		return c.String("metrics-url")
	}
	beside, err := url.Parse(c.String("url"))
	if err != nil {
		return "" // it was asked, so it can be read
	}
	beside.Path, beside.RawPath, beside.RawQuery = path.Join("/", path.Dir(beside.Path), "metrics"), "", ""
	return beside.String()
}

var errNoAnswer = errors.New("no answer")

// ask reads what a process answers.
func ask(ctx context.Context, url string, read func(io.Reader) error) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errNoAnswer, response.Status)
	}
	return read(response.Body)
}

// storesHaveRoom looks for the gauge of a store that takes nothing.
func storesHaveRoom(metrics io.Reader) error {
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, "segment_store_writable") && strings.HasSuffix(line, " 0") {
			return errors.New("a segment_store has less room on its disk than min_free, and refuses batches: free some space")
		}
	}
	return lines.Err()
}
