package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Who cannot be erased is told of in their place, and keeps nobody else.
func TestForgetBesideDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	fillFeatures(t, path)
	s, err := store.Open(store.Options{Path: path, MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
		return tx.Step(func() error {
			tx.Set(store.Key(store.KindProfile, "default", []byte("c2")), []byte{255})
			return nil
		})
	}))
	require.NoError(t, s.Close())

	output, err := runWith(t, " c1\t\r\n \nc2\nnobody\nc3", "store", "forget", "--path", path, "--key-from-stdin")
	require.ErrorContains(t, err, "store forget: 1 customers could not be erased, all others are; the first is number 2: ")
	assert.NotContains(t, err.Error(), "c2")
	assert.NotContains(t, output, "c2")
	var erased []any
	for line := range strings.Lines(output) {
		var receipt map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &receipt))
		erased = append(erased, receipt["erased"])
		assert.Equal(t, receipt["erased"] == nil, receipt["error"] != nil)
	}
	assert.Equal(t, []any{true, nil, false, true}, erased)
}

func TestForgetReadsKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	fillFeatures(t, path)
	long := strings.Repeat("x", 2*longestKey)
	_, err := runWith(t, "c1\n"+long+"\n", "store", "forget", "--path", path, "--key-from-stdin")
	require.EqualError(t, err, "store forget: --key-from-stdin: line 2 is longer than 60000 bytes, and a key is not: give one key a line; nobody was erased")
	_, err = runWith(t, " \n\t\n", "store", "forget", "--path", path, "--key-from-stdin")
	require.ErrorContains(t, err, "no customer was named")
	output, err := run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Contains(t, output, `feature set "default": 3 profiles`)
	_, err = runWith(t, strings.Repeat(" ", 100)+"c1", "store", "forget", "--path", path, "--key-from-stdin")
	require.NoError(t, err)
	output, err = run(t, "store", "verify", "--path", path)
	require.NoError(t, err)
	assert.Contains(t, output, `feature set "default": 2 profiles`)
}
