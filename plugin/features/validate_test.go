package features

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Checks see the numbers that features read, in strings, too.
func TestChecksOfNumbersInStrings(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop + "validate: [ { check: this.amount >= 0, message: negative amount } ]\n")
	out := x.run(t,
		`{"customer":"c","kind":"purchase","amount":" 12.50 "}`,
		`{"customer":"c","kind":"purchase","amount":"-12.5"}`)
	assert.InDelta(t, 12.5, featuresOf(t, out[0])["spend"], 0)
	content, err := out[0].AsStructured()
	require.NoError(t, err)
	assert.Equal(t, " 12.50 ", content.(map[string]any)["amount"], "the message stays as it is")
	require.EqualError(t, out[1].GetError(), "feature_extract: validate[0]: negative amount")
	assert.Zero(t, r.counters.get("feature_check_errors default"))
}

// A check that errs is told from one that is false.
func TestChecksThatErr(t *testing.T) {
	t.Parallel()
	for check, want := range map[string]string{
		"this.amount >= 0":       "the check does not apply to these columns: make it say what holds where a column is null or of another type",
		"this.note.number() > 0": "the check does not apply to these columns: make it say what holds where a column is null or of another type",
		"this.amount":            "the check gives null: use true or false",
		"this.note":              "the check gives a string: use true or false",
	} {
		r := openRig(t, "")
		x := r.extract(shop + "validate: [ { check: true }, { check: " + check + ", message: bad amount } ]\n")
		out := x.run(t, `{"customer":"c","kind":"view","note":"s3cret"}`)
		require.EqualError(t, out[0].GetError(), "feature_extract: validate[1]: bad amount: "+want, check)
		assert.Equal(t, int64(1), r.counters.get("feature_rejected default check"))
	}
}
