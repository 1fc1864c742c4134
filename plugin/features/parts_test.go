package features

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// split are the parts of the message at an offset, as unarchive leaves them.
func split(offset int, texts ...string) (batch service.MessageBatch) {
	for _, text := range texts {
		batch = append(batch, placed(text, 0, offset, false))
	}
	return batch
}

func line(customer string, amount int) string {
	return fmt.Sprintf(`{"customer":%q,"at":%q,"amount":%d}`, customer, at(0), amount)
}

// Each part of a message counts, and when the message is delivered again none of them does: also
// twice in one batch, beside others, and where one of the parts cannot be read.
func TestPartsOfAMessageCountOnce(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	order := func() service.MessageBatch {
		return split(7, line("a", 1), line("a", 2), `{"customer":null}`, line("b", 3))
	}
	first := x.pass(t, append(order(), split(8, line("b", 4))...))
	require.Error(t, first[2].GetError())
	for _, again := range []service.MessageBatch{order(), append(order(), order()...), append(split(9, line("c", 1)), order()...)} {
		x.pass(t, again)
	}
	for customer, want := range map[string]map[string]any{
		"a": {"events": 3.0, "spend": 3.0}, "b": {"events": 3.0, "spend": 7.0}, "c": {"events": 2.0, "spend": 1.0},
	} {
		got := featuresOf(t, x.run(t, fmt.Sprintf(`{"customer":%q,"at":%q}`, customer, at(0)))[0])
		assert.Equal(t, want, got, customer)
	}
	assert.Equal(t, int64(3+6+3), r.counters.get("feature_events default duplicate"))
	r.check()
}

// What comes before a part and is left out does not change its number.
func TestPartsThatAreIgnoredAreNumbered(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract("key: this.customer\nevent: 'root = if this.amount == 1 { deleted() } else { this }'\nfeatures: [ { name: events, agg: count } ]")
	failed := split(7, line("b", 5))[0]
	failed.SetError(assert.AnError)
	for _, duplicate := range []string{"", "true"} {
		out := x.pass(t, append(service.MessageBatch{failed.Copy()}, split(7, line("a", 1), line("a", 2), line("a", 3))...))
		assert.Equal(t, duplicate, meta(out[2], "feature_duplicate"))
		assert.Equal(t, duplicate, meta(out[3], "feature_duplicate"))
		assert.Equal(t, "2", meta(out[3], "feature_version"))
	}
}

// Parts that come in batches of their own look alike, unless they have ids.
func TestPartsInBatchesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		x := openRig(t, "").extract(twoFeatures)
		tell := func(id int) string {
			text := fmt.Sprintf(`{"customer":"a","at":%q,"amount":%d}`, at(0), id)
			if named {
				text = fmt.Sprintf(`{"customer":"a","at":%q,"amount":%d,"id":%d}`, at(0), id, id)
			}
			return meta(x.pass(t, split(7, text))[0], "feature_duplicate")
		}
		assert.Empty(t, tell(1))
		if named {
			assert.Empty(t, tell(2))
			assert.Equal(t, "true", tell(1))
		}
		assert.Equal(t, "true", tell(2))
	}
}
