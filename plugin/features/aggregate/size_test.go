package aggregate_test

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// retail reads the invoice lines of the customers of UCI Online Retail that are among the
// examples: a line is a purchase or, of a cancelled invoice, a return.
func retail(t testing.TB) map[string][]purchase {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "config-examples", "data", "online_retail_sample.csv.gz"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	rows := csv.NewReader(unzipped)
	rows.ReuseRecord = true
	_, err = rows.Read()
	require.NoError(t, err)
	customers := map[string][]purchase{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return customers
		}
		require.NoError(t, err)
		if row[7] == "NA" {
			continue
		}
		quantity, err := strconv.ParseFloat(row[4], 64)
		require.NoError(t, err)
		price, err := strconv.ParseFloat(row[6], 64)
		require.NoError(t, err)
		at, err := time.Parse("2006-01-02 15:04:05", row[5])
		require.NoError(t, err)
		e := purchase{at: at, kind: "purchase", amount: math.Round(100*quantity*price) / 100, category: strings.Clone(row[2]), deal: no}
		if quantity < 0 {
			e.kind, e.amount = "return", -e.amount
		}
		if quantity >= 12 {
			e.deal = yes
		}
		customers[strings.Clone(row[7])] = append(customers[strings.Clone(row[7])], e)
	}
}

// cdnow reads the purchases of the customers of CDNOW.
func cdnow(t testing.TB) map[string][]purchase {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", "cdnow_master.txt.gz"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("CDNOW is not here")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	customers := map[string][]purchase{}
	lines := bufio.NewScanner(unzipped)
	lines.Scan()
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		at, err := time.Parse("20060102", words[1])
		require.NoError(t, err)
		amount, err := strconv.ParseFloat(words[3], 64)
		require.NoError(t, err)
		customers[words[0]] = append(customers[words[0]], purchase{at: at, kind: "purchase", amount: amount, category: words[2], deal: no})
	}
	return customers
}

// Twenty-five features of real customers: of a shop where most buy once or twice, and of
// one where they buy dozens of articles.
func TestSizeOfRecords(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		customers          func(testing.TB) map[string][]purchase
		median, high, most int
	}{
		"CDNOW":         {cdnow, 220, 450, 1024},
		"online retail": {retail, 450, 660, 1024},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := compile(t, shop...)
			codec, layout := codecFor(t, plan)
			check := layout.Checker()
			var sizes []int
			for _, events := range test.customers(t) {
				record := codec.Append(nil, apply(plan, events))
				require.NoError(t, check(record))
				sizes = append(sizes, len(record))
			}
			slices.Sort(sizes)
			median, high, most := sizes[len(sizes)/2], sizes[len(sizes)*99/100], sizes[len(sizes)-1]
			t.Logf("%d customers: a median of %d bytes, 99 %% up to %d, at most %d", len(sizes), median, high, most)
			assert.LessOrEqual(t, median, test.median)
			assert.LessOrEqual(t, high, test.high)
			assert.LessOrEqual(t, most, test.most)
		})
	}
}

// What each aggregate adds to a record that has none, as in the table of the README.
func TestSizeOfEachAggregate(t *testing.T) {
	t.Parallel()
	customers := retail(t)
	nothing := compile(t, aggregate.Spec{Name: "f", Agg: aggregate.Count, On: []string{"nothing"}})
	none, _ := codecFor(t, nothing)
	keys := slices.Sorted(maps.Keys(customers))[:150]
	for _, spec := range inAnyOrder {
		spec.Name, spec.On = "f", nil
		plan := compile(t, spec)
		codec, _ := codecFor(t, plan)
		var sizes []int
		for _, key := range keys {
			c := apply(plan, customers[key])
			sizes = append(sizes, len(codec.Append(nil, c))-len(none.Append(nil, apply(nothing, customers[key]))))
		}
		slices.Sort(sizes)
		assert.LessOrEqual(t, sizes[len(sizes)-1], 520, spec.Agg)
		t.Logf("%-12s window %-9v half-life %-9v median %3d, most %3d", spec.Agg, spec.Window, spec.HalfLife, sizes[len(sizes)/2], sizes[len(sizes)-1])
	}
}
