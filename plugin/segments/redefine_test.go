package segments

import (
	"encoding/json"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// threeGroups are customers around three places, told to a model.
func threeGroups(t testing.TB, a *assign, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 0))
	for i := range n {
		a.tell(t, "c"+strconv.Itoa(i), group(i%3, random), "feature_as_of", date(0), "feature_version", i+1)
	}
}

func group(i int, random *rand.Rand) map[string]any {
	return map[string]any{
		"spend":  []float64{1, 100, 50}[i] + random.Float64(),
		"orders": []float64{1, 2, 20}[i] + random.Float64(),
		"visits": []float64{5, 30, 10}[i] + random.Float64(),
	}
}

// A model whose configuration has changed keeps its customers and, as far as they are the
// same, its segments with their ids.
func TestRedefine(t *testing.T) {
	t.Parallel()
	const model = "key: this.customer\nwarmup: 20\nrefresh: { points: 10 }\n"
	const three = "kmeans: { k: 3 }\n"
	for name, test := range map[string]struct {
		before, after string
		kept          int // groups whose customers stay in the segment that they are in
	}{
		"weights":           {three, three + "weights: { spend: 2 }", 3},
		"scaling":           {three, three + "scaling: robust", 3},
		"unscaled":          {three, three + "scaling: none", 3},
		"more segments":     {"kmeans: { k: 2 }", three, 2},
		"fewer segments":    {three, "kmeans: { k: 2 }", 2},
		"k is chosen":       {three, "kmeans: { k: auto }", 3},
		"another engine":    {three, "online_kmeans: { k: 3 }", 3},
		"and back":          {"online_kmeans: { k: 3 }", three, 3},
		"engine and k":      {three, "online_kmeans: { k: 2 }", 2},
		"density":           {three, "density: {}", 3},
		"no density":        {"density: {}", three, 3},
		"a radius":          {"density: {}", "density: { radius: 0.7 }", 3},
		"less density":      {"density: {}", "density: { min_weight: 5, intersection: 0.2 }", 3},
		"transforms":        {three, three + "transforms: { spend: log1p }", 3},
		"no transforms":     {three + "transforms: { spend: log1p }", three, 3},
		"fewer features":    {three, three + "select: [ spend, orders ]", 3},
		"more features":     {three + "select: [ spend, orders ]", three, 3},
		"missing":           {three, three + "missing: zero", 3},
		"inactive":          {three, three + "forget: { inactive_after: 30d }", 3},
		"inactive, shorter": {three + "forget: { inactive_after: 30d }", three + "forget: { inactive_after: 10d }", 3},
		"micro-clusters":    {three, "kmeans: { k: 3, micro_clusters: 20 }", 3},
		"everything":        {three, "online_kmeans: { k: 3 }\nselect: [ spend, visits ]\ntransforms: { spend: sqrt }\nscaling: robust\nforget: { inactive_after: 300d }", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state")
			r := openRig(t, path)
			a := r.assign(model + test.before)
			threeGroups(t, a, 300)
			random := rand.New(rand.NewPCG(2, 0))
			at := func(a *assign, group3, day int) *result {
				got := a.tell(t, "c"+strconv.Itoa(group3), group(group3, random), "feature_as_of", date(day), "feature_version", 1000+day)
				return &got
			}
			was := map[int]*result{}
			for i := range 3 {
				was[i] = at(a, i, 1)
			}
			r.close()
			r = openRig(t, path)
			a = r.assign(model + test.after)
			assert.Equal(t, 300, r.verify()["default"])
			shown := r.snapshot("")[0]
			total := 0.0
			for _, s := range shown["segments"].([]any) {
				total += s.(map[string]any)["size"].(float64)
			}
			assert.InDelta(t, 300, total, 0)
			kept := 0
			for i := range 3 {
				is := at(a, i, 2)
				assert.Equal(t, "assigned", is.Status)
				if *is.ID == *was[i].ID {
					kept++
					assert.False(t, is.Changed)
				} else {
					assert.True(t, is.Changed)
					assert.Equal(t, "definition", *is.Cause)
					assert.Equal(t, *was[i].ID, *is.Previous)
				}
			}
			assert.GreaterOrEqual(t, kept, test.kept)
			for i := range 300 {
				a.tell(t, "c"+strconv.Itoa(i), group(i%3, random), "feature_as_of", date(3), "feature_version", 2000+i)
			}
			assert.Equal(t, 300, r.verify()["default"])
		})
	}
}

// A process that dies while the old engine is being deleted completes the change when it
// starts again.
func TestRedefineIsResumedAmidTheOldEngine(t *testing.T) {
	t.Parallel()
	const kept, changed = "key: this.customer\nwarmup: 20\nrefresh: { points: 10 }\nkmeans: { k: 3 }", "key: this.customer\nwarmup: 20\nrefresh: { points: 10 }\nonline_kmeans: { k: 3 }"
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	threeGroups(t, r.assign(kept), 300)
	before := r.records()
	r.close()
	r = openRig(t, path)
	r.assign(changed)
	after := r.records()

	// What was stored before the last commit: all customers are over, the definition and the
	// clock are the old ones, and of the old engine there is all but its header.
	m := &model{name: "default"}
	under := rebuild{Engine: true, Names: []string{"orders", "spend", "visits"}, Moved: true}
	require.NoError(t, json.Unmarshal([]byte(after[string(m.key(suffixDefinition))]), &under.Definition))
	for key := range after {
		if key[0] == byte(store.KindContribution) && key > string(under.Done) {
			under.Done = []byte(key)
		}
	}
	stored, err := json.Marshal(under)
	require.NoError(t, err)
	old := string(m.engineKey(0))
	r.change(func(tx *store.Tx) {
		tx.Set(m.key(suffixRebuild), stored)
		for _, suffix := range [][]byte{suffixDefinition, suffixClock} {
			tx.Set(m.key(suffix), []byte(before[string(m.key(suffix))]))
		}
		for key, value := range before {
			if strings.HasPrefix(key, old) && key[len(old)] != 'h' {
				tx.Set([]byte(key), []byte(value))
			}
		}
	})
	r.close()
	r = openRig(t, path)
	r.assign(changed)
	assert.Equal(t, 300, r.verify()["default"])
	for key := range r.records() {
		assert.False(t, strings.HasPrefix(key, old), "a record of the old engine is left")
	}
}

// What cannot be kept is refused, in words.
func TestDefinitionIsRefused(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	r.assign(keyed).tell(t, "c", near(0))
	_, err := r.build("kmeans: { k: 2 }\nwarmup: 20\nrefresh: { points: 10 }")
	require.ErrorContains(t, err, `model "default" is stored with another definition (keyed was true and is not set): change it back, or give the new model a name of its own in the field model`)
	points := "model: points\nonline_kmeans: { k: 2 }\n"
	r.assign(points).pass(t, pointOf("", near(0)))
	_, err = r.build(points + "transforms: { spend: log1p }")
	require.ErrorContains(t, err, `transforms was not set and is {"spend":"log1p"}`)
	_, err = r.build("model: points\nonline_kmeans: { k: 3 }\n")
	require.NoError(t, err, "points can have more segments")
}
