package tests

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deed is one thing that a customer of the shop did: a purchase or a return, which is a
// whole invoice, or a line of one.
type deed struct {
	ID       int     `json:"id"`
	Customer string  `json:"customer"`
	Kind     string  `json:"kind"`
	At       string  `json:"at"` // as the shop writes it: without a zone
	Amount   float64 `json:"amount"`
	Product  string  `json:"product,omitempty"`
	Bulk     *bool   `json:"bulk,omitempty"`

	at time.Time
}

// retail are the deeds of UCI Online Retail, in their order: of the sample that is in this
// repository, or of all customers. Lines without a customer or a price are left out.
func retail(t *testing.T, path string) []deed {
	t.Helper()
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("UCI Online Retail is not here as a whole")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	rows := csv.NewReader(unzipped)
	header, err := rows.Read()
	require.NoError(t, err)
	column := map[string]int{}
	for i, name := range header {
		column[name] = i
	}
	var deeds []deed
	var number string
	invoice := -1 // place of the one that lines belong to
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		field := func(name string) string { return row[column[name]] }
		quantity, err := strconv.ParseFloat(field("Quantity"), 64)
		require.NoError(t, err)
		price, err := strconv.ParseFloat(field("UnitPrice"), 64)
		require.NoError(t, err)
		if field("CustomerID") == "NA" || price <= 0 {
			continue
		}
		at, err := time.Parse(time.DateTime, field("InvoiceDate"))
		require.NoError(t, err)
		amount, bulk := math.Abs(quantity*price), math.Abs(quantity) >= 12
		d := deed{ID: len(deeds), Customer: field("CustomerID"), At: field("InvoiceDate"), at: at, Amount: amount}
		if n := field("InvoiceNo"); n != number {
			number, invoice = n, len(deeds)
			d.Kind = "purchase"
			if strings.HasPrefix(n, "C") {
				d.Kind = "return"
			}
			d.Amount = 0
			deeds = append(deeds, d)
			d.ID++
		}
		deeds[invoice].Amount += amount
		d.Kind, d.Amount, d.Product, d.Bulk = "line", amount, field("StockCode"), &bulk
		deeds = append(deeds, d)
	}
	return deeds
}

// retailFeatures reads deeds on four threads.
const retailFeatures = `
http: { enabled: false }
logger: { level: ERROR }
input:
  batched:
    child: { file: { paths: [ deeds.jsonl ] } }
    policy: { count: 500, period: 1s }
pipeline:
  threads: 4
  processors:
    - feature_extract:
        store: customers
        key: this.customer
        event: 'root = this.without("customer")'
        event_id_window: 0s
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: spend, agg: sum, on: purchase, of: amount }
          - { name: recent, agg: sum, on: purchase, of: amount, half_life: 60d }
          - { name: recency, agg: since_last, on: purchase, unit: days }
          - { name: tenure, agg: since_first, unit: days }
          - { name: interval, agg: interval, on: purchase, unit: days }
          - { name: basket, agg: mean, on: purchase, of: amount }
          - { name: swing, agg: stddev, on: purchase, of: amount }
          - { name: largest, agg: max, on: purchase, of: amount }
          - { name: opening, agg: first, on: purchase, of: amount }
          - { name: days, agg: active_days, on: purchase }
          - { name: products, agg: distinct, on: line, of: product }
          - { name: bulk, agg: share, on: line, when: bulk }
          - { name: returns, agg: ratio, on: return, to: purchase }
          - { name: returned, agg: rate, on: return, per: week }
          - { name: hour, agg: circular, on: purchase, period: day }
          - { name: season, agg: sum, on: purchase, of: amount, window: 90d }
          - { name: per_day, expression: this.spend / this.tenure }
    - mapping: 'root = if errored() { throw(error()) } else { { "customer": this.customer, "version": @feature_version, "features": this.features } }'
output:
  file: { path: out.jsonl, codec: lines }
cache_resources:
  - label: customers
    segment_store: { path: ./state, min_free: "0" }
`

// Every feature of every customer of a real shop is what plain loops over all events make
// of it, although the events come in no order, on four threads, and each tenth twice.
func TestRetail(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"sample": filepath.Join("..", "config-examples", "data", "online_retail_sample.csv.gz"),
		"all":    filepath.Join("..", "..", "shared", "data", "online_retail.csv.gz"),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "all" && testing.Short() {
				t.Skip("it takes half a minute")
			}
			t.Parallel()
			deeds := retail(t, path)
			sent := slices.Clone(deeds)
			for i := 0; i < len(deeds); i += 10 {
				sent = append(sent, deeds[i])
			}
			rand.New(rand.NewPCG(1, 5)).Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			dir := t.TempDir()
			write(t, dir, "deeds.jsonl", jsonLines(t, sent))
			begun := time.Now()
			start(t, dir, retailFeatures).finish(t)
			t.Logf("%d events of which %d are repeated, in %v", len(sent), len(sent)-len(deeds), time.Since(begun).Round(time.Millisecond))

			want := map[string][]deed{}
			for _, d := range deeds {
				want[d.Customer] = append(want[d.Customer], d)
			}
			got := latest(t, filepath.Join(dir, "out.jsonl"))
			require.Len(t, got, len(want))
			sketched, season, seasons := 0.0, 0.0, 0
			for customer, deeds := range want {
				features := got[customer].Features
				require.Equal(t, len(deeds), got[customer].Version)
				for name, value := range plainly(deeds) {
					require.Contains(t, features, name)
					given := features[name]
					switch {
					case math.IsNaN(value):
						assert.Nil(t, given, "%s of one customer", name)
						continue
					case !assert.NotNil(t, given, "%s of one customer should be %v", name, value):
						continue
					}
					switch name {
					case "products": // exact while there are few
						off := math.Abs(*given-value) / value
						sketched = max(sketched, off)
						if value <= 16 {
							assert.InDelta(t, value, *given, 0, name)
						}
					case "season": // a tile at its far end may be cut
						season += math.Abs(*given - value)
						seasons += int(value)
					default:
						assert.InDelta(t, value, *given, 1e-9*max(1, math.Abs(value)), name)
					}
				}
			}
			t.Logf("%d customers; distinct is off by at most %.1f %%, a window of 90 days by %.2f %% in all", len(want), 100*sketched, 100*season/float64(seasons))
			assert.Less(t, sketched, 0.45) // 4.6 standard errors of the sketch
			assert.Less(t, season/float64(seasons), 0.01)
			contents(t, filepath.Join(dir, "state")) // proves the invariants
		})
	}
}

// plainly computes the features by loops over all that a customer did; NaN is null.
func plainly(deeds []deed) map[string]float64 {
	const day = 24 * time.Hour
	days := func(d time.Duration) float64 { return float64(d) / float64(day) }
	oldest, newest := deeds[0].at, deeds[0].at
	for _, d := range deeds {
		if d.at.Before(oldest) {
			oldest = d.at
		}
		if d.at.After(newest) {
			newest = d.at
		}
	}
	var purchases, amounts []deed
	products, active := map[string]bool{}, map[string]bool{}
	lines, bulk, returns, recent, season, sines, cosines := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	for _, d := range deeds {
		switch d.Kind {
		case "line":
			lines++
			products[d.Product] = true
			if *d.Bulk {
				bulk++
			}
		case "return":
			returns++
		default:
			purchases = append(purchases, d)
			active[d.At[:len(time.DateOnly)]] = true
			recent += d.Amount * math.Pow(0.5, days(newest.Sub(d.at))/60)
			if newest.Sub(d.at) < 90*day {
				season += d.Amount
			}
			angle := 2 * math.Pi * days(d.at.Sub(d.at.Truncate(day)))
			sines, cosines = sines+math.Sin(angle), cosines+math.Cos(angle)
		}
	}
	n := float64(len(purchases))
	null := math.NaN()
	features := map[string]float64{
		"orders": n, "spend": 0, "recent": recent, "recency": null, "tenure": days(newest.Sub(oldest)), "interval": null,
		"basket": null, "swing": null, "largest": null, "opening": null, "days": null,
		"products": null, "bulk": null, "returns": null,
		"returned": returns / max(days(newest.Sub(oldest))/7, 1),
		"hour.sin": null, "hour.cos": null, "season": season,
	}
	if lines > 0 {
		features["products"], features["bulk"] = float64(len(products)), bulk/lines
	}
	if n == 0 {
		features["per_day"] = perDay(features)
		return features
	}
	amounts = slices.Clone(purchases)
	slices.SortStableFunc(purchases, func(a, b deed) int { return a.at.Compare(b.at) })
	first, last := purchases[0], purchases[len(purchases)-1]
	total, squares, largest, opening := 0.0, 0.0, math.Inf(-1), math.Inf(-1)
	for _, d := range amounts {
		total += d.Amount
		largest = max(largest, d.Amount)
		if d.at.Equal(first.at) {
			opening = max(opening, d.Amount) // the larger of two at one time
		}
	}
	for _, d := range amounts {
		squares += (d.Amount - total/n) * (d.Amount - total/n)
	}
	features["spend"], features["basket"], features["swing"] = total, total/n, math.Sqrt(squares/n)
	features["largest"], features["opening"], features["days"] = largest, opening, float64(len(active))
	features["recency"] = days(newest.Sub(last.at))
	if n > 1 {
		features["interval"] = days(last.at.Sub(first.at)) / (n - 1)
	}
	features["returns"] = returns / n
	features["hour.sin"], features["hour.cos"] = sines/n, cosines/n
	features["per_day"] = perDay(features)
	return features
}

func perDay(features map[string]float64) float64 {
	if x := features["spend"] / features["tenure"]; !math.IsInf(x, 0) {
		return x
	}
	return math.NaN()
}

// profile is the newest that was told of a customer.
type profile struct {
	Customer string              `json:"customer"`
	Version  int                 `json:"version"`
	Features map[string]*float64 `json:"features"`
}

// latest reads what was told, and keeps the highest version of each customer.
func latest(t *testing.T, path string) map[string]profile {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	found := map[string]profile{}
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var p profile
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &p), scanner.Text())
		if p.Version > found[p.Customer].Version {
			found[p.Customer] = p
		}
	}
	return found
}

func jsonLines[T any](t *testing.T, list []T) string {
	t.Helper()
	var text strings.Builder
	for _, each := range list {
		line, err := json.Marshal(each)
		require.NoError(t, err)
		fmt.Fprintf(&text, "%s\n", line)
	}
	return text.String()
}
