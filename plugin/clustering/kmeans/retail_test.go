package kmeans_test

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
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

	"github.com/shoal-stream/shoal/plugin/clustering/internal/laws"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
)

// invoice is what a customer looks like after one: log1p of orders and of spend, days
// since the order before.
type invoice struct {
	customer string
	at       time.Time
	vector   []float64
}

// retail reads the invoices of UCI Online Retail, purchases of known customers only.
func retail(t *testing.T) []invoice {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", "online_retail.csv.gz"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("UCI Online Retail is not here")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	rows := csv.NewReader(unzipped)
	rows.ReuseRecord = true
	type customer struct {
		orders, spend float64
		last          time.Time
	}
	customers := map[string]*customer{}
	var invoices []invoice
	var number, who string
	var at time.Time
	var amount float64
	finish := func() {
		if amount <= 0 {
			return
		}
		c, known := customers[who]
		if !known {
			c = &customer{last: at}
			customers[who] = c
		}
		c.orders, c.spend = c.orders+1, c.spend+amount
		days := at.Sub(c.last).Hours() / 24
		c.last = at
		invoices = append(invoices, invoice{who, at, []float64{math.Log1p(c.orders), math.Log1p(c.spend), days}})
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			finish()
			return invoices
		}
		require.NoError(t, err)
		quantity, _ := strconv.ParseFloat(row[3], 64)
		price, _ := strconv.ParseFloat(row[5], 64)
		if row[6] == "NA" || row[0] == "InvoiceNo" || strings.HasPrefix(row[0], "C") || quantity <= 0 || price <= 0 {
			continue
		}
		if row[0] != number {
			finish()
			number, who, amount = strings.Clone(row[0]), strings.Clone(row[6]), 0
			at, err = time.Parse(time.DateTime, row[4])
			require.NoError(t, err)
		}
		amount += quantity * price
	}
}

// The segments of the stream are as good as those that batch k-means finds on the customers
// of the day, each counted once: within 2 % at every month end and for every k, where others
// are 40 to 100 % off.
func TestAsGoodAsBatch(t *testing.T) {
	t.Parallel()
	invoices := retail(t)
	for k := 2; k <= 12; k++ {
		t.Run(strconv.Itoa(k), func(t *testing.T) {
			t.Parallel()
			tree, err := kmeans.NewTree(kmeans.TreeConfig{K: k})
			require.NoError(t, err)
			shop := newShop(tree)
			worst, last, months := 0.0, 0.0, 0
			var before *monthEnd
			var renamed, stayed float64
			for i, each := range invoices {
				shop.take(t, each)
				if i+1 < len(invoices) && invoices[i+1].at.Month() == each.at.Month() {
					continue
				}
				now := shop.monthEnd(k)
				if now == nil {
					continue // still warming up
				}
				months++
				last = now.stream / now.batch
				worst = max(worst, last)
				assert.LessOrEqual(t, last, 1.02, "%s: inertia %.0f, of batch k-means %.0f", each.at.Format("2006-01"), now.stream, now.batch)
				if before != nil {
					r, s := now.renamed(before)
					renamed, stayed = renamed+r, stayed+s
				}
				before = now
			}
			shop.Check(t)
			t.Logf("k %2d: of batch inertia %.4f at the end, %.4f at the worst of %d month ends; %.2f %% of customers were renamed", k, last, worst, months, 100*renamed/stayed)
			assert.LessOrEqual(t, renamed/stayed, 0.02, "whose segment is called otherwise, and is the same")
		})
	}
}

// shop is the population of a shop.
type shop struct {
	laws.Customers
	tree    *kmeans.Tree
	numbers map[string]int
	vectors [][]float64 // of customers, by number
}

func newShop(tree *kmeans.Tree) *shop {
	return &shop{Customers: laws.Customers{Engine: tree}, tree: tree, numbers: map[string]int{}}
}

func (s *shop) take(t *testing.T, each invoice) {
	t.Helper()
	number, known := s.numbers[each.customer]
	if !known {
		number = len(s.vectors)
		s.numbers[each.customer], s.vectors = number, append(s.vectors, nil)
	}
	s.vectors[number] = each.vector
	s.Move(t, number, each.vector)
}

// monthEnd is how a shop stands at one.
type monthEnd struct {
	stream, batch float64 // inertia
	own           []int   // the segment of each customer
	vectors       [][]float64
	centres       map[int][]float64 // of segments
}

func (s *shop) monthEnd(k int) *monthEnd {
	m := &monthEnd{own: make([]int, len(s.vectors)), vectors: slices.Clone(s.vectors), batch: math.Inf(1), centres: map[int][]float64{}}
	for customer, h := range s.Held {
		m.own[customer] = int(s.tree.Home(h.ID).Segment)
	}
	if m.own[0] == 0 {
		return nil
	}
	standard := slices.Clone(s.vectors)
	standardise(standard)
	for restart := range 10 {
		m.batch = min(m.batch, inertia(standard, lloyd(standard, k, uint64(restart))))
	}
	m.stream = inertia(standard, m.own)
	for _, segment := range s.tree.Segments() {
		centre := make([]float64, s.tree.Metric().Dims())
		s.tree.Metric().Scale(centre, segment.Centre)
		m.centres[int(segment.ID)] = centre
	}
	return m
}

// renamed counts the customers who are the same as a month before, and in a segment of
// another number that is where theirs was: within a quarter of a standard deviation.
func (m *monthEnd) renamed(before *monthEnd) (renamed, stayed float64) {
	for customer, vector := range before.vectors {
		if !slices.Equal(vector, m.vectors[customer]) {
			continue
		}
		stayed++
		was, is := before.own[customer], m.own[customer]
		if was == is {
			continue
		}
		distance := 0.0
		for j, c := range m.centres[is] {
			distance += (c - before.centres[was][j]) * (c - before.centres[was][j])
		}
		if math.Sqrt(distance) < 0.25 {
			renamed++
		}
	}
	return renamed, stayed
}

// standardise brings each dimension to mean 0 and standard deviation 1.
func standardise(list [][]float64) {
	for j := range list[0] {
		mean, variance := 0.0, 0.0
		for _, x := range list {
			mean += x[j] / float64(len(list))
		}
		for _, x := range list {
			variance += (x[j] - mean) * (x[j] - mean) / float64(len(list))
		}
		for i, x := range list {
			y := append([]float64(nil), x...)
			y[j] = (x[j] - mean) / math.Sqrt(variance)
			list[i] = y
		}
	}
}

// inertia is the sum of squared distances to the mean of the own segment.
func inertia(list [][]float64, own []int) (sum float64) {
	means, counts := map[int][]float64{}, map[int]float64{}
	for i, x := range list {
		if means[own[i]] == nil {
			means[own[i]] = make([]float64, len(x))
		}
		counts[own[i]]++
		for j, v := range x {
			means[own[i]][j] += v
		}
	}
	for i, x := range list {
		for j, v := range x {
			d := v - means[own[i]][j]/counts[own[i]]
			sum += d * d
		}
	}
	return sum
}

// lloyd is batch k-means with a k-means++ start, as any textbook has it.
func lloyd(list [][]float64, k int, seed uint64) (own []int) {
	random := rand.New(rand.NewPCG(seed, 1))
	squared := func(a, b []float64) (sum float64) {
		for j := range a {
			sum += (a[j] - b[j]) * (a[j] - b[j])
		}
		return sum
	}
	centres := [][]float64{list[random.IntN(len(list))]}
	for len(centres) < k {
		total, least := 0.0, make([]float64, len(list))
		for i, x := range list {
			least[i] = math.Inf(1)
			for _, c := range centres {
				least[i] = min(least[i], squared(x, c))
			}
			total += least[i]
		}
		mark, chosen := random.Float64()*total, 0
		for i, d := range least {
			if mark -= d; mark < 0 {
				chosen = i
				break
			}
		}
		centres = append(centres, list[chosen])
	}
	own = make([]int, len(list))
	for moved := true; moved; {
		moved = false
		for i, x := range list {
			nearest := 0
			for c := range centres {
				if squared(x, centres[c]) < squared(x, centres[nearest]) {
					nearest = c
				}
			}
			moved = moved || nearest != own[i]
			own[i] = nearest
		}
		counts := make([]float64, k)
		for c := range centres {
			centres[c] = make([]float64, len(list[0]))
		}
		for i, x := range list {
			counts[own[i]]++
			for j, v := range x {
				centres[own[i]][j] += v
			}
		}
		for c := range centres {
			for j := range centres[c] {
				centres[c][j] /= max(1, counts[c])
			}
		}
	}
	return own
}
