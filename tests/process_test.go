package tests

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"
	_ "github.com/redpanda-data/connect/v4/public/components/prometheus"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// asShoal makes the test binary behave as Shoal with few connectors: a test kills it at
// will, and needs no build of all connectors.
const asShoal = "SHOAL_TEST_AS_SHOAL"

// killed counts the processes that tests have killed.
var killed atomic.Int64

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(asShoal) != "":
		service.RunCLI(context.Background())
	case os.Getenv(asStore) != "":
		if err := workOnStore(os.Args[1], os.Args[2:]); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	default:
		code := m.Run()
		fmt.Printf("%d processes were killed\n", killed.Load())
		os.Exit(code)
	}
}

// shoal is a process that runs a configuration in a directory of its own.
type shoal struct {
	*exec.Cmd
	output transcript
}

// transcript is what a process has written so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (w *transcript) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(text)
}

func (w *transcript) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// start runs the sub-command run on a configuration.
func start(t *testing.T, dir, config string) *shoal {
	t.Helper()
	write(t, dir, "shoal.yaml", config)
	return command(t, dir, "run", "shoal.yaml")
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

// command starts any sub-command.
func command(t *testing.T, dir string, arguments ...string) *shoal {
	t.Helper()
	return launch(t, dir, []string{asShoal + "=1"}, arguments...)
}

// launch starts the test binary, as what the environment says.
func launch(t *testing.T, dir string, environment []string, arguments ...string) *shoal {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	p := &shoal{Cmd: exec.Command(binary, arguments...)}
	p.Dir = dir
	p.Env = append(os.Environ(), environment...)
	p.Stdout, p.Stderr = &p.output, &p.output
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	})
	return p
}

// finish waits for a process that is expected to end by itself.
func (p *shoal) finish(t *testing.T) {
	t.Helper()
	require.NoError(t, p.end(2*time.Minute), "%s", &p.output)
}

// end waits for a process, and kills it after d.
func (p *shoal) end(d time.Duration) error {
	kill := time.AfterFunc(d, func() { _ = p.Process.Kill() }) // SIGKILL
	defer kill.Stop()
	return p.Wait()
}

// stop asks a process to end. One that was about to begin may die of it instead.
func (p *shoal) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Signal(os.Interrupt))
	if err := p.end(2 * time.Minute); err != nil {
		require.EqualError(t, err, "signal: interrupt", "%s", &p.output)
	}
}

// finishes tells that the process ended by itself, before it was killed after d.
func (p *shoal) finishes(t *testing.T, d time.Duration) bool {
	t.Helper()
	if p.end(d) == nil {
		return true
	}
	require.Equal(t, -1, p.ProcessState.ExitCode(), "it was to be killed, not to fail: %s", &p.output)
	killed.Add(1)
	return false
}

// contents are all records of a store that a process has left, once its invariants are proven.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	s, err := store.Open(store.Options{Path: dir, MemoryBudget: store.DefaultMemoryBudget})
	require.NoError(t, err)
	_, err = plugin.Verify(t.Context(), s)
	require.NoError(t, err)
	records := map[string]string{}
	require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
		return r.Scan(nil, func(key, value []byte) error {
			records[string(key)] = string(value)
			return nil
		})
	}))
	require.NoError(t, s.Close())
	return records
}
