package message

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
)

func TestKey(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"17850", []byte("17850"), 17850, int64(17850), uint64(17850), 17850.0, json.Number("17850"), json.Number("17850.0"), json.Number("1.785e4")} {
		key, err := Key(v)
		require.NoError(t, err)
		assert.Equal(t, "17850", key, "%T", v)
	}
	key, err := Key(json.Number("12345678901234567890123"))
	require.NoError(t, err)
	assert.Equal(t, "12345678901234567890123", key, "integers of any size are exact")
	for _, v := range []any{nil, "", true, 1.5, math.NaN(), 1e300, json.Number("1.5"), json.Number("1e400"), []any{"canary"}, map[string]any{"canary": 1}} {
		key, err := Key(v)
		require.ErrorContains(t, err, "key is ", "%v", v)
		assert.Empty(t, key)
		assert.NotContains(t, err.Error(), "canary")
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, v := range []any{2.5, json.Number("2.5")} {
		n, err := Number(v)
		require.NoError(t, err)
		assert.InDelta(t, 2.5, n, 0)
	}
	n, err := Number(nil)
	require.NoError(t, err)
	assert.True(t, math.IsNaN(n))
	for _, v := range []any{"2.5", true, math.Inf(1), json.Number("1e999"), []any{}} {
		_, err := Number(v)
		require.Error(t, err, "%v", v)
	}
}

func TestNumberOrText(t *testing.T) {
	t.Parallel()
	for _, v := range []any{-2.5, json.Number("-2.5"), "-2.5", " -2.50\n", "-25e-1", []byte("-2.5")} {
		n, err := NumberOrText(v)
		require.NoError(t, err)
		assert.InDelta(t, -2.5, n, 0, "%v", v)
	}
	n, err := NumberOrText(nil)
	require.NoError(t, err)
	assert.True(t, math.IsNaN(n))
	for _, v := range []any{"canary", "", " ", "1,5", "1 000", "1_000", "0x1p3", "NaN", "inf", "1e999", "-", "e", "1.2.3", "1%", true, []any{}} {
		_, err := NumberOrText(v)
		require.ErrorContains(t, err, ": use ", "%v", v)
		assert.NotContains(t, err.Error(), "canary")
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s := want.Unix()
	for _, v := range []any{
		"2026-11-02T10:00:00Z", "2026-11-02T11:00:00+01:00", "2026-11-02T10:00:00", "2026-11-02 10:00:00", "2026-11-02 10:00",
		"2026-11-02T10:00", "2026-11-02T10:00Z", "2026-11-02t10:00:00z", "2026-11-02 10:00:00.000", "2026-11-02 10:00:00,000Z",
		"2026-11-02T09:00:00-0100", "2026-11-02 11:00:00+01", "2026-11-02 11:00+01:00", "2026-11-02 10:00:00 UTC", "2026-11-02 10:00 GMT",
		"2026-11-02 11:00:00 +0100", "2026-11-02 10:00:00 +0000 UTC", "20261102T100000Z", "20261102T110000+0100", " 2026-11-02T10:00:00Z\n",
		[]byte("2026-11-02T10:00:00Z"), want, want.In(time.FixedZone("x", 3600)), s, s * 1000, s * 1e6, s * 1e9, float64(s), uint64(s),
		json.Number("1793613600"), json.Number("1.7936136e9"), "1793613600000", " 1793613600 ", "1793613600.0", "1793613600.", int(s),
	} {
		got, err := Time(v)
		require.NoError(t, err, "%v", v)
		assert.Equal(t, want, got, "%v", v)
	}
	day, err := Time("2026-11-02")
	require.NoError(t, err)
	assert.Equal(t, want.Truncate(24*time.Hour), day)
	for _, v := range []any{
		"canary", "", true, nil, math.NaN(), 1e300, "1e300", "1e999", "99999999999999999999",
		[]any{},
		"2026-02-30", "2026-11-02T", "2026-11-02T25:00:00",
		"02.11.2026", "11/02/2026", "2026-11-02 10:00 CET", "2026-11-02 10:00 PM", "26-11-02", "20261102 10", "0x1p3", "NaN", "now", "1_793_613_600", "1,793", "-",
	} {
		_, err := Time(v)
		require.ErrorContains(t, err, "time is ", "%v", v)
		assert.NotContains(t, err.Error(), "canary")
	}
}

// Fractions of an epoch are exact where they are written, and to what a float64 holds where
// they are not.
func TestFractionsOfAnEpoch(t *testing.T) {
	t.Parallel()
	whole := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s := whole.Unix()
	for _, test := range []struct {
		value any
		after time.Duration
	}{
		{json.Number("1793613600.123456789"), 123456789},
		{"1793613600.1234567891", 123456789},
		{"1793613600000.123456", 123456},
		{"1793613600000000.5", 500},
		{"1793613600000000000.9", 0},
		{float64(s) + 0.5, 500 * time.Millisecond},
		{float64(s) + 0.1, 100 * time.Millisecond},
		{float64(s)*1e3 + 0.25, 250 * time.Microsecond},
		{float64(s)*1e6 + 0.5, 500 * time.Nanosecond},
	} {
		got, err := Time(test.value)
		require.NoError(t, err)
		assert.Equal(t, test.after, got.Sub(whole), "%v", test.value)
	}
	for _, v := range []any{-0.5, "-0.5", json.Number("-0.5")} {
		got, err := Time(v)
		require.NoError(t, err)
		assert.Equal(t, int64(-5e8), got.UnixNano(), "%v", v)
	}
}

func FuzzTime(f *testing.F) {
	for _, text := range []string{"2026-11-02T10:00:00Z", "2026-11-02 11:00:00.5 +0100 UTC", "20261102T100000", "1793613600.25", "-1e9", "2026-11-02"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Time(text)
		if err != nil {
			require.ErrorContains(t, err, "time is ")
			return
		}
		if at.Year() < 0 || at.Year() > 9999 {
			return
		}
		again, err := Time(at.Format(time.RFC3339Nano))
		require.NoError(t, err)
		require.True(t, at.Equal(again))
	})
}

func FuzzNumberOrText(f *testing.F) {
	for _, text := range []string{"12.50", " -1e9 ", "1,000", "0x10", "inf"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, err := NumberOrText(text)
		if err == nil {
			require.False(t, math.IsNaN(number) || math.IsInf(number, 0))
		}
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ".", "a.", "a..b"} {
		_, err := ParsePath(text)
		require.ErrorContains(t, err, "use names with single dots between")
	}
	p, err := ParsePath("a.b.c")
	require.NoError(t, err)
	m := service.NewMessage([]byte(`{"a":{"x":1,"b":{"d":5}}}`))
	require.NoError(t, p.Set(m, 7))
	text, err := m.AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":{"x":1,"b":{"c":7,"d":5}}}`, string(text))
	m = service.NewMessage([]byte(`{"a":{"b":null}}`))
	require.NoError(t, p.Set(m, 7), "null is nothing to lose")
	text, err = m.AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":{"b":{"c":7}}}`, string(text))
	for content, want := range map[string]string{
		`{"a":"canary"}`:       "path a.b.c: a is a string in the message",
		`{"a":{"b":[1]}}`:      "path a.b.c: a.b is an array in the message",
		`{"a":{"b":0,"x":{}}}`: "path a.b.c: a.b is a number in the message",
	} {
		m = service.NewMessage([]byte(content))
		err = p.Set(m, 7)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "canary")
		text, err = m.AsBytes()
		require.NoError(t, err)
		assert.JSONEq(t, content, string(text), "the message is as it was")
	}
	require.ErrorContains(t, p.Set(service.NewMessage([]byte(`canary`)), 7), "the message is not JSON")
	require.ErrorContains(t, p.Set(service.NewMessage([]byte(`[1]`)), 7), "the message is an array")
}

func TestPosition(t *testing.T) {
	t.Parallel()
	m := service.NewMessage(nil)
	assert.Nil(t, Position(m))
	m.MetaSetMut("kafka_topic", "orders")
	m.MetaSetMut("kafka_partition", "3")
	assert.Nil(t, Position(m), "an offset is missing")
	m.MetaSetMut("kafka_offset", 17)
	m.MetaSetMut("kafka_timestamp_ms", []byte("1000"))
	p := Position(m)
	require.NotNil(t, p)
	assert.Equal(t, "orders", p.Topic)
	assert.Equal(t, int32(3), p.Partition)
	assert.Equal(t, int64(17), p.Offset)
	assert.Equal(t, int64(1000), p.Timestamp)
	m.MetaSetMut("kafka_offset", "seventeen")
	assert.Nil(t, Position(m))
}

func TestRuns(t *testing.T) {
	t.Parallel()
	batch := func(pattern string) (b service.MessageBatch) {
		for _, c := range pattern {
			m := service.NewMessage([]byte(string(c)))
			if c == 'x' {
				m.SetError(errors.New("failed"))
			}
			b = append(b, m)
		}
		return b
	}
	for pattern, want := range map[string][]string{
		"": nil, ".": {"."}, "x": {"x"}, "...": {"..."}, ".x..xx.": {".", "x", "..", "xx", "."},
	} {
		var got []string
		for _, run := range Runs(batch(pattern)) {
			var text []byte
			for _, m := range run {
				b, err := m.AsBytes()
				require.NoError(t, err)
				text = append(text, b...)
			}
			got = append(got, string(text))
		}
		assert.Equal(t, want, got, pattern)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	m := service.NewMessage([]byte(`{"a":"canary","n":5}`))
	m.MetaSetMut("who", "meta")
	query := func(text string) (any, bool, error) {
		mapping, err := bloblang.Parse(text)
		require.NoError(t, err)
		return Query("field", mapping, m)
	}
	for text, want := range map[string]any{
		`this.a`: "canary", `root = this.a`: "canary", `@who`: "meta", `root = {"x": this.n}`: map[string]any{"x": json.Number("5")},
		`null`: nil, `"null"`: "null", `this.missing`: nil, `let x = 1`: nil, `[ this.n ]`: []any{json.Number("5")}, `true`: true,
	} {
		got, deleted, err := query(text)
		require.NoError(t, err, text)
		assert.False(t, deleted)
		assert.Equal(t, want, got, text)
	}
	_, deleted, err := query(`deleted()`)
	require.NoError(t, err)
	assert.True(t, deleted)
	_, _, err = query(`root = this.a.number()`)
	require.ErrorContains(t, err, "field: line 1 of the mapping does not apply to this message")
	assert.NotContains(t, err.Error(), "canary")
}

// The mark stays with the message and its copies, and knows when they say something else.
func TestRefreshMark(t *testing.T) {
	t.Parallel()
	plain := service.NewMessage([]byte(`{"features":{"orders":3}}`))
	assert.Nil(t, RefreshOf(plain))
	marked := WithRefresh(plain, Refresh{Customer: "c", At: 5})
	assert.Nil(t, RefreshOf(plain), "the other is a message of its own")
	mark := RefreshOf(marked.Copy())
	require.NotNil(t, mark)
	assert.Equal(t, "c", mark.Customer)
	assert.Equal(t, int64(5), mark.At)
	assert.True(t, mark.IsContentOf(marked.Copy()))
	changed := marked.Copy()
	content, err := changed.AsStructuredMut()
	require.NoError(t, err)
	content.(map[string]any)["features"].(map[string]any)["orders"] = 4
	changed.SetStructuredMut(content)
	assert.False(t, mark.IsContentOf(changed))
	assert.True(t, mark.IsContentOf(marked), "what was marked is as it was")
	broken := WithRefresh(service.NewMessage([]byte("{")), Refresh{})
	assert.False(t, RefreshOf(broken).IsContentOf(broken))
}
