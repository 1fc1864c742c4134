package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/urfave/cli/v2"
)

// healthcheckCommand asks a running process whether it is ready, for images that
// have no shell and no curl.
func healthcheckCommand() *cli.Command {
	return &cli.Command{
		Name:  "healthcheck",
		Usage: "Ask a running Shoal whether it is ready; exits with 1 when it is not",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:  "url",
				Value: "http://127.0.0.1:4195/ready",
				Usage: "what to ask: /ready tells of the connections, /ping only that the process lives",
			},
			&cli.DurationFlag{Name: "timeout", Value: 3 * time.Second, Usage: "how long to wait for the answer"},
		},
		Action: func(c *cli.Context) error {
			client := http.Client{Timeout: c.Duration("timeout")}
			response, err := client.Get(c.String("url"))
			if err != nil {
				return cli.Exit(fmt.Sprintf("not ready: %v", err), 1)
			}
			if err := response.Body.Close(); err != nil {
				return cli.Exit(fmt.Sprintf("not ready: %v", err), 1)
			}
			if response.StatusCode != http.StatusOK {
				return cli.Exit("not ready: "+response.Status, 1)
			}
			return nil
		},
	}
}
