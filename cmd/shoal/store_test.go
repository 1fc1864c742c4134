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
	assert.Regexp(t, `(?m)^kind +of +records +bytes$`, output)
	assert.Regexp(t, `(?m)^profiles +default +3 +\d+ B$`, output)
	assert.Regexp(t, `(?m)^all +\d+ +\d+ B$`, output)
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
	require.ErrorContains(t, err, "store export: --to "+file+" is there already: name a new file")
	for want, arguments := range map[string][]string{
		"--to " + dir + "/no/file: name a file in a directory that is there": {"--to", dir + "/no/file"},
		`--feature-set "other": there is nothing of that name in the store`:  {"--feature-set", "other", "--to", dir + "/none"},
		`--model "default": there is nothing of that name in the store`:      {"--model", "default"},
	} {
		_, err = run(t, append([]string{"store", "export", "--path", path}, arguments...)...)
		require.ErrorContains(t, err, want)
	}
	assert.NoFileExists(t, dir+"/none")
	output, err = run(t, "store", "export", "--path", path)
	require.NoError(t, err)
	assert.Equal(t, string(text), output)
	_, err = run(t, "store", "reset", "--path", path, "--feature-set", "default")
	require.NoError(t, err)
	_, err = run(t, "store", "export", "--path", path)
	require.ErrorContains(t, err, "there is no feature set and no model of the name default in the store: see store inspect")
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
	assert.Contains(t, output, " records are gone, 2 are left")
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
	assert.Contains(t, output, "feature set \"default\": 2 profiles\nerased: 1 customer\nall invariants hold\n")
}

// Scripts tell by the exit code what to do.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "state"), filepath.Join(dir, "backup")
	exits := func(want int, message string, arguments ...string) {
		t.Helper()
		_, err := run(t, append([]string{"store"}, arguments...)...)
		require.ErrorContains(t, err, message)
		var exit cli.ExitCoder
		require.ErrorAs(t, err, &exit)
		assert.Equal(t, want, exit.ExitCode(), message)
	}
	exits(exitFailed, "store bogus: there is no such command: see shoal store --help", "bogus")
	exits(exitFailed, "there is no store at --path", "verify", "--path", path)
	fillFeatures(t, path)
	_, err := run(t, "store", "backup", "--path", path, "--to", backup)
	require.NoError(t, err)
	exits(exitFailed, "is there already", "backup", "--path", path, "--to", backup)

	content, err := os.ReadFile(backup)
	require.NoError(t, err)
	to := filepath.Join(dir, "to")
	require.NoError(t, os.WriteFile(backup, content[:len(content)-9], 0o600))
	exits(exitDamaged, backup+": it is cut short or damaged", "restore", "--path", to, "--from", backup)
	content[len(content)/2] ^= 1
	require.NoError(t, os.WriteFile(backup, content, 0o600))
	exits(exitDamaged, backup+": it is cut short or damaged", "restore", "--path", to, "--from", backup)
	exits(exitDamaged, backup+": it is cut short or damaged", "restore", "--path", to, "--from", backup, "--erasures", backup)

	damageRecord(t, path)
	exits(exitDamaged, "store verify: "+path+": ", "verify", "--path", path)

	tables, err := filepath.Glob(filepath.Join(path, "*.sst"))
	require.NoError(t, err)
	require.NotEmpty(t, tables)
	content, err = os.ReadFile(tables[0])
	require.NoError(t, err)
	content[len(content)/3] ^= 1
	require.NoError(t, os.WriteFile(tables[0], content, 0o600))
	exits(exitDamaged, "has a damaged file: restore the newest backup to a new path", "verify", "--path", path)
}

// damageRecord writes a profile that nobody can read.
func damageRecord(t *testing.T, path string) {
	t.Helper()
	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
		return tx.Step(func() error {
			tx.Set(store.Key(store.KindProfile, "default", []byte("c1")), []byte("damaged"))
			return nil
		})
	}))
	require.NoError(t, s.Close())
}

// Without a sub-command, there is help, and no error.
func TestStoreHelp(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"store"}, {"store", "--help"}, {"store", "help"}} {
		output, err := run(t, arguments...)
		require.NoError(t, err)
		for _, name := range []string{"inspect", "verify", "export", "backup", "restore", "compact", "forget", "reset"} {
			assert.Contains(t, output, "\n   "+name, arguments)
		}
		assert.Contains(t, output, "and 3 when a file or a record is damaged", arguments)
	}
}
