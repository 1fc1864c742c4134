package plugin_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

// marks are bytes that only one customer has.
var marks = map[string][]byte{
	"key":              []byte("canary-77@example.org"),
	"a category":       []byte("canary-sku"),
	"an amount":        floatBytes(7654.321987),
	"the sum":          floatBytes(7654.321987 + 1234.567891),
	"another, at once": floatBytes(1234.567891),
}

func floatBytes(x float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(x))
}

// find names the marks that are anywhere in the files below a directory.
func find(t testing.TB, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for name, mark := range marks {
			if bytes.Contains(content, mark) || bytes.Contains([]byte(path), mark) {
				found[name] = true
			}
		}
		return err
	}))
	return found
}

func canary(minute int, amount float64) string {
	return fmt.Sprintf(`{"customer":"canary-77@example.org","id":"order-%d","at":%q,"amount":%v,"sku":"canary-sku"}`,
		minute, shopOpens.AddDate(0, 0, minute).Format("2006-01-02T15:04:05Z"), amount)
}

// Who is marked passes through the real processors, alone or among others, is erased, and the
// store compacted: then no byte of them is in any file, though there was before.
func TestNothingIsLeftOnDisk(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		others        int
		engine, other string
	}{
		"alone":            {0, "kmeans: { k: 2 }", "density: {}"},
		"beside one":       {1, "online_kmeans: { k: 2 }", "kmeans: { k: 2 }"},
		"kmeans, density":  {60, "kmeans: { k: 3 }", "density: {}"},
		"k chosen, online": {60, "kmeans: { k: auto }", "online_kmeans: { k: 3 }"},
		"robust, batches":  {60, "scaling: robust\n            kmeans: { k: 2 }", "online_kmeans: { k: 3, decay: { factor: 0.5, unit: batches } }"},
		"one radius":       {60, "density: { radius: 0.5 }", "scaling: none\n            density: { radius: 50 }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := statePath(t)
			s := openShop(t, path, 1, test.engine, test.other)
			for minute := range 4 * test.others {
				s.pass(purchase(fmt.Sprintf("c%d", minute%test.others), minute, float64(10*(minute%5)+minute%7)))
				if minute == 2*test.others {
					s.pass(canary(1, 7654.321987))
				}
			}
			s.pass(canary(200, 7654.321987)) // a date, a place
			s.pass(canary(300, 1234.567891), purchase("d0", 500, 12))
			s.pass(canary(301, 1234.567891))
			s.stop()
			require.NotEmpty(t, find(t, path), "else this would find nothing")
			assert.True(t, find(t, path)["key"])
			assert.True(t, find(t, path)["an amount"])

			s = openShop(t, path, 1, test.engine, test.other)
			receipt := decoded(t, s.pass(`{"forget":"canary-77@example.org"}`)[0])
			assert.Equal(t, true, receipt["erased"])
			s.stop()
			_, err := store.Compact(t.Context(), store.Options{Path: path, MemoryBudget: store.MinMemoryBudget}, nil)
			require.NoError(t, err)
			assert.Empty(t, find(t, path))
			assert.Equal(t, 1, s.verify().Erased)
			assert.Empty(t, find(t, path), "nor after it was opened")
		})
	}
}

// A backup from before an erasure brings nobody back who was erased since, where it is told of
// that: neither to the store nor to its files. Who came back since the erasure stays.
func TestRestoreAppliesErasures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "state")
	options := func(path string) store.Options {
		return store.Options{Path: path, MemoryBudget: store.MinMemoryBudget}
	}
	s := openShop(t, path, 1, "kmeans: { k: 2 }", "density: {}")
	for minute := range 100 {
		s.pass(purchase(fmt.Sprintf("c%d", minute%25), minute, float64(minute%9)))
	}
	s.pass(canary(1, 7654.321987), `{"forget":"c3"}`)
	s.pass(purchase("c3", 200, 1))
	s.stop()
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	_, err := store.BackupStore(t.Context(), options(path), before, "", nil)
	require.NoError(t, err)
	s = openShop(t, path, 1, "kmeans: { k: 2 }", "density: {}")
	s.pass(`{"forget":"canary-77@example.org"}`, `{"block":"c5"}`, `{"forget":"c7"}`)
	s.pass(purchase("c7", 300, 1))
	s.stop()
	_, err = store.BackupStore(t.Context(), options(path), after, "", nil)
	require.NoError(t, err)
	require.NotEmpty(t, find(t, before))
	require.Empty(t, find(t, after), "a backup has nothing of what was erased before it")

	for i, from := range []string{path, after} {
		to := filepath.Join(dir, fmt.Sprint("restored", i))
		erasures, err := store.ErasuresAt(t.Context(), options(from))
		require.NoError(t, err)
		erased := 0
		_, err = store.Restore(t.Context(), options(to), []string{before}, nil, func(st *store.Store) (bool, error) {
			erased, err = segments.ForgetErased(context.Background(), st, erasures)
			if err != nil {
				return false, err
			}
			_, err = plugin.Verify(context.Background(), st)
			return erased > 0, err
		})
		require.NoError(t, err)
		assert.Equal(t, 3, erased, "the marked one, c5 and c7")
		assert.Empty(t, find(t, to))
		s := openShop(t, to, 1, "kmeans: { k: 2 }", "density: {}")
		assert.Equal(t, plugin.Report{Profiles: map[string]int{"default": 23}, Models: map[string]int{"default": 23, "other": 23}, Erased: 4}, s.verify())
		for text, want := range map[string]string{
			canary(1, 7654.321987): "refused: the customer was erased", purchase("c5", 400, 1): "is blocked",
			purchase("c7", 7, 1): "refused: the customer was erased", purchase("c3", 3, 1): "refused: the customer was erased",
			purchase("c7", 300, 1): "", purchase("c3", 201, 1): "",
		} {
			err := s.pass(text)[0].GetError()
			if want == "" {
				require.NoError(t, err, text)
			} else {
				require.ErrorContains(t, err, want, text)
			}
		}
		s.stop()
	}
}
