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

func TestTime(t *testing.T) {
	t.Parallel()
	want := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s := want.Unix()
	for _, v := range []any{
		"2026-11-02T10:00:00Z", "2026-11-02T11:00:00+01:00", "2026-11-02T10:00:00", "2026-11-02 10:00:00", "2026-11-02 10:00",
		"2026-11-02T10:00", want, want.In(time.FixedZone("x", 3600)), s, s * 1000, s * 1e6, s * 1e9, float64(s), json.Number("1793613600"), "1793613600000", int(s),
	} {
		got, err := Time(v)
		require.NoError(t, err, "%v", v)
		assert.Equal(t, want, got, "%v", v)
	}
	half, err := Time(float64(s) + 0.5)
	require.NoError(t, err)
	assert.Equal(t, want.Add(500*time.Millisecond), half)
	for _, v := range []any{"canary", "", true, nil, math.NaN(), 1e300, []any{}} {
		_, err := Time(v)
		require.ErrorContains(t, err, "time is ", "%v", v)
		assert.NotContains(t, err.Error(), "canary")
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", ".", "a.", "a..b"} {
		_, err := ParsePath(text)
		require.ErrorContains(t, err, "use names with single dots between")
	}
	p, err := ParsePath("a.b.c")
	require.NoError(t, err)
	m := service.NewMessage([]byte(`{"a":{"x":1,"b":5}}`))
	require.NoError(t, p.Set(m, 7))
	text, err := m.AsBytes()
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":{"x":1,"b":{"c":7}}}`, string(text))
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
