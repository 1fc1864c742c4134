package features

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/store"
)

// cdnowPurchase is a line of CDNOW.
type cdnowPurchase struct {
	line     int
	customer string
	day      time.Time
	amount   string
}

func (p cdnowPurchase) String() string {
	return fmt.Sprintf(`{"customer":%q,"id":%d,"kind":"purchase","at":%q,"amount":%s}`, p.customer, p.line, p.day.Format(time.RFC3339), p.amount)
}

// cdnow are all purchases of the 23,570 customers, in the order of time.
func cdnow(t testing.TB) (list []cdnowPurchase) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "cdnow_master.txt.gz"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("CDNOW is not here")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	lines := bufio.NewScanner(unzipped)
	lines.Scan()
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		day, err := time.Parse("20060102", words[1])
		require.NoError(t, err)
		list = append(list, cdnowPurchase{len(list), words[0], day, words[3]})
	}
	slices.SortStableFunc(list, func(a, b cdnowPurchase) int { return a.day.Compare(b.day) })
	return list
}

// forecast are customers by the number of their repeat purchases: what they bought in the end,
// and what was expected.
type forecast struct {
	customers, actual      int
	mbg, bg, naive         float64 // sums
	mbgOff, bgOff, ofNaive float64 // sums of absolute errors
}

func (f *forecast) add(o forecast) {
	f.customers, f.actual = f.customers+o.customers, f.actual+o.actual
	f.mbg, f.bg, f.naive = f.mbg+o.mbg, f.bg+o.bg, f.naive+o.naive
	f.mbgOff, f.bgOff, f.ofNaive = f.mbgOff+o.mbgOff, f.bgOff+o.bgOff, f.ofNaive+o.ofNaive
}

func (f *forecast) String() string {
	n := float64(f.customers)
	return fmt.Sprintf("| %d | %.2f | %.2f | %.2f | %.2f | %.3f | %.3f | %.3f |",
		f.customers, float64(f.actual)/n, f.mbg/n, f.bg/n, f.naive/n, f.mbgOff/n, f.bgOff/n, f.ofNaive/n)
}

// All customers of CDNOW pass as a stream until the end of September 1997, with fits on the
// way. What is expected of them then, for the 39 weeks that follow, is near to what happens, by
// how often they had bought: the table is in the README of package predict. (The models know of no
// Christmas, and expect a fifth less than came.)
func TestForecastOfCDNOW(t *testing.T) {
	t.Parallel()
	purchases := cdnow(t)
	today := time.Date(1997, 9, 30, 0, 0, 0, 0, time.UTC)
	last := time.Date(1998, 6, 30, 0, 0, 0, 0, time.UTC)
	horizon := last.Sub(today).Hours() / 24
	r := openRig(t, "")
	x := r.extract(fmt.Sprintf(`
key: this.customer
event: root = this
features:
  - { name: alive, agg: p_alive, on: purchase }
  - { name: mbg, agg: expected_orders, on: purchase, horizon: %[1]vd }
  - { name: bg, agg: expected_orders, on: purchase, horizon: %[1]vd, model: bg_nbd }
  - { name: days, agg: active_days, on: purchase }
  - { name: age, agg: since_first, on: purchase, unit: days }
predictions: { fit_every: 2000 }
`, horizon))
	future := slices.IndexFunc(purchases, func(p cdnowPurchase) bool { return p.day.After(today) })
	actual := map[string]map[time.Time]struct{}{} // days in the future
	for _, p := range purchases[future:] {
		if actual[p.customer] == nil {
			actual[p.customer] = map[time.Time]struct{}{}
		}
		actual[p.customer][p.day] = struct{}{}
	}
	for batch := range slices.Chunk(purchases[:future], 1000) {
		x.pass(t, batchOf(batch))
	}
	for _, m := range r.models() {
		names, values := m.parameters()
		t.Logf("%s: %v %.4g, log-likelihood %.1f of %d customers, %d fits, %d failed", m.id, names, values, m.logLikelihood, m.customers, m.fits, m.failed)
		assert.Greater(t, m.fits, uint64(20))
		assert.Zero(t, m.failed, "also in the first weeks, when there is nobody yet who has left")
	}

	var groups [8]forecast // by repeats; seven or more
	var all forecast
	customers := map[string]struct{}{}
	profiles := ProfilesOf("default")
	r.do(func(s *store.Store) error {
		return s.View(context.Background(), func(read store.Reader) error {
			for _, p := range purchases[:future] {
				if _, done := customers[p.customer]; done {
					continue
				}
				customers[p.customer] = struct{}{}
				c, err := profiles.Read(context.Background(), s, read, p.customer, today.UnixNano())
				require.NoError(t, err)
				f := func(name string) float64 { return c.Features[name].(float64) }
				bought := len(actual[p.customer])
				repeats := f("days") - 1
				naive := repeats / f("age") * horizon
				off := func(expected float64) float64 { return math.Abs(expected - float64(bought)) }
				one := forecast{1, bought, f("mbg"), f("bg"), naive, off(f("mbg")), off(f("bg")), off(naive)}
				groups[int(min(repeats, 7))].add(one)
				all.add(one)
			}
			return nil
		})
	})
	t.Log("repeats | customers | actual | MBG/NBD | BG/NBD | naive | MAE MBG/NBD | MAE BG/NBD | MAE naive")
	for repeats := range groups {
		t.Logf("| %d %v", repeats, groups[repeats].String())
	}
	t.Logf("| all %v", all.String())

	assert.Equal(t, 23570, all.customers)
	assert.InEpsilon(t, float64(all.actual), all.mbg, 0.25)
	assert.InEpsilon(t, float64(all.actual), all.bg, 0.2)
	assert.Less(t, all.mbgOff, 0.8*all.ofNaive)
	assert.Less(t, all.bgOff, 0.8*all.ofNaive)
	for repeats := range groups {
		g := &groups[repeats]
		assert.InEpsilon(t, float64(g.actual), g.mbg, 0.35, "%d repeats", repeats)
		assert.InEpsilon(t, float64(g.actual), g.bg, 0.4, "%d repeats", repeats)
		if repeats > 0 {
			assert.Less(t, g.mbgOff, 0.8*g.ofNaive, "%d repeats", repeats)
		}
	}
}
