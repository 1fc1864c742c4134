package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

// State of each format that was ever released, which later versions have to read, or to
// migrate: a backup, and its customers as they were shown. To make that of a new format, set
// SHOAL_WRITE_FORMAT and run the test.
var formats = filepath.Join("testdata", fmt.Sprint("format-", store.Format))

func optionsAt(path string) store.Options {
	return store.Options{Path: path, MemoryBudget: store.DefaultMemoryBudget}
}

// lasting is a pipeline whose history outlives this test.
func lasting() string {
	config := fmt.Sprintf(readFile, "kmeans: { k: 3 }")
	config = strings.Replace(config, `min_free: "0"`, `min_free: "0", retention: { moves: 0s, events: 0s }`, 1)
	return strings.Replace(config, "        features:\n", "        features:\n          - { name: seen, agg: distinct, of: amount }\n          - { name: usual, agg: quantile, of: amount, q: 0.5, missing: median }\n", 1)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	backup, shown := filepath.Join(formats, "state.backup"), filepath.Join(formats, "customers.jsonl")
	if os.Getenv("SHOAL_WRITE_FORMAT") != "" {
		writeFormat(t, backup, shown)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	_, err := store.Restore(t.Context(), optionsAt(path), []string{backup}, nil, func(s *store.Store) (bool, error) {
		_, err := plugin.Verify(t.Context(), s)
		return false, err
	})
	require.NoError(t, err)
	want, err := os.ReadFile(shown)
	require.NoError(t, err)
	assert.Equal(t, string(want), exported(t, path))

	// The stream goes on: what it counted is known, and what is new is counted.
	events := shopEvents(2400, 60, 77)
	writeEvents(t, dir, events)
	start(t, dir, lasting()).finish(t)
	calm := t.TempDir()
	writeEvents(t, calm, events)
	start(t, calm, lasting()).finish(t)
	compareProfiles(t, filepath.Join(calm, "state"), path)
}

// writeFormat makes the state of this version.
func writeFormat(t *testing.T, backup, shown string) {
	t.Helper()
	dir := t.TempDir()
	writeEvents(t, dir, shopEvents(2000, 60, 77))
	start(t, dir, lasting()).finish(t)
	path := filepath.Join(dir, "state")
	require.NoError(t, os.MkdirAll(formats, 0o750))
	require.NoError(t, os.WriteFile(shown, []byte(exported(t, path)), 0o600))
	_ = os.Remove(backup)
	_, err := store.BackupStore(t.Context(), optionsAt(path), backup, "", nil)
	require.NoError(t, err)
}

// exported are the customers of a store, a line of JSON each.
func exported(t *testing.T, path string) string {
	t.Helper()
	s, err := store.Open(optionsAt(path))
	require.NoError(t, err)
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	require.NoError(t, segments.Export(t.Context(), s, "default", "default", func(customer map[string]any) error { return encoder.Encode(customer) }))
	require.NoError(t, s.Close())
	return text.String()
}

// compareProfiles compares the profiles of two stores.
func compareProfiles(t *testing.T, want, got string) {
	t.Helper()
	profiles := func(path string) map[string]string {
		found := map[string]string{}
		for key, value := range contents(t, path) {
			if store.Kind(key[0]) == store.KindProfile {
				found[key] = value
			}
		}
		return found
	}
	require.Empty(t, differences(profiles(want), profiles(got)))
}
