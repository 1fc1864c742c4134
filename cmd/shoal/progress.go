package main

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

// showProgress tells a terminal how far long work has come, several times a second, on one line;
// end takes that away. Nobody else is told.
func showProgress(c *cli.Context, what string) (done store.Progress, end func()) {
	terminal, is := c.App.ErrWriter.(*os.File)
	if is {
		stat, err := terminal.Stat()
		is = err == nil && stat.Mode()&os.ModeCharDevice != 0
	}
	if !is {
		return func(int64, int64) {}, func() {}
	}
	const often = time.Second / 5
	var next time.Time
	done = func(n, total int64) {
		now := time.Now()
		if now.Before(next) {
			return
		}
		next = now.Add(often)
		if total > 0 {
			_, _ = fmt.Fprintf(terminal, "\r\x1b[K%d of %d %s, %d %%", n, total, what, 100*n/total)
		} else {
			_, _ = fmt.Fprintf(terminal, "\r\x1b[K%d %s", n, what)
		}
	}
	return done, sync.OnceFunc(func() { _, _ = fmt.Fprint(terminal, "\r\x1b[K") })
}
