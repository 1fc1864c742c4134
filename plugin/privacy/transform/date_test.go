package transform_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func TestTruncateDate(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 7200)
	for _, test := range []struct {
		to       string
		in, want any
	}{
		{"year", "1987-06-05", "1987-01-01"},
		{"quarter", "1987-06-05", "1987-04-01"},
		{"month", "1987-06-05", "1987-06-01"},
		{"week", "1987-06-05", "1987-06-01"},
		{"week", "2027-01-03", "2026-12-28"},
		{"day", "1987-06-05", "1987-06-05"},
		{"hour", "1987-06-05", "1987-06-05"},
		{"year", "1987", "1987"},
		{"year", "1987-06", "1987-01"},
		{"month", "1987-06", "1987-06"},
		{"day", "1987-06", "1987-06"},
		{"day", "1987", "1987"},
		{"quarter", " 1987-06 ", "1987-04"},
		{"year", "2026-11-25T13:45:31.123Z", "2026-01-01T00:00:00.000Z"},
		{"day", "2026-11-25T23:45:31+02:00", "2026-11-25T00:00:00+02:00"},
		{"day", "2026-11-25 23:45", "2026-11-25 00:00"},
		{"hour", "2026-11-25 23:45:31,5 UTC", "2026-11-25 23:00:00,0 UTC"},
		{"minute", "2026-11-25t23:45:31-0530", "2026-11-25t23:45:00-0530"},
		{"minute", "2016-12-31T23:59:60Z", "2016-12-31T23:59:00Z"},
		{"day", json.Number("1764078331"), json.Number("1764028800")},
		{"day", json.Number("1764078331123"), json.Number("1764028800000")},
		{"day", json.Number("1764078331.75"), json.Number("1764028800")},
		{"year", "1764078331", "1735689600"},
		{"day", json.Number("1764078331.0"), json.Number("1764028800")},
		{"year", json.Number("-100000000"), json.Number("-126230400")},
		{"hour", 1764078331.5, json.Number("1764075600")},
		{"minute", json.Number("1764078331123456789"), json.Number("1764078300000000000")},
		{"day", time.Date(2026, 11, 25, 23, 45, 0, 0, berlin), time.Date(2026, 11, 25, 0, 0, 0, 0, berlin)},
	} {
		action, err := transform.NewTruncateDate(test.to, 0)
		require.NoError(t, err)
		got, err := action.Apply(test.in)
		require.NoError(t, err, "%v", test.in)
		assert.Equal(t, test.want, got, "%v to %s", test.in, test.to)
		again, err := action.Apply(got)
		require.NoError(t, err)
		assert.Equal(t, got, again, "what is truncated stays")
	}
	_, err := transform.NewTruncateDate("century", 0)
	require.ErrorContains(t, err, `to "century" is no unit: use one of year`)
}

func TestWhatIsNoDate(t *testing.T) {
	t.Parallel()
	action, err := transform.NewTruncateDate("year", 0)
	require.NoError(t, err)
	for _, in := range []any{
		"05.06.1987", "1987-13-01", "1987-02-29", "19870605", "1987-6-5", "1987-06-05T", "1987-06-05T24:00", "1987-06-05T10", "1987-06-05T10:60",
		"1987-06-05T10:00:00.Z", "1987-06-05T10:00 CET", "1987-06-05T10:00+0", "1987-06-05T10:00+25:00", "1987-06-05x", "1987x06-05", "1987-06x05", "yesterday", "１９８７", "0.0000000001764078331123",
		json.Number("1987"), json.Number("19870605"), json.Number("86400000"), 0.0, int64(-1), "-12345678", // too short for an epoch
		json.Number("63072000000"), "63072000000", json.Number("-10000000000"), json.Number("63072000000000"), json.Number("63072000000000000"), // of 1972, or of another millennium
		json.Number("1e300"), json.Number("0.0000000000000000000000000001"), true,
		[]any{},
		map[string]any{},
	} {
		got, err := action.Apply(in)
		require.Error(t, err, "%v", in)
		assert.Nil(t, got)
		assert.NotContains(t, err.Error(), "1987")
		_, err = transform.Shift(in, 1, 0)
		require.Error(t, err, "%v", in)
	}
	for _, in := range []any{"1987", "1987-06", "9999-12-31"} {
		_, err = transform.Shift(in, 1, 0)
		require.ErrorIs(t, err, transform.ErrValue)
	}
}

// Who knows the unit tells it, and then dates of any time are changed.
func TestUnitsOfEpochs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		unit, to string
		in, want any
		next     any // shifted by a day
	}{
		{"ms", "year", json.Number("63072000001"), json.Number("63072000000"), json.Number("63158400001")}, // 1972
		{"ms", "year", json.Number("-94694399999"), json.Number("-94694400000"), json.Number("-94607999999")},
		{"ms", "year", "63072000001", "63072000000", "63158400001"},
		{"ms", "day", json.Number("86400001"), json.Number("86400000"), json.Number("172800001")},
		{"s", "day", int64(-1), json.Number("-86400"), json.Number("86399")},
		{"s", "day", json.Number("-0.5"), json.Number("-86400"), json.Number("86399.5")},
		{"s", "day", json.Number("-86400.01"), json.Number("-172800"), json.Number("-0.01")},
		{"s", "year", 0.0, json.Number("0"), json.Number("86400")},
		{"us", "year", json.Number("63072000000001"), json.Number("63072000000000"), json.Number("63158400000001")},
		{"ns", "year", json.Number("63072000000000001"), json.Number("63072000000000000"), json.Number("63158400000000001")},
		{"ns", "year", json.Number("1"), json.Number("0"), json.Number("86400000000001")},
		{"s", "year", "1987", "1987", nil},
		{"ms", "year", "1987-06-05", "1987-01-01", "1987-06-06"},
	} {
		unit, err := transform.ParseEpochUnit(test.unit)
		require.NoError(t, err)
		action, err := transform.NewTruncateDate(test.to, unit)
		require.NoError(t, err)
		got, err := action.Apply(test.in)
		require.NoError(t, err, "%v", test.in)
		assert.Equal(t, test.want, got, "%v %s to %s", test.in, test.unit, test.to)
		next, err := transform.Shift(test.in, 1, unit)
		assert.Equal(t, test.next == nil, err != nil)
		assert.Equal(t, test.next, next, "%v %s", test.in, test.unit)
	}
	for _, in := range []any{json.Number("1e18"), json.Number("-62167219200"), "19870605", json.Number("-9223372036854775807")} {
		_, err := transform.Shift(in, 1, 1)
		require.ErrorIs(t, err, transform.ErrValue, "%v", in)
	}
	oldest, err := transform.NewTruncateDate("year", 1e9)
	require.NoError(t, err)
	_, err = oldest.Apply(json.Number("-9223372036854775807")) // of September 1677, whose January is out of reach
	require.ErrorIs(t, err, transform.ErrValue)
	_, err = transform.ParseEpochUnit("h")
	require.ErrorContains(t, err, `unit "h" is none of an epoch: use one of s, ms, us, ns`)
}

// A guess is taken only where the unit next to it gives no date of this century or the last
// but for a few months: what is left is changed.
func TestGuessedUnitsChangeDates(t *testing.T) {
	t.Parallel()
	year, err := transform.NewTruncateDate("year", 0)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(5, 6))
	for range 20000 {
		at := time.Date(1950+random.IntN(100), 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(1 + random.Int64N(int64(360*24*time.Hour))))
		for perSecond, n := range map[int64]int64{1: at.Unix(), 1e3: at.UnixMilli(), 1e6: at.UnixMicro(), 1e9: at.UnixNano()} {
			got, err := year.Apply(n)
			if err != nil || at.Year() == 1970 || at.Year() == 1969 {
				continue // refused, or of the few months
			}
			want := time.Date(at.Year(), 1, 1, 0, 0, 0, 0, time.UTC).Unix() * perSecond
			require.Equal(t, json.Number(strconv.FormatInt(want, 10)), got, "%v", n)
		}
	}
}

// Where the clock is set back, an hour and a midnight come twice: none that is later than
// the instant is its beginning.
func TestTruncateWhereClocksAreSetBack(t *testing.T) {
	t.Parallel()
	for zone, from := range map[string]time.Time{
		"Europe/Berlin":       time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC),
		"America/Havana":      time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC),
		"Australia/Lord_Howe": time.Date(2026, 4, 4, 13, 0, 0, 0, time.UTC),
	} {
		location, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for _, to := range transform.DateUnits {
			action, err := transform.NewTruncateDate(to, 0)
			require.NoError(t, err)
			for minutes := range 300 {
				at := from.Add(time.Duration(minutes)*time.Minute + 17*time.Second).In(location)
				got, err := action.Apply(at)
				require.NoError(t, err)
				begin := got.(time.Time)
				require.False(t, begin.After(at), "%s of %v is %v", to, at, begin)
				if to == "hour" {
					require.Less(t, at.Sub(begin), time.Hour)
				}
			}
		}
	}
}

func TestShift(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		days     int
		in, want any
	}{
		{3, "2026-02-27", "2026-03-02"},
		{-60, "2026-02-27T10:20:30.5+02:00", "2025-12-29T10:20:30.5+02:00"},
		{1, json.Number("1764078331"), json.Number("1764164731")},
		{-1, json.Number("1764078331123"), json.Number("1763991931123")},
		{1, json.Number("1764078331.25"), json.Number("1764164731.25")},
		{1, json.Number("1.764078331e9"), json.Number("1764164731")},
		{1, "1764078331", "1764164731"},
		{1, time.Unix(0, 5).UTC(), time.Unix(86400, 5).UTC()},
	} {
		got, err := transform.Shift(test.in, test.days, 0)
		require.NoError(t, err)
		assert.Equal(t, test.want, got, "%v by %d", test.in, test.days)
	}
}

// The time between two dates of one subject stays, and so does the time of day.
func TestShiftKeepsIntervals(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a := time.Unix(random.Int64N(4e9), 0).UTC()
		b := a.Add(time.Duration(random.Int64N(1e15)))
		days := random.IntN(2000) - 1000
		var moved [2]time.Time
		for i, at := range []time.Time{a, b} {
			got, err := transform.Shift(at.Format(time.RFC3339Nano), days, 0)
			require.NoError(t, err)
			moved[i], err = time.Parse(time.RFC3339Nano, got.(string))
			require.NoError(t, err)
		}
		require.Equal(t, b.Sub(a), moved[1].Sub(moved[0]))
		require.Equal(t, time.Duration(days)*24*time.Hour, moved[0].Sub(a))
	}
}

func TestShiftDays(t *testing.T) {
	t.Parallel()
	shift, err := transform.NewShiftDate(key(t, "a", 'k'), 30)
	require.NoError(t, err)
	seen := map[int]int{}
	for subject := range 20000 {
		days, err := shift.Days(subject)
		require.NoError(t, err)
		seen[days]++
	}
	assert.Len(t, seen, 60, "-30 to 30 without 0")
	assert.NotContains(t, seen, 0)
	for days, n := range seen {
		assert.LessOrEqual(t, max(days, -days), 30)
		assert.InDelta(t, 20000/60, n, 100, "all are as likely: %d", days)
	}

	mac := hmac.New(sha256.New, []byte(strings.Repeat("k", 32)))
	mac.Write([]byte("shift" + "17850"))
	want := int(binary.BigEndian.Uint64(mac.Sum(nil))%61) - 30
	for _, subject := range []any{17850, "17850", json.Number("17850.0"), 17850.0} {
		days, err := shift.Days(subject)
		require.NoError(t, err)
		assert.Equal(t, want, days, "as documented")
	}
	for _, subject := range []any{nil, "", []any{"a"}, map[string]any{}} {
		_, err := shift.Days(subject)
		require.ErrorIs(t, err, transform.ErrSubject)
	}
	for _, days := range []int{0, -1, 36501} {
		_, err = transform.NewShiftDate(key(t, "a", 'k'), days)
		require.ErrorContains(t, err, "use 1 to 36500")
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		decimals int
		in, want any
	}{
		{1, json.Number("51.5074"), json.Number("51.5")},
		{1, 51.5074, json.Number("51.5")},
		{1, "51.5074", "51.5"},
		{1, " -0.1278 ", "-0.1"},
		{2, json.Number("2.675"), json.Number("2.68")},
		{0, json.Number("0.5"), json.Number("1")},
		{0, json.Number("-0.5"), json.Number("-1")},
		{0, json.Number("-0.4"), json.Number("0")},
		{1, json.Number("99.96"), json.Number("100")},
		{1, json.Number("51.04"), json.Number("51")},
		{3, json.Number("51.5"), json.Number("51.5")},
		{-2, json.Number("149"), json.Number("100")},
		{-2, json.Number("150"), json.Number("200")},
		{-3, json.Number("150"), json.Number("0")},
		{-3, json.Number("500"), json.Number("1000")},
		{-4, json.Number("999"), json.Number("0")},
		{2, json.Number("12345678901234567890.126"), json.Number("12345678901234567890.13")},
		{2, json.Number("1.2345e1"), json.Number("12.35")},
		{1, json.Number("-999.96"), json.Number("-1000")},
		{2, json.Number("-99.999"), json.Number("-100")},
		{2, json.Number("-9.995"), json.Number("-10")},
		{3, json.Number("-9.9915"), json.Number("-9.992")},
		{1, "1e2", "100"},
		{1, int64(7), json.Number("7")},
		{0, uint64(7), json.Number("7")},
	} {
		got, err := transform.Round{Decimals: test.decimals}.Apply(test.in)
		require.NoError(t, err, "%v", test.in)
		assert.Equal(t, test.want, got, "%v to %d", test.in, test.decimals)
	}
	for _, in := range []any{"north", "NaN", "Inf", "0x1p4", "1_000", true, json.Number("1e999"), time.Now(), ""} {
		got, err := transform.Round{Decimals: 1}.Apply(in)
		require.Error(t, err, "%v", in)
		assert.Nil(t, got)
	}
}

// Rounding is the nearest decimal, by exact arithmetic.
func FuzzRound(f *testing.F) {
	f.Add(int64(-999960), uint8(4), int8(1))
	f.Add(int64(2675), uint8(3), int8(2))
	f.Fuzz(func(t *testing.T, digits int64, scale uint8, decimals int8) {
		places := int(decimals) % (transform.MaxDecimals + 1)
		exact := new(big.Rat).SetFrac(big.NewInt(digits), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale%20)), nil))
		got, err := transform.Round{Decimals: places}.Apply(json.Number(exact.FloatString(20)))
		require.NoError(t, err)
		rounded, ok := new(big.Rat).SetString(string(got.(json.Number)))
		require.True(t, ok)
		unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(places, -places))), nil))
		if places < 0 {
			unit.Inv(unit)
		}
		steps := new(big.Rat).Quo(rounded, unit)
		assert.True(t, steps.IsInt(), "%s to %d decimals gives %s", exact.FloatString(20), places, got)
		distance := new(big.Rat).Sub(exact, rounded)
		half := new(big.Rat).Mul(unit, big.NewRat(1, 2))
		assert.LessOrEqual(t, distance.Abs(distance).Cmp(half), 0, "%s to %d decimals gives %s", exact.FloatString(20), places, got)
	})
}

// A date that is found is changed in its digits alone, and stays a date.
func FuzzDates(f *testing.F) {
	f.Add("2026-11-25T13:45:31.123+02:00", 17)
	f.Add("1764078331123", -3)
	f.Add("1987-06", 1)
	f.Fuzz(func(t *testing.T, text string, days int) {
		if strings.LastIndexByte(text, '-') < 1 {
			_, _ = transform.Shift(text, days, 0)
			return // an epoch may lose leading zeros, and get too short to be told from a year
		}
		days %= transform.MaxShiftDays
		for _, to := range transform.DateUnits {
			action, err := transform.NewTruncateDate(to, 0)
			require.NoError(t, err)
			got, err := action.Apply(text)
			if err != nil {
				continue
			}
			again, err := action.Apply(got)
			require.NoError(t, err)
			assert.Equal(t, got, again)
		}
		moved, err := transform.Shift(text, days, 0)
		if err != nil {
			return
		}
		if back, err := transform.Shift(moved, -days, 0); err == nil {
			assert.Equal(t, strings.TrimSpace(text), back)
		}
	})
}
