package store

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSizes(t *testing.T) {
	t.Parallel()
	s := inMemory(t)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error {
		for i := range 2000 {
			err := tx.Step(func() error {
				tx.Set(Key(KindProfile, "a", []byte(strconv.Itoa(i))), make([]byte, 100))
				tx.Set(Key(KindMoves, "m", nil), make([]byte, 10))
				tx.Set(Key(KindProfile, "b", nil), make([]byte, 10))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
	sizes, err := s.Sizes(t.Context())
	require.NoError(t, err)
	counted := map[string]int64{}
	for _, size := range sizes {
		counted[size.Kind+" "+size.Namespace] = size.Records
		assert.Positive(t, size.Bytes)
		if size.Namespace == "a" {
			assert.InDelta(t, 2000*106, size.Bytes, 2000*20)
		}
	}
	assert.Equal(t, map[string]int64{"moves m": 1, "profiles a": 2000, "profiles b": 1, "store ": 1}, counted)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Sizes(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	s := openAt(t, path)
	require.NoError(t, s.Update(t.Context(), nil, func(tx *Tx) error { return set(tx, "a", strings.Repeat("x", 100_000)) }))
	_, logs := s.Bytes()
	assert.Greater(t, logs, int64(100_000), "it is in the log")
	require.NoError(t, s.Close())
	s = openAt(t, path)
	tables, _ := s.Bytes()
	assert.Greater(t, tables, int64(100_000), "and then in a table")
	require.NoError(t, s.Close())
	tables, logs = inMemory(t).Bytes()
	assert.Zero(t, tables+logs)
}
