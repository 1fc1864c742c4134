package features

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// shown is what a message tells the processors after this one.
func shown(t *testing.T, m *service.Message) string {
	t.Helper()
	return fmt.Sprint(featuresOf(t, m), meta(m, "feature_as_of"), meta(m, "feature_version"))
}

// When the process dies over a batch, its events are told again as they were, and none of
// its customers is told of ahead of them.
func TestToldAgainAfterADeath(t *testing.T) {
	t.Parallel()
	event := func(customer string, id, amount int) string {
		return fmt.Sprintf(`{"customer":%q,"id":%d,"amount":%d,"at":%q}`, customer, id, amount, at(time.Duration(id)*time.Hour))
	}
	first := []string{event("a", 1, 10), event("b", 2, 20), event("c", 3, 5)}
	last := []string{event("a", 4, 1), event("a", 5, 2), event("b", 6, 3), event("a", 7, 4)}

	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	x := r.extract(twoFeatures)
	x.run(t, first...)
	want := x.run(t, last...)
	r.close() // and nobody after this processor has seen the last batch

	r = openRig(t, path)
	x = r.extract(twoFeatures)
	early := x.run(t, first...)
	for i, waits := range []bool{true, true, false} {
		assert.Equal(t, "true", meta(early[i], "feature_duplicate"))
		assert.Equal(t, waits, meta(early[i], "feature_version") == "", "message %d", i)
		assert.Equal(t, "1", meta(early[i], "feature_first_version"))
	}
	for half := range 2 { // the batches may be cut elsewhere this time
		for i, m := range x.run(t, last[2*half:2*half+2]...) {
			assert.Equal(t, shown(t, want[2*half+i]), shown(t, m))
			assert.Equal(t, "true", meta(m, "feature_duplicate"))
		}
	}
	// From here on, all is told as it is now.
	again := x.run(t, last[0])[0]
	assert.Equal(t, shown(t, want[3]), shown(t, again))
	assert.Equal(t, "4", meta(again, "feature_version"))
	assert.Equal(t, "2", meta(again, "feature_first_version"))
	r.check()
}

// A customer who goes on has left behind what was pending.
func TestACustomerWhoGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	r := openRig(t, path)
	r.extract(twoFeatures).run(t, `{"customer":"a","id":1}`, `{"customer":"a","id":2}`, `{"customer":"b","id":3}`)
	r.close()
	r = openRig(t, path)
	x := r.extract(twoFeatures)
	x.run(t, `{"customer":"a","id":4}`)
	out := x.run(t, `{"customer":"a","id":1}`, `{"customer":"b","id":3}`)
	assert.Equal(t, "3", meta(out[0], "feature_version"))
	assert.Equal(t, "1", meta(out[1], "feature_version"))
}

// What is pending outlives a second death before it was told again.
func TestTwoDeaths(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state")
	batch := []string{`{"customer":"a","id":1,"at":1700000000}`, `{"customer":"a","id":2,"at":1700000060}`}
	r := openRig(t, path)
	want := r.extract(twoFeatures).run(t, batch...)
	r.close()
	r = openRig(t, path)
	r.extract(twoFeatures).run(t, `{"customer":"b","id":3,"at":1700000120}`)
	r.close()
	r = openRig(t, path)
	for i, m := range r.extract(twoFeatures).run(t, batch...) {
		assert.Equal(t, shown(t, want[i]), shown(t, m))
	}
	r.check()
}

func FuzzDecodeTold(f *testing.F) {
	l := telling{customer: 1, features: []float64{1, 2}, asOf: -3, version: 4}
	f.Add(l.append([]byte{toldVersion, 2, 9}, ledger.Fingerprint{5}))
	f.Add([]byte{toldVersion, 255, 255, 255, 255, 15, 0})
	f.Fuzz(func(t *testing.T, record []byte) {
		var again []byte
		width, err := decodeTold(record, func(print ledger.Fingerprint, l telling) {
			again = l.append(again, print)
		})
		if err != nil {
			require.ErrorIs(t, err, errTold)
			return
		}
		assert.LessOrEqual(t, width, maxTold)
	})
}
