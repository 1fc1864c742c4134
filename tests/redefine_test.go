package tests

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin"
	"github.com/shoal-stream/shoal/plugin/store"
)

// A change of the configuration that puts every customer into a new engine, killed in the
// middle again and again and under changing configurations, loses nobody.
func TestKillWhileTheDefinitionChanges(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	small := strings.Replace(readFile, "path: ./state,", "path: ./state, memory_budget: 32MiB,", 1) // many commits
	dir := t.TempDir()
	writeEvents(t, dir, shopEvents(40_000, 24_000, 1))
	start(t, dir, fmt.Sprintf(small, "kmeans: { k: 5 }")).finish(t)
	customers := verified(t, dir).Models["default"]
	require.Greater(t, customers, 15_000)

	// All is read; what each start does is to bring the customers over.
	definitions := []string{
		"online_kmeans: { k: 5 }",
		"kmeans: { k: 5 }\n        select: [ orders, spend ]",
		"kmeans: { k: 6 }\n        forget: { inactive_after: 300d }",
	}
	begun := time.Now()
	start(t, dir, fmt.Sprintf(small, definitions[2])).finish(t)
	whole := time.Since(begun) // most of it to read
	random := rand.New(rand.NewPCG(1, 0))
	kills, interrupted := 0, 0
	for i := range soak(12) {
		config := fmt.Sprintf(small, definitions[i%len(definitions)])
		if !start(t, dir, config).finishes(t, time.Duration(random.Float64()*float64(whole)*0.4)) {
			kills++
		}
		if isUnderWay(t, dir) {
			interrupted++
		}
	}
	t.Logf("a run takes %v; killed %d times, %d times in the middle, %d customers", whole.Round(time.Millisecond), kills, interrupted, customers)
	assert.NotZero(t, interrupted)
	start(t, dir, fmt.Sprintf(small, definitions[0])).finish(t)
	assert.Equal(t, customers, verified(t, dir).Models["default"])
}

// isUnderWay tells that the store has a change of a definition that is not complete.
func isUnderWay(t *testing.T, dir string) (underWay bool) {
	t.Helper()
	s, err := store.Open(store.Options{Path: filepath.Join(dir, "state"), MemoryBudget: store.MinMemoryBudget})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.NoError(t, s.View(t.Context(), func(r store.Reader) error {
		record, err := r.Get(store.Key(store.KindModel, "default", []byte("r")))
		underWay = record != nil
		return err
	}))
	return underWay
}

func verified(t *testing.T, dir string) plugin.Report {
	t.Helper()
	s, err := store.Open(store.Options{Path: filepath.Join(dir, "state"), MemoryBudget: store.DefaultMemoryBudget})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	report, err := plugin.Verify(t.Context(), s)
	require.NoError(t, err)
	return report
}
