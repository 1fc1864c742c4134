package privacy

import (
	"encoding/json"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// structure is a value of a type of Go.
type structure struct {
	Email string `json:"email"`
}

type (
	named     string
	namedSet  map[named]named
	namedList []named
)

// Values of all kinds of Go that JSON has a form for are treated like those that come out
// of a parser.
func TestTypesOfOtherProcessors(t *testing.T) {
	t.Parallel()
	m := newMask(t, `
rules:
  - { path: age.*, bucket: { size: 10 } }
  - { path: card.*, mask: { keep_last: 1 } }
  - { path: text, scan: { numbers: true } }
  - { path: at, shift_date: { max_days: 1, by: this.who } }
`+keys)
	in := service.NewMessage(nil)
	in.SetStructured(map[string]any{
		"age": []any{
			int(37), int8(37), int16(37), int32(37), int64(37), uint(37), uint8(37), uint16(37), uint32(37), uint64(37),
			float32(37.5), float64(37.5), json.Number("37"), time.Duration(37),
		},
		"card": map[string]string{"a": "123"},
		"text": map[string]any{
			"a": []string{"jane@example.org", "x"}, "b": namedSet{"n": "jane@example.org"}, "c": namedList{"jane@example.org"}, "d": []uint64{4111111111111111}, "e": [1]float32{0.1},
			"f": structure{"jane@example.org"}, "g": &structure{"jane@example.org"}, "h": netip.MustParseAddr("192.0.2.77"), "i": json.RawMessage(`["jane@example.org"]`),
		},
		"at":    "2026-11-01",
		"who":   int32(17850),
		"other": []int32{1, 2},
	})
	in.MetaSetMut("kafka_partition", int32(3))
	out := m.pass(t, in)[0]
	require.NoError(t, out.GetError())
	assert.JSONEq(t, `{
		"age": [30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
		"card": {"a": "**3"},
		"text": {"a": ["<EMAIL>", "x"], "b": {"n": "<EMAIL>"}, "c": ["<EMAIL>"], "d": ["<CREDIT_CARD>"], "e": [0.1], "f": {"email": "<EMAIL>"}, "g": {"email": "<EMAIL>"}, "h": "<IP_ADDRESS>", "i": ["<EMAIL>"]},
		"at": "2026-11-02",
		"who": 17850,
		"other": [1, 2]
	}`, textOf(t, out))

	byKind := newMask(t, `rules: [ { path: "@n", bucket: { size: 10 } }, { path: "@list", mask: {} } ]`)
	in = service.NewMessage([]byte(`{}`))
	in.MetaSetMut("n", int32(37))
	in.MetaSetMut("list", []string{"ab"})
	out = byKind.pass(t, in)[0]
	n, _ := out.MetaGet("n")
	assert.Equal(t, "30", n)
	list, _ := out.MetaGetMut("list")
	assert.Equal(t, []any{"**"}, list)
}

// What JSON has no form for would be encoded as nothing, without an error.
func TestWhatJSONDoesNotHave(t *testing.T) {
	t.Parallel()
	m := newMask(t, `rules: [ { path: a, keep: {} } ]`)
	for _, v := range []any{math.NaN(), math.Inf(1), float32(math.Inf(-1)), []float64{math.NaN()}, json.RawMessage(`canary`), map[float64]string{1: canary}, func() string { return canary }, make(chan int)} {
		in := service.NewMessage(nil)
		in.SetStructured(map[string]any{"b": v})
		out := m.pass(t, in)[0]
		require.ErrorContains(t, out.GetError(), "the message holds a value that JSON does not have", "%T", v)
		assert.NotContains(t, out.GetError().Error(), canary)
		assert.Equal(t, "{}", textOf(t, out))
	}
}

// notJSON gives a number that an encoder refuses, and Benthos encodes to nothing.
type notJSON struct{}

func (notJSON) Apply(any) (any, error) { return json.Number("+Inf"), nil }
func (notJSON) Append(dst []byte, _ any) ([]byte, bool, error) {
	return append(dst, "+Inf"...), true, nil
}

func TestNumbersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, appends := range []bool{false, true} {
		m := newMask(t, `rules: [ { path: a, bucket: { size: 1 } } ]`)
		m.policy.rules[0].change, m.policy.rules[0].appender = notJSON{}, nil
		if appends {
			m.policy.rules[0].appender = notJSON{}
		}
		out := m.pass(t, service.NewMessage([]byte(`{"a":1}`)))[0]
		require.ErrorContains(t, out.GetError(), "rules[0] (path a, bucket): the value is not of the form")
		assert.Equal(t, "{}", textOf(t, out))
	}
}
