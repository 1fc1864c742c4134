package tests

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// asStore makes the test binary do what a sub-command of shoal store does.
const asStore = "SHOAL_TEST_AS_STORE"

// workOnStore does one of these: compact PATH, reset PATH, restore PATH FILE..., backup PATH FILE.
func workOnStore(command string, arguments []string) (err error) {
	ctx, options := context.Background(), store.Options{Path: arguments[0], MemoryBudget: store.MinMemoryBudget}
	switch command {
	case "compact":
		_, err = store.Compact(ctx, options, nil)
	case "reset":
		_, err = plugin.Reset(ctx, options, plugin.Part{Model: "default"}, nil)
	case "restore":
		_, err = store.Restore(ctx, options, arguments[1:], nil, isSound)
	case "backup":
		_, err = store.BackupStore(ctx, options, arguments[1], "", nil)
	default:
		err = fmt.Errorf("command %q is unknown", command)
	}
	return err
}

// isSound proves the invariants of a store that is about to be there, and leaves it as it is.
func isSound(s *store.Store) (changed bool, err error) {
	_, err = plugin.Verify(context.Background(), s)
	return false, err
}

// storeWork is one command, to be killed.
type storeWork struct {
	arguments []string
	signs     []string // files that come and go while it works
	whole     time.Duration
	random    *rand.Rand
}

func newStoreWork(seed uint64, signs []string, arguments ...string) *storeWork {
	return &storeWork{arguments: arguments, signs: signs, random: rand.New(rand.NewPCG(seed, 0))}
}

func (w *storeWork) start(t *testing.T, more ...string) *shoal {
	t.Helper()
	return launch(t, t.TempDir(), []string{asStore + "=1"}, slices.Concat(w.arguments, more)...)
}

// measure does the work once, to the end.
func (w *storeWork) measure(t *testing.T, more ...string) {
	t.Helper()
	begun := time.Now()
	w.start(t, more...).finish(t)
	w.whole = time.Since(begun)
}

// kill begins the work and kills it: at any instant, or about when one of the signs appears at
// the path that it has as its n-th argument. It tells whether the work was done before.
func (w *storeWork) kill(t *testing.T, at string, more ...string) (done bool) {
	t.Helper()
	p := w.start(t, more...)
	if w.random.IntN(2) == 0 {
		return p.finishes(t, time.Duration(w.random.Float64()*float64(w.whole)))
	}
	sign := at + w.signs[w.random.IntN(len(w.signs))]
	for end := time.Now().Add(2 * w.whole); time.Now().Before(end); {
		if _, err := os.Lstat(sign); err == nil {
			break
		}
	}
	return p.finishes(t, time.Duration(w.random.IntN(1000))*time.Microsecond)
}

// The stages of a rewriting (see plugin/store/rewrite.go), and the part of a backup.
var (
	stages = []string{"/rewrite.begun", "/rewrite.complete", "/rewrite.moving"}
	parts  = []string{".part", ""}
)

// deleted is in the files of a store of aShop, and in none of its records.
const deleted = "canary-deleted"

// aShop is a store of many customers.
func aShop(t *testing.T) (path string) {
	t.Helper()
	dir := t.TempDir()
	writeEvents(t, dir, shopEvents(6000, 3000, 12))
	small := strings.Replace(fmt.Sprintf(readFile, "kmeans: { k: 5 }"), "path: ./state,", "path: ./state, memory_budget: 32MiB,", 1)
	start(t, dir, small).finish(t)
	path = filepath.Join(dir, "state")
	s, err := store.Open(optionsAt(path))
	require.NoError(t, err)
	marked := store.Key(store.KindCache, "marked", []byte(deleted))
	for _, change := range []func(tx *store.Tx){
		func(tx *store.Tx) { tx.Set(marked, nil) },
		func(tx *store.Tx) { tx.Delete(marked) },
	} {
		require.NoError(t, s.Update(t.Context(), nil, func(tx *store.Tx) error {
			return tx.Step(func() error { change(tx); return nil })
		}))
	}
	require.NoError(t, s.Close())
	require.NotEmpty(t, filesWith(t, path, deleted), "else this would find nothing")
	return path
}

// filesWith are the files below a path that have some bytes anywhere.
func filesWith(t *testing.T, path, what string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(path, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if strings.Contains(string(content), what) {
			names = append(names, entry.Name())
		}
		return err
	}))
	return names
}

// copyOf is a store of the test's own.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	require.NoError(t, os.CopyFS(dir, os.DirFS(path)))
	return dir
}

// noStages tells that nothing of a rewriting is left.
func noStages(t *testing.T, path string) {
	t.Helper()
	for _, stage := range stages {
		assert.NoDirExists(t, path+stage)
	}
}

// A store that is compacted has the same records, whenever that is killed. What was deleted is
// in none of its files once the new ones are in place.
func TestKillCompact(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	original := aShop(t)
	want := contents(t, original)
	work := newStoreWork(1, stages, "compact")
	work.measure(t, copyOf(t, original))
	path := copyOf(t, original)
	kills, swapped := 0, 0
	for range soak(12) {
		if !work.kill(t, path, path) {
			kills++
		}
		require.Empty(t, differences(want, contents(t, path)))
		noStages(t, path)
		if len(filesWith(t, path, deleted)) == 0 {
			swapped++
			require.NoError(t, os.RemoveAll(path))
			path = copyOf(t, original)
		}
	}
	t.Logf("compacting takes %v; killed %d times; the new files were in place %d times", work.whole.Round(time.Millisecond), kills, swapped)
	require.Positive(t, kills)
	work.start(t, path).finish(t)
	require.Empty(t, differences(want, contents(t, path)))
	assert.Empty(t, filesWith(t, path, deleted))
}

// A reset takes all of a model, or nothing, whenever it is killed.
func TestKillReset(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	path := aShop(t)
	before := contents(t, path)
	work := newStoreWork(2, stages, "reset")
	other := copyOf(t, path)
	work.measure(t, other)
	after := contents(t, other)
	require.Less(t, len(after), len(before))
	kills, done := 0, 0
	for range soak(12) {
		path := copyOf(t, path)
		if !work.kill(t, path, path) {
			kills++
		}
		got := contents(t, path)
		if len(got) == len(after) {
			done++
			require.Empty(t, differences(after, got))
			assert.Empty(t, filesWith(t, path, deleted))
		} else {
			require.Empty(t, differences(before, got))
		}
		noStages(t, path)
		require.NoError(t, os.RemoveAll(path))
	}
	t.Logf("a reset takes %v; killed %d times; done %d times", work.whole.Round(time.Millisecond), kills, done)
	require.Positive(t, kills)
}

// A backup is there when it is complete, and a store that is restored from it, too, whenever
// they are killed; after that, each can be done again.
func TestKillBackupAndRestore(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	path := aShop(t)
	want := contents(t, path)
	dir := t.TempDir()
	all := filepath.Join(dir, "all")
	backup := newStoreWork(3, parts, "backup", path)
	backup.measure(t, all)
	restore := newStoreWork(4, stages, "restore")
	restore.measure(t, filepath.Join(dir, "whole"), all)
	require.Empty(t, differences(want, contents(t, filepath.Join(dir, "whole"))))

	kills, backups, stores := 0, 0, 0
	for i := range soak(8) {
		file := filepath.Join(dir, fmt.Sprint("backup", i))
		if !backup.kill(t, file, file) {
			kills++
		}
		if _, err := os.Stat(file); err == nil {
			backups++
		} else {
			if cut, err := os.ReadFile(file + ".part"); err == nil && size(file+".part") < size(all) {
				nowhere := filepath.Join(dir, "nowhere")
				_, err := store.Restore(t.Context(), optionsAt(nowhere), []string{file + ".part"}, nil, isSound)
				require.Error(t, err, "%d bytes of a backup", len(cut))
				assert.NoDirExists(t, nowhere)
			}
			backup.start(t, file).finish(t)
		}

		restored := filepath.Join(dir, fmt.Sprint("restored", i))
		if !restore.kill(t, restored, restored, file) {
			kills++
		}
		if store.Exists(restored) {
			stores++
		} else {
			restore.start(t, restored, file).finish(t)
		}
		require.Empty(t, differences(want, contents(t, restored)))
		noStages(t, restored)
		require.NoError(t, os.RemoveAll(restored))
		require.NoError(t, os.Remove(file))
	}
	require.Empty(t, differences(want, withoutMarks(contents(t, path))))
	t.Logf("a backup takes %v, restoring it %v; killed %d times; %d backups and %d stores were there",
		backup.whole.Round(time.Millisecond), restore.whole.Round(time.Millisecond), kills, backups, stores)
	require.Positive(t, kills)
}

// withoutMarks takes away the random marks that backups leave in a store.
func withoutMarks(records map[string]string) map[string]string {
	delete(records, string(store.Key(store.KindMeta, "backups", nil)))
	return records
}

// backupsAmid is a stream that backs its store up again and again.
var backupsAmid = strings.Replace(readFile, "    - mapping: |", `    - branch:
        processors:
          - mapping: 'root = if this.id %% 300 == 0 { {} } else { deleted() }'
          - segment_backup: { store: customers, directory: ./backups, full_every: 3, keep: 6 }
    - mapping: |`, 1)

// A stream that is killed amid its backups ends as one that never was, and each backup that is
// there is sound, with those that go on from it.
func TestKillAmidBackups(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	config := fmt.Sprintf(backupsAmid, "kmeans: { k: 5 }")
	events := shopEvents(6000, 900, 13)
	calm, rough := t.TempDir(), t.TempDir()
	writeEvents(t, calm, events)
	writeEvents(t, rough, events)
	begun := time.Now()
	start(t, calm, config).finish(t)
	whole := time.Since(begun)
	random := rand.New(rand.NewPCG(14, 0))
	kills, cut := 0, 0
	for range soak(8) {
		if !start(t, rough, config).finishes(t, time.Duration(random.Float64()*float64(whole)*0.7)) {
			kills++
		}
		partial, err := filepath.Glob(filepath.Join(rough, "backups", "*.part"))
		require.NoError(t, err)
		for _, part := range partial { // nobody goes on with them
			cut++
			require.NoError(t, os.Remove(part))
		}
	}
	start(t, rough, config).finish(t)
	want, got := contents(t, filepath.Join(calm, "state")), contents(t, filepath.Join(rough, "state"))
	for _, records := range []map[string]string{want, got} {
		delete(withoutMarks(records), string(store.Key(store.KindFeatureSet, "default", []byte("told"))))
	}
	require.Empty(t, differences(want, got))

	chains := chainsIn(t, filepath.Join(rough, "backups"))
	t.Logf("killed %d times, %d times in a backup; there are %d backups of all", kills, cut, len(chains))
	require.Greater(t, kills, 3)
	require.NotEmpty(t, chains)
	for _, chain := range chains {
		path := filepath.Join(t.TempDir(), "state")
		records, err := store.Restore(t.Context(), optionsAt(path), chain, nil, isSound)
		require.NoError(t, err)
		assert.Positive(t, records)
	}
}

// chainsIn are the backups of all, each with those that go on from it.
func chainsIn(t *testing.T, dir string) (chains [][]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.backup")) // in order
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "-all.backup") {
			chains = append(chains, nil)
		}
		require.NotEmpty(t, chains, "the first goes on from none")
		chains[len(chains)-1] = append(chains[len(chains)-1], file)
	}
	return chains
}
