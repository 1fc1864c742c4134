package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"

	"github.com/shoal-stream/shoal/plugin/store"
)

func TestInspectAndExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	fillFeatures(t, path)
	output, err := run(t, "store", "inspect", "--path", path)
	require.NoError(t, err)
	assert.Contains(t, output, "format 1, ")
	assert.Regexp(t, `profiles +default +3 +\d+ B`, output)
	output, err = run(t, "store", "inspect", "--path", path, "--json")
	require.NoError(t, err)
	var report struct {
		Format  int
		Records []store.Size
	}
	require.NoError(t, json.Unmarshal([]byte(output), &report))
	assert.Equal(t, store.Format, report.Format)
	assert.NotEmpty(t, report.Records)

	file := filepath.Join(dir, "customers.jsonl")
	_, err = run(t, "store", "export", "--path", path, "--to", file)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.Len(t, lines, 3)
	var customer struct {
		Key      string
		Events   int
		Features map[string]float64
		Segment  any
	}
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &customer))
	assert.Equal(t, "c1", customer.Key)
	assert.Equal(t, 1, customer.Events)
	assert.Equal(t, map[string]float64{"visits": 1}, customer.Features)
	assert.Nil(t, customer.Segment, "there is no model")
	_, err = run(t, "store", "export", "--path", path, "--to", file)
	require.ErrorContains(t, err, "file exists")
	output, err = run(t, "store", "export", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, string(text), output)
}

func TestReset(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	fillFeatures(t, path)
	_, err := run(t, "store", "reset", "--path", path)
	require.ErrorContains(t, err, "name what to reset: use --feature-set, --model or both")
	for _, none := range [][]string{{"--feature-set", "other"}, {"--feature-set", "default", "--positions"}, {"--model", "default"}} {
		_, err = run(t, append([]string{"store", "reset", "--path", path}, none...)...)
		require.ErrorContains(t, err, "there is nothing of that name in the store", none)
	}
	output, err := run(t, "store", "reset", "--path", path, "--feature-set", "default")
	require.NoError(t, err)
	assert.Contains(t, output, " records are gone, 1 are left")
	output, err = run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, "all invariants hold\n", output)
}

func TestBackupsThatGoOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, all, more := filepath.Join(dir, "state"), filepath.Join(dir, "all"), filepath.Join(dir, "new")
	fillFeatures(t, path)
	_, err := run(t, "store", "backup", "--path", path, "--to", all)
	require.NoError(t, err)
	_, err = run(t, "store", "forget", "--path", path, "--key", "c2")
	require.NoError(t, err)
	_, err = run(t, "store", "backup", "--path", path, "--to", more, "--since", all)
	require.NoError(t, err)
	output, err := run(t, "store", "restore", "--path", filepath.Join(dir, "to"), "--from", all, "--from", more)
	require.NoError(t, err)
	assert.Contains(t, output, "feature set \"default\": 2 profiles\nerased: 1 customers\nall invariants hold\n")
}

// Scripts tell by the exit code what to do.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	code := func(err error) int {
		var exit cli.ExitCoder
		require.ErrorAs(t, err, &exit)
		return exit.ExitCode()
	}
	path := filepath.Join(t.TempDir(), "state")
	_, err := run(t, "store", "verify", "--path", path)
	assert.Equal(t, exitFailed, code(err))
	fillFeatures(t, path)
	tables, err := filepath.Glob(filepath.Join(path, "*.sst"))
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	content, err := os.ReadFile(tables[0])
	require.NoError(t, err)
	content[len(content)/3] ^= 1
	require.NoError(t, os.WriteFile(tables[0], content, 0o600))
	_, err = run(t, "store", "verify", "--path", path)
	require.ErrorContains(t, err, "has a damaged file: restore the newest backup to a new path")
	assert.Equal(t, exitDamaged, code(err))
}
