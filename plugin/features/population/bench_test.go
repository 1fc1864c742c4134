package population

import (
	"math"
	"math/rand/v2"
	"testing"
)

// crowd is a town of a size whose features are those of a shop.
func crowd(b *testing.B, customers int) (w *town, ballots []Ballot, next func(dst []float64) []float64) {
	b.Helper()
	w = newTown(b, 0, "recency", "orders", "orders_90d", "spend", "basket", "returns", "shoes", "variety")
	random := rand.New(rand.NewPCG(13, 14))
	next = func(dst []float64) []float64 {
		orders := math.Ceil(random.ExpFloat64() * 4)
		spend := orders * math.Exp(3+random.NormFloat64())
		returns := 0.0
		if random.IntN(5) == 0 {
			returns = 1 / orders
		}
		return append(dst, 100*random.ExpFloat64(), orders, math.Floor(orders/2), spend, spend/orders, returns, random.Float64(), math.Ceil(orders*random.Float64()))
	}
	ballots = make([]Ballot, customers)
	var values []float64
	for i := range ballots {
		batch := w.people.Begin()
		values = next(values[:0])
		if err := batch.Cast(w.poll, &ballots[i], values); err != nil {
			b.Fatal(err)
		}
		tx := writes{}
		batch.Write(tx)
		tx.commit(w.stored)
		batch.Done(nil)
		if w.people.Due() {
			w.fold()
		}
	}
	w.fold()
	return w, ballots, next
}

// BenchmarkCast is a customer whose eight features all change.
func BenchmarkCast(b *testing.B) {
	w, ballots, next := crowd(b, 10_000)
	random := rand.New(rand.NewPCG(15, 16))
	drawn := make([][]float64, 1024)
	for i := range drawn {
		drawn[i] = next(nil)
	}
	batch := w.people.Begin()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := batch.Cast(w.poll, &ballots[random.IntN(len(ballots))], drawn[n%len(drawn)]); err != nil {
			b.Fatal(err)
		}
		if n++; n%100 == 0 {
			batch.changes = batch.changes[:0] // as Write leaves it
		}
	}
	b.ReportMetric(float64(8*n)/b.Elapsed().Seconds(), "votes/s")
}

func BenchmarkQuantile(b *testing.B) {
	w, _, _ := crowd(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		w.poll.Quantile(3, 0.99)
	}
	b.ReportMetric(float64(len(w.people.sketches[3].pages)), "pages")
}

func BenchmarkRobust(b *testing.B) {
	w, _, _ := crowd(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		w.poll.Robust(3, math.Log1p)
	}
}

// BenchmarkBatch is what a batch of 100 customers with eight features costs and writes, with
// its part in the folds. A customer's count and spend grow; how they are shared out changes.
func BenchmarkBatch(b *testing.B) {
	w, ballots, _ := crowd(b, 10_000)
	random := rand.New(rand.NewPCG(17, 18))
	written, folded, stored, n := 0, 0, 0, 0
	b.ReportAllocs()
	for b.Loop() {
		batch, tx := w.people.Begin(), writes{}
		for range 100 {
			ballot := &ballots[random.IntN(len(ballots))]
			values := make([]float64, 8)
			for i, vote := range ballot.votes {
				values[i] = vote.Value()
			}
			values[0] = 0
			values[1]++
			values[2]++
			amount := math.Exp(3 + random.NormFloat64())
			values[3] += amount
			values[4] = values[3] / values[1]
			values[5] *= (values[1] - 1) / values[1]
			values[6] += (1 - values[6]) / values[1]
			if err := batch.Cast(w.poll, ballot, values); err != nil {
				b.Fatal(err)
			}
			stored += len(ballot.Append(nil))
		}
		batch.Write(tx)
		written += tx.size()
		tx.commit(w.stored)
		batch.Done(nil)
		if w.people.Due() {
			settle, err := w.people.Fold(w.stored, tx)
			if err != nil {
				b.Fatal(err)
			}
			folded += tx.size()
			tx.commit(w.stored)
			settle()
		}
		n++
	}
	b.ReportMetric(float64(written)/float64(n), "journal-B/batch")
	b.ReportMetric(float64(folded)/float64(n), "fold-B/batch")
	b.ReportMetric(float64(stored)/float64(100*n), "B/ballot")
	b.ReportMetric(float64(w.stored.bytes(kindPage)), "B/pages")
}

// size is the bytes of keys and values.
func (w writes) size() (total int) {
	for key, value := range w {
		total += len(key) + len(value)
	}
	return total
}
