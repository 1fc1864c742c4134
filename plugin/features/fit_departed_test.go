package features

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/store"
)

// To forget idle customers changes next to nothing of what the models find: those who left are
// in the sample still, while those who are forgotten are nowhere else.
func TestForgottenCustomersStayInTheSample(t *testing.T) {
	t.Parallel()
	list := shopOf(rand.New(rand.NewPCG(25, 26)), shopModel, 1500, 400)
	const conf = `
key: this.customer
event: root = this
event_id_window: 0s
features: [ { name: alive, agg: p_alive, on: purchase } ]
predictions: { fit_every: 1000, sample: 5000, warmup: 20 }
`
	var histories []predict.History // of all who were ever there
	today := list[len(list)-1].second / (24 * 60 * 60)
	deeds := map[int][]deed{}
	for _, d := range list {
		if d.kind == "purchase" {
			deeds[d.customer] = append(deeds[d.customer], d)
		}
	}
	for c := range 1500 {
		var days []int64
		for _, d := range deeds[c] {
			days = append(days, d.second/(24*60*60))
		}
		if days = slices.Compact(days); len(days) > 0 {
			histories = append(histories, predict.History{Repeats: float64(len(days) - 1), Recency: float64(days[len(days)-1] - days[0]), Age: float64(today - days[0])})
		}
	}
	alive, orders := map[string]float64{}, map[string]float64{}
	for _, expiry := range []string{"0s", "60d"} {
		r := openRig(t, "")
		x := r.extract(conf + "idle_expiry: " + expiry + "\n")
		for batch := range slices.Chunk(list, 500) {
			x.pass(t, batchOf(batch))
		}
		require.Equal(t, expiry == "0s", len(r.fitting().sample.departed) == 0)
		model := r.models()[0]
		require.Positive(t, model.fits)
		for _, h := range histories {
			alive[expiry] += model.orders.Alive(h) / float64(len(histories))
			orders[expiry] += model.orders.Expected(h, 90) / float64(len(histories))
		}
		r.assertSample(x)
		r.check()
	}
	t.Logf("alive %v, orders in a quarter %v", alive, orders)
	assert.InDelta(t, alive["0s"], alive["60d"], 0.05)
	assert.InEpsilon(t, orders["0s"], orders["60d"], 0.05)
}

// What stays has nothing of whom it was: no key, and no hash of one.
func TestDepartedHaveNoName(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(predicted + "idle_expiry: 30d\n")
	const name = 987654321
	day := int64(24 * 60 * 60)
	x.pass(t, batchOf([]deed{
		{customer: name, id: 1, kind: "purchase", second: 852076800, amount: 5},
		{customer: name, id: 2, kind: "purchase", second: 852076800 + 3*day, amount: 7},
		{customer: 2, id: 3, kind: "view", second: 852076800},
		{customer: 1, id: 4, kind: "purchase", second: 852076800 + 50*day, amount: 7},
	}))
	require.False(t, r.knows(strconv.Itoa(name)))
	sample := r.fitting().sample
	require.Len(t, sample.departed, 1, "who has bought nothing tells nothing")
	assert.Equal(t, parting{predict.History{Repeats: 1, Recency: 3, Age: 50}, 7, true}, sample.departed[0].known[3])
	assert.Equal(t, zerosOf(sampleHash(strconv.Itoa(name))), sample.departed[0].zeros)
	found := 0
	for key, value := range r.all() {
		if strings.HasPrefix(key, string(departedPrefix("default"))) {
			found++
			assert.NotContains(t, key+value, strconv.Itoa(name))
			assert.LessOrEqual(t, len(value), 2+4*20)
		}
	}
	assert.Equal(t, 1, found)

	x.pass(t, batchOf([]deed{{customer: name, id: 5, kind: "purchase", second: 852076800 + 51*day, amount: 7}}))
	assert.Len(t, r.fitting().sample.departed, 1, "who comes back is a new customer")
	assert.Contains(t, r.fitting().sample.known, sampleHash(strconv.Itoa(name)))
	r.erase(strconv.Itoa(name))
	assert.Len(t, r.fitting().sample.departed, 1)
	r.assertSample(x)
	r.check()
}

// When the sample takes more of those who are there, it takes as many more of those who departed.
func TestDepartedWhenTheSampleGrowsAgain(t *testing.T) {
	t.Parallel()
	const day = 24 * 60 * 60
	var list []deed
	add := func(customer int, second int64) {
		list = append(list, deed{customer: customer, id: len(list), kind: "purchase", second: 852076800 + second, amount: 5})
	}
	for c := range 200 { // are forgotten
		add(c, int64(c))
	}
	for c := range 1400 {
		add(1000+c, 40*day+int64(c))
	}
	r := openRig(t, "")
	x := r.extract(predicted + "idle_expiry: 30d\n")
	for batch := range slices.Chunk(list, 130) {
		x.pass(t, batchOf(batch))
		r.assertSample(x)
	}
	before := r.fitting().sample
	require.Greater(t, before.level, uint8(3))
	require.NotEmpty(t, before.departed)
	departed := len(before.departed)
	for c := range 1400 {
		if c >= 20 && r.knows(strconv.Itoa(1000+c)) {
			r.erase(strconv.Itoa(1000 + c))
		}
	}
	from := len(list)
	for i := range 301 {
		add(1000+i%20, 41*day+int64(i))
	}
	x.pass(t, batchOf(list[from:]))
	after := r.fitting().sample
	require.Less(t, after.level, before.level)
	assert.Len(t, after.departed, departed<<(before.level-after.level))
	assert.LessOrEqual(t, after.size(), 100)
	r.assertSample(x)
	numbers := map[departure]bool{}
	for _, d := range after.departed {
		numbers[d.departure] = true
	}
	assert.Len(t, numbers, len(after.departed))

	for c := range 300 { // the level goes up again, and the copies leave
		add(5000+c, 42*day+int64(c))
	}
	from += 301
	x.pass(t, batchOf(list[from:]))
	require.Greater(t, r.fitting().sample.level, after.level)
	r.assertSample(x)
	r.check()
}

// What a process that died has left of a change of the level is deleted by the next.
func TestDepartedOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	list := shopOf(rand.New(rand.NewPCG(50, 51)), shopModel, 320, 300)
	r.extract(predicted+"idle_expiry: 60d\n").pass(t, batchOf(list[:900]))
	sample := r.fitting().sample
	require.Positive(t, sample.level)
	require.NotEmpty(t, sample.departed)
	records, plan := r.all(), r.extract(predicted).plan
	r.write(func(tx *store.Tx) error {
		for place := range uint32(3) {
			d := sample.departed[0]
			d.departure, d.zeros = departure{d.event, lookedAfter + place}, sample.level-1
			tx.Set(departedKey("default", d.departure), d.encode(plan))
		}
		return nil
	})
	r.close()
	r = openRig(t, path)
	x := r.extract(predicted + "idle_expiry: 60d\n")
	view := list[899]
	view.id, view.kind = len(list), "view"
	x.pass(t, batchOf([]deed{view}))
	r.assertSample(x)
	assert.Len(t, r.fitting().sample.departed, len(sample.departed))
	got := r.all()
	for key := range got {
		if strings.HasPrefix(key, string(departedPrefix("default"))) {
			assert.Contains(t, records, key)
		}
	}
	r.check()
}

// Features without models leave nothing of those who departed.
func TestDepartedOfNoModels(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(predicted + "idle_expiry: 30d\n")
	list := shopOf(rand.New(rand.NewPCG(48, 49)), shopModel, 200, 300)
	x.pass(t, batchOf(list))
	require.NotEmpty(t, r.fitting().sample.departed)
	without := r.extract("key: this.customer\nevent: root = this\nevent_id_window: 0s\nfeatures: [ { name: n, agg: count } ]")
	without.pass(t, batchOf([]deed{{customer: 1, id: len(list), kind: "view", second: list[len(list)-1].second}}))
	for key := range r.all() {
		require.NotContains(t, key, "fit-departed")
	}
	assert.Nil(t, r.fitting())
	r.check()
}

// Records, however damaged, are refused or make sense.
func FuzzDeparted(f *testing.F) {
	plan, err := aggregate.Compile([]aggregate.Spec{{Name: "alive", Agg: aggregate.PAlive}, {Name: "worth", Agg: aggregate.LifetimeValue, Of: "amount"}})
	require.NoError(f, err)
	places := map[uint64]int{}
	for i, m := range plan.Models() {
		places[modelHash(m)] = i
	}
	d := departed{departure{7, 3}, 5, []parting{{}, {predict.History{Repeats: 4, Recency: 40, Age: 300}, 2.5, true}, {}}}
	d.known = d.known[:len(places)]
	key := departedKey("s", d.departure)[len(departedPrefix("s")):]
	f.Add(key, d.encode(plan))
	f.Fuzz(func(t *testing.T, key, stored []byte) {
		d, something, err := decodeDeparted(key, stored, places)
		if err != nil || !something {
			return
		}
		again, _, err := decodeDeparted(departedKey("s", d.departure)[len(departedPrefix("s")):], d.encode(plan), places)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(d), fmt.Sprint(again)) // of numbers that are none, too
	})
}
