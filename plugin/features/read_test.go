package features

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

func TestMessagesThatAreNotApplied(t *testing.T) {
	t.Parallel()
	const (
		secret = "s3cret"
		// what all of some errors end with
		otherForm = "time is a string of another form: use RFC 3339, such as 2011-12-09T12:50:00Z, or an epoch number"
		future    = "at: time is more than max_future (5m0s) ahead of the clock: correct it at the source, or raise max_future"
		old       = "at: time is before earliest (1970-01-01T00:00:00Z): correct it at the source; map what stands for no time to null, which is now; or make earliest an earlier time"
		written   = "a string: use a number or null; a number in a string has a decimal point and no other separators"
	)
	for name, test := range map[string]struct{ message, want, cause string }{
		"not JSON":             {`s3cret`, "the message is not JSON: parse it before this processor", "json"},
		"an array":             {`["s3cret"]`, "the message is an array: make it an object before this processor", "json"},
		"no customer":          {`{"kind":"purchase"}`, "key is null: map it to the customer's id, or filter these messages out", "key"},
		"empty customer":       {`{"customer":"","kind":"purchase"}`, "key is the empty string: map it to the customer's id, or filter these messages out", "key"},
		"boolean customer":     {`{"customer":true,"kind":"purchase"}`, "key is a boolean: use a string or an integer", "key"},
		"fraction":             {`{"customer":1.5,"kind":"purchase"}`, "key is a number that is not an integer, or too large to be exact: use a string", "key"},
		"amount":               {`{"customer":"c","kind":"purchase","amount":"s3cret"}`, "amount: " + written, "column"},
		"amount of another":    {`{"customer":"c","kind":"view","amount":{"s3cret":1}}`, "amount: an object: use a number or null", "column"},
		"boolean amount":       {`{"customer":"c","kind":"purchase","amount":true}`, "amount: a boolean: use a number or null", "column"},
		"huge amount":          {`{"customer":"c","kind":"purchase","amount":1e999}`, "amount: a number out of range: use one that a 64-bit float holds", "column"},
		"huge written amount":  {`{"customer":"c","kind":"purchase","amount":"1e999"}`, "amount: a number out of range: use one that a 64-bit float holds", "column"},
		"thousands":            {`{"customer":"c","kind":"purchase","amount":"1,234.50"}`, "amount: " + written, "column"},
		"decimal comma":        {`{"customer":"c","kind":"purchase","amount":"12,50"}`, "amount: " + written, "column"},
		"empty amount":         {`{"customer":"c","kind":"purchase","amount":" "}`, "amount: " + written, "column"},
		"NaN in a string":      {`{"customer":"c","kind":"purchase","amount":"NaN"}`, "amount: " + written, "column"},
		"infinity in a string": {`{"customer":"c","kind":"purchase","amount":"-inf"}`, "amount: " + written, "column"},
		"hexadecimal":          {`{"customer":"c","kind":"purchase","amount":"0x10"}`, "amount: " + written, "column"},
		"category":             {`{"customer":"c","kind":"purchase","category":["s3cret"]}`, "category: an array: use a string, a number, a boolean or null", "column"},
		"kind":                 {`{"customer":"c","kind":{"s3cret":1}}`, "kind: an object: use a string, a number, a boolean or null", "column"},
		"time":                 {`{"customer":"c","at":"s3cret"}`, "at: " + otherForm, "time"},
		"day first":            {`{"customer":"c","at":"09/12/2011"}`, "at: " + otherForm, "time"},
		"no such day":          {`{"customer":"c","at":"2011-02-30"}`, "at: " + otherForm, "time"},
		"empty time":           {`{"customer":"c","at":""}`, "at: " + otherForm, "time"},
		"time type":            {`{"customer":"c","at":true}`, "at: time is a boolean: use RFC 3339 or an epoch number", "time"},
		"huge time":            {`{"customer":"c","at":1e300}`, "at: time is a number out of range: use the epoch in s, ms, us or ns", "time"},
		"future":               {`{"customer":"c","at":"2200-01-01T00:00:00Z"}`, future, "future"},
		"far future":           {`{"customer":"c","at":"9999-12-31T23:59:59Z"}`, future, "future"},
		"date and time":        {`{"customer":"c","at":20111209125000}`, future, "future"},
		"year 1":               {`{"customer":"c","at":"0001-01-01T00:00:00Z"}`, old, "old"},
		"before epoch 0":       {`{"customer":"c","at":-1}`, old, "old"},
		"text before epoch 0":  {`{"customer":"c","at":"1969-12-31T23:59:59.999999999Z"}`, old, "old"},
		"id":                   {`{"customer":"c","id":["s3cret"]}`, "id is an array: use a string or an integer", "id"},
		"empty id":             {`{"customer":"c","id":""}`, "id is the empty string: map it to null where there is none", "id"},
		"check":                {`{"customer":"c","amount":-1}`, "validate[0]: negative amount", "check"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := openRig(t, "")
			x := r.extract(shop + "validate: [ { check: this.amount.or(0).number() >= 0, message: negative amount } ]\n")
			good := `{"customer":"good","kind":"purchase","at":"` + at(0) + `","amount":5}`
			batch := service.MessageBatch{
				service.NewMessage([]byte(good)), service.NewMessage([]byte(test.message)), service.NewMessage([]byte(good)),
			}
			out := x.pass(t, batch)
			require.Len(t, out, 3)
			assert.Same(t, batch[1], out[1], "the flag must be on the message that came")
			require.EqualError(t, out[1].GetError(), "feature_extract: "+test.want)
			assert.NotContains(t, out[1].GetError().Error(), secret)
			content, err := out[1].AsBytes()
			require.NoError(t, err)
			assert.Equal(t, test.message, string(content))
			assert.InDelta(t, 2, featuresOf(t, out[2])["orders"], 0, "the others are applied")

			assert.Equal(t, int64(1), r.counters.get("feature_events default rejected"))
			assert.Equal(t, int64(1), r.counters.get("feature_rejected default "+test.cause))
			assert.Equal(t, int64(2), r.counters.get("feature_events default applied"))
			again := x.run(t, `{"customer":"c","kind":"view"}`)
			assert.Equal(t, "1", meta(again[0], "feature_version"), "nothing of it was applied")
		})
	}
}

func TestMappingsThatFail(t *testing.T) {
	t.Parallel()
	const columns = "assign columns, such as root.kind = this.type"
	for event, want := range map[string]string{
		`root.amount = this.amount.number()`:     "event: line 1 of the mapping does not apply to this message: check that what it reads is there and of the right type",
		`root = this.amount`:                     "event: the mapping gives a string: " + columns,
		`root = if this.amount == 1 { {"x":1} }`: "event: the mapping gives null: " + columns,
	} {
		r := openRig(t, "")
		x := r.extract("key: this.customer\nevent: '" + event + "'\nfeatures: [ { name: events, agg: count } ]\n")
		out := x.run(t, `{"customer":"c","amount":"s3cret"}`)
		require.EqualError(t, out[0].GetError(), "feature_extract: "+want)
		assert.Equal(t, int64(1), r.counters.get("feature_rejected default mapping"), event)
	}
}

// What the store does not take has a cause of its own: it is nothing of the message.
func TestATopicThatBeganAgain(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(twoFeatures)
	for i, timestamp := range []int64{1306922400000, 1706922400000} {
		m := placed(`{"customer":"c"}`, 0, 0, false)
		m.MetaSetMut("kafka_timestamp_ms", timestamp)
		out := x.pass(t, service.MessageBatch{m})
		if i == 1 {
			require.ErrorContains(t, out[0].GetError(), "the topic was recreated")
		}
	}
	assert.Equal(t, int64(1), r.counters.get("feature_rejected default state"))
	assert.Equal(t, int64(1), r.counters.get("feature_events default applied"))
}

func TestNumbersThatAreNotFinite(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(shop)
	for i, amount := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		m := service.NewMessage(nil)
		m.SetStructured(map[string]any{"customer": "c", "kind": "purchase", "amount": amount})
		out := x.pass(t, service.MessageBatch{m})
		require.EqualError(t, out[0].GetError(), "feature_extract: amount: not a finite number: use null where there is no value")
		assert.Equal(t, int64(i+1), r.counters.get("feature_rejected default column"))
	}
}

func TestNumbersInStrings(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(shop)
	for i, written := range []string{`" 12.50 "`, `"12.5"`, `"1.25e1"`, `"+12.5"`, `12.5`, `"\t12.50\r\n"`} {
		out := x.run(t, `{"customer":"`+strconv.Itoa(i)+`","kind":"purchase","amount":`+written+`}`)
		assert.InDelta(t, 12.5, featuresOf(t, out[0])["spend"], 0, written)
	}
}

func TestEventTimes(t *testing.T) {
	t.Parallel()
	x := openRig(t, "").extract(`
key: this.customer
event: 'root.at = if this.parse { this.at.ts_parse("02.01.2006") } else { this.at }'
features: [ { name: events, agg: count } ]
`)
	for i, test := range []struct{ written, want string }{
		{`"2011-06-01T12:00:00+02:00"`, "2011-06-01T10:00:00Z"},
		{`"2011-06-01T10:00:00"`, "2011-06-01T10:00:00Z"},
		{`"2011-06-01 10:00:00"`, "2011-06-01T10:00:00Z"},
		{`" 2011-06-01 10:00:00.5 UTC"`, "2011-06-01T10:00:00.5Z"},
		{`"2011-06-01"`, "2011-06-01T00:00:00Z"},
		{`1306922400`, "2011-06-01T10:00:00Z"},
		{`1306922400.25`, "2011-06-01T10:00:00.25Z"},
		{`1306922400250`, "2011-06-01T10:00:00.25Z"},
		{`1306922400250000`, "2011-06-01T10:00:00.25Z"},
		{`1306922400250000001`, "2011-06-01T10:00:00.250000001Z"},
		{`"1306922400"`, "2011-06-01T10:00:00Z"},
		{`"1306922400250.5"`, "2011-06-01T10:00:00.2505Z"},
		{`"01.06.2011","parse":true`, "2011-06-01T00:00:00Z"},
		{`"1970-01-01"`, "1970-01-01T00:00:00Z"},
		{`0`, "1970-01-01T00:00:00Z"},
		{`"0"`, "1970-01-01T00:00:00Z"},
		{`60`, "1970-01-01T00:01:00Z"},
		{`3600`, "1970-01-01T01:00:00Z"},
	} {
		out := x.run(t, `{"customer":`+strconv.Itoa(i)+`,"parse":false,"at":`+test.written+`}`)
		require.NoError(t, out[0].GetError(), test.written)
		assert.Equal(t, test.want, meta(out[0], "feature_as_of"), test.written)
	}
	before := time.Now()
	asOf, err := time.Parse(time.RFC3339Nano, meta(x.run(t, `{"customer":"now","parse":false}`)[0], "feature_as_of"))
	require.NoError(t, err)
	assert.WithinDuration(t, before, asOf, 10*time.Second)
}

func TestEarliest(t *testing.T) {
	t.Parallel()
	const refused = "feature_extract: at: time is before earliest "
	for _, test := range []struct{ earliest, at, want string }{
		{`""`, `-1`, ""},
		{`"" # as before 1678`, `"0001-01-01"`, "feature_extract: at: time is before 1678 or after 2262: use the time of the event"},
		{`"1900-01-02"`, `"1965-03-01"`, ""},
		{`1970-01-02`, `"1971-01-01"`, ""},
		{`1970-01-02`, `0`, refused + "(1970-01-02T00:00:00Z): correct it"},
		{`"1980-01-01"`, `315532800`, ""},
		{`"1980-01-01"`, `315532799.999`, refused + "(1980-01-01T00:00:00Z)"},
		{`"1980-01-01"`, `20111209`, refused},     // a date
		{`"1980-01-01"`, `"20111209"`, refused},   // a date
		{`"1980-01-01"`, `201112091250`, refused}, // a date and time
		{`"1980-01-01"`, `40886.5`, refused},      // the day of a spreadsheet
		{`"2011-01-01T00:00:00Z"`, `"2010-12-31T23:59:59Z"`, refused + "(2011-01-01T00:00:00Z)"},
	} {
		out := openRig(t, "").extract(shop+"earliest: "+test.earliest+"\n").run(t, `{"customer":"c","at":`+test.at+`}`)
		if test.want == "" {
			require.NoError(t, out[0].GetError(), test.at)
		} else {
			require.ErrorContains(t, out[0].GetError(), test.want, test.at)
		}
	}
}

func TestSkippedColumns(t *testing.T) {
	t.Parallel()
	r := openRig(t, "")
	x := r.extract(`
key: this.customer
event: root = this
features:
  - { name: spend, agg: sum, on: purchase, of: amount }
  - { name: basket, agg: mean, on: purchase, of: amount }
  - { name: priced, agg: count, on: [ refund ], of: amount }
  - { name: reasons, agg: mix, on: return, of: reason, values: [ size ] }
  - { name: taste, agg: mix, of: category, values: [ shoes ] }
  - { name: named, agg: count, on: view, of: category }
  - { name: deals, agg: share, on: sale, when: deal }
  - { name: returns, agg: ratio, on: return, to: offer, when: deal }
  - { name: dealt, agg: mix, on: bid, of: deal, values: [ auction ] }
`)
	x.run(t,
		`{"customer":"c","kind":"purchase","id":1,"category":"shoes"}`, // amount
		`{"customer":"c","kind":"purchase","id":1,"category":"shoes"}`, // the same again
		`{"customer":"c","kind":"refund","amount":null}`,               // amount, category
		`{"customer":"c","kind":"view"}`,                               // category
		`{"customer":"c","kind":"sale","category":"bags"}`,             // deal
		`{"customer":"c","kind":"sale","category":"bags","deal":true}`, // none
		`{"customer":"c","kind":"sale","category":"bags","deal":"no"}`, // deal
		`{"customer":"c","kind":"offer","category":"bags","deal":0}`,   // deal
		`{"customer":"c","kind":"bid","category":"bags"}`,              // deal
		`{"customer":"c","kind":"bid","category":"bags","deal":"x"}`,   // none
		`{"customer":"c","kind":"return","category":"bags"}`,           // reason, deal
		`{"customer":"c","kind":"purchase","amount":true}`,             // rejected
		`{"customer":"c","kind":"purchase","amount":0,"category":""}`,  // the empty string is a value
		`{"customer":"c","kind":"refund","amount":"3","category":"x","reason":"y"}`,
	)
	for column, want := range map[string]int64{"amount": 2, "category": 2, "reason": 1, "deal": 5} {
		assert.Equal(t, want, r.counters.get("feature_skipped default "+column), column)
	}
}
