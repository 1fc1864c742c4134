package features

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const reviews = `
key: this.customer
event: root = this
validate: [ { check: 'this.review.type() != "number"', message: unexpected } ]
features:
  - { name: mood, agg: sentiment, of: review, half_life: 30d }
  - { name: ever, agg: sentiment, of: review }
  - { name: lately, agg: sentiment, on: review, of: review, window: 30d }
  - { name: written, agg: distinct, of: review }
  - { name: reviews, agg: count, of: review }
`

// Four reviews, 30 days apart, of which one is blank and one null; the newest is 60 days
// after the first.
func TestSentiment(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(reviews)
	const days = 24 * time.Hour
	out := x.run(t,
		`{"customer":"c","kind":"review","at":"`+at(0)+`","review":"Not bad at all"}`,           // 0.431
		`{"customer":"c","kind":"review","at":"`+at(30*days)+`","review":" \n"}`,                // skipped
		`{"customer":"c","kind":"review","at":"`+at(60*days)+`","review":"The book was good."}`, // 0.4404
		`{"customer":"c","kind":"chat","at":"`+at(60*days)+`","review":"Today SUX!"}`,           // -0.5461
		`{"customer":"c","kind":"review","at":"`+at(60*days)+`","review":null}`,                 // skipped
		`{"customer":"other","kind":"review","at":"`+at(60*days)+`"}`,                           // skipped
	)
	got := featuresOf(t, out[4])
	assert.InDelta(t, (0.431/4+0.4404-0.5461)/2.25, got["mood"], 1e-12)
	assert.InDelta(t, (0.431+0.4404-0.5461)/3, got["ever"], 1e-12)
	assert.InDelta(t, 0.4404, got["lately"], 1e-12)
	assert.InDelta(t, 4, got["written"], 0, "a blank text is one more for those to whom it is a value")
	assert.InDelta(t, 4, got["reviews"], 0)
	assert.Equal(t, map[string]any{"mood": nil, "ever": nil, "lately": nil, "written": nil, "reviews": 0.0}, featuresOf(t, out[5]))
	assert.Equal(t, int64(3), r.counters.get("feature_skipped default review"))
	r.check()
}

// What is no text flags the event, which changes nothing.
func TestSentimentOfWhatIsNoText(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(strings.Replace(reviews, "  - { name: written, agg: distinct, of: review }\n", "", 1))
	for value, what := range map[string]string{"4.5": "a number", "true": "a boolean", `{"s3cret":"good"}`: "an object", `["s3cret"]`: "an array"} {
		out := x.run(t, `{"customer":"c","review":`+value+`}`)
		require.EqualError(t, out[0].GetError(), "feature_extract: review: "+what+": use a string or null")
	}
	assert.Equal(t, int64(4), r.counters.get("feature_rejected default column"))
	assert.InDelta(t, 0, featuresOf(t, x.run(t, `{"customer":"c"}`)[0])["reviews"], 0)
}
