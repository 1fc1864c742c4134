package aggregate_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

var (
	mood      = aggregate.Spec{Name: "mood", Agg: aggregate.Sentiment, Of: "review"}
	recent    = aggregate.Spec{Name: "recent", Agg: aggregate.Sentiment, On: []string{"chat"}, Of: "review", HalfLife: day}
	reviewed  = aggregate.Spec{Name: "reviewed", Agg: aggregate.Mean, Of: "review"}
	different = aggregate.Spec{Name: "different", Agg: aggregate.Distinct, Of: "review"}
)

// However many features are of how a column sounds, it is scored once; what else the column
// is to others is apart.
func TestScoresAreAColumnOfTheirOwn(t *testing.T) {
	t.Parallel()
	plan := compile(t, mood, reviewed, recent, different)
	assert.Equal(t, []aggregate.Column{{Name: "review", As: aggregate.AsScore}, {Name: "review", As: aggregate.AsNumber}, {Name: "review", As: aggregate.AsText}}, plan.Columns())

	var c aggregate.Profile
	plan.Reset(&c)
	for i, columns := range [][]aggregate.Value{
		{aggregate.Score(0.5), {}, aggregate.Text("fine")},
		{aggregate.Score(-0.7), {}, aggregate.Text("bad")},
		{{}, {}, aggregate.Text(" ")},
		{aggregate.Score(math.NaN()), aggregate.Number(3), {}},
	} {
		plan.Apply(&c, &aggregate.Event{At: start.Add(time.Duration(i) * day).UnixNano(), Kind: "chat", Columns: columns})
	}
	features := plan.Features(nil, &c, c.Newest, nil)
	assert.InDeltaSlice(t, []float64{(0.5 - 0.7) / 2, 3, (0.5/2 - 0.7) / 1.5, 3}, features, 1e-12)
}

// A mean that becomes a sentiment is of other numbers, and begins anew.
func TestMeanBecomesSentiment(t *testing.T) {
	t.Parallel()
	before, after := compile(t, reviewed), compile(t, mood)
	old, layout := codecFor(t, before)
	layout, grew := layout.With(after)
	assert.True(t, grew)
	codec, err := layout.Codec(after)
	require.NoError(t, err)

	var c, got aggregate.Profile
	before.Reset(&c)
	before.Apply(&c, &aggregate.Event{At: 1, Columns: []aggregate.Value{aggregate.Number(3)}})
	require.NoError(t, codec.Decode(old.Append(nil, &c), &got))
	assert.True(t, math.IsNaN(after.Features(nil, &got, 1, nil)[0]))
}
