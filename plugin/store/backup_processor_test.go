package store

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// A running stream backs itself up: each third time all, else what is new; what it keeps can
// be restored, without ever closing the store.
func TestBackupProcessor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := fmt.Sprintf(`
pipeline:
  processors:
    - cache: { resource: items, operator: set, key: '${! content() }', value: '${! content() }' }
    - segment_backup: { store: items, directory: %s, full_every: 3, keep: 1 }
cache_resources:
  - label: items
    segment_store: { path: %s, min_free: "0" }
`, filepath.Join(dir, "backups"), filepath.Join(dir, "state"))
	backups := func() (files []string) {
		entries, err := os.ReadDir(filepath.Join(dir, "backups"))
		require.NoError(t, err)
		for _, entry := range entries {
			files = append(files, filepath.Join(dir, "backups", entry.Name()))
		}
		return files
	}
	kinds := func(receipts []string) (kinds []string) {
		for _, text := range receipts {
			var receipt struct {
				File, Of       string
				Records, Bytes int64
			}
			require.NoError(t, json.Unmarshal([]byte(text), &receipt), text)
			assert.Contains(t, receipt.File, "/items-")
			assert.True(t, strings.HasSuffix(receipt.File, "-"+receipt.Of+".backup"))
			assert.Positive(t, receipt.Records)
			assert.Positive(t, receipt.Bytes)
			kinds = append(kinds, receipt.Of)
		}
		return kinds
	}
	assert.Equal(t, []string{"all", "new", "new", "all", "new"}, kinds(through(t, config, "a", "b", "c", "d", "e")))
	assert.Len(t, backups(), 2, "those before the last of all are deleted")
	assert.Equal(t, []string{"new"}, kinds(through(t, config, "f")), "a new process goes on")
	assertRestored(t, backups(), "abcdef")

	require.NoError(t, os.WriteFile(backups()[2], []byte("damaged"), 0o600))
	assert.Equal(t, []string{"all"}, kinds(through(t, config, "g")))
	_, err := Compact(t.Context(), optionsAt(filepath.Join(dir, "state"), nil), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"all", "new"}, kinds(through(t, config, "h", "i")), "versions begin anew")
	assertRestored(t, backups(), "abcdefghi")
}

// What a backup left that was killed goes with the next one of the same label.
func TestBackupsThatWereKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	backups := filepath.Join(dir, "backups")
	require.NoError(t, os.Mkdir(backups, 0o700))
	leave := func(name string) string {
		name = filepath.Join(backups, name)
		require.NoError(t, os.WriteFile(name, []byte("half"), 0o600))
		return name
	}
	gone := []string{leave("items-20261126T020000.000Z-all.backup.part"), leave("items-20261127T020000.000Z-new.backup.part")}
	stays := []string{leave("items-b-20261126T020000.000Z-all.backup.part"), leave("items-mine.part")}
	receipts := through(t, fmt.Sprintf(`
pipeline:
  processors: [ { segment_backup: { store: items, directory: %s } } ]
cache_resources:
  - label: items
    segment_store: { path: %s, min_free: "0" }
`, backups, filepath.Join(dir, "state")), "a")
	require.Len(t, receipts, 1)
	for _, name := range gone {
		assert.NoFileExists(t, name)
	}
	for _, name := range stays {
		assert.FileExists(t, name)
	}

	s := inMemory(t)
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file+".part", []byte("half"), 0o644)) //nolint:gosec // as others make them
	_, err := s.Backup(t.Context(), file, "", nil)
	require.NoError(t, err)
	assert.NoFileExists(t, file+".part")
	stat, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), stat.Mode().Perm())
	_, err = s.Backup(t.Context(), filepath.Join(dir, "nowhere", "file"), "", nil)
	require.ErrorContains(t, err, "name a file in a directory that is there and can be written: ")
	_, err = s.Backup(t.Context(), filepath.Join(dir, "other"), filepath.Join(dir, "nowhere"), nil)
	require.ErrorContains(t, err, "there is no backup to go on from: name one that is there: ")
}

func assertRestored(t *testing.T, files []string, items string) {
	t.Helper()
	to := filepath.Join(t.TempDir(), strconv.Itoa(len(files)))
	_, err := Restore(t.Context(), optionsAt(to, nil), files, nil, nothing)
	require.NoError(t, err)
	restored := contents(t, to, nil)
	for name := range strings.SplitSeq(items, "") {
		assert.Contains(t, restored, string(Key(KindCache, "items", []byte(name))))
	}
}

func TestBackupProcessorRefuses(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]string{
		`{ store: s, directory: "" }`:               `directory "": name one`,
		`{ store: s, directory: d, full_every: 0 }`: "full_every 0: use 1 or more",
		`{ store: s, directory: d, keep: -1 }`:      "keep -1: use a number of backups, or 0 for all",
		`{ store: s, directory: d }`:                `store "s": there is no cache resource with this label`,
	} {
		parsed, err := backupSpec().ParseYAML(conf, nil)
		require.NoError(t, err, conf)
		_, err = newBackupFromConfig(parsed, service.MockResources())
		require.ErrorContains(t, err, want, conf)
	}
	env := environment(t)
	env.WalkProcessors(func(name string, view *service.ConfigView) {
		if name != "segment_backup" {
			return
		}
		data, err := view.TemplateData()
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(data.Examples), 2)
		for _, example := range data.Examples {
			config := strings.Replace(example.Config, "http_server:\n    path: /backup", "generate: { mapping: root = 1 }", 1) // of another package
			require.NoError(t, env.NewStreamBuilder().SetYAML(config), example.Title)
		}
		for _, field := range data.Fields {
			assert.NotEmpty(t, field.Description, field.FullName)
		}
	})
}
