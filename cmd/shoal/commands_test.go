package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

// run is a command line with Shoal's own commands.
func run(t *testing.T, arguments ...string) (output string, err error) {
	t.Helper()
	var out bytes.Buffer
	app := &cli.App{
		Commands:       []*cli.Command{healthcheckCommand(), storeCommand()},
		Writer:         &out,
		ErrWriter:      &out,
		ExitErrHandler: func(*cli.Context, error) {},
	}
	err = app.Run(append([]string{"shoal"}, arguments...))
	return out.String(), err
}

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/ready", r.URL.Path)
		w.WriteHeader(status)
	}))
	_, err := run(t, "healthcheck", "--url", server.URL+"/ready")
	require.NoError(t, err)
	status = http.StatusServiceUnavailable
	_, err = run(t, "healthcheck", "--url", server.URL+"/ready")
	require.ErrorContains(t, err, "not ready: 503")
	server.Close()
	_, err = run(t, "healthcheck", "--url", server.URL+"/ready", "--timeout", "1s")
	require.ErrorContains(t, err, "not ready: ")
}

func TestStoreVerify(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	_, err := run(t, "store", "verify", "--path", path)
	require.ErrorContains(t, err, "there is no store at --path "+path+": name its directory")
	_, err = run(t, "store", "verify", "--path", t.TempDir(), "--encryption-key", "not base64!")
	require.ErrorContains(t, err, "encryption_key is not base64")

	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.DefaultMemoryBudget})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	output, err := run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, "all invariants hold\n", output)
}
