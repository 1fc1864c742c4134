package population

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// town is a population, its customers, and what is stored of both.
type town struct {
	t       testing.TB
	people  *Population
	poll    *Poll
	stored  shelf
	ballots [][]byte // what is committed of each customer
}

func newTown(t testing.TB, customers int, ids ...string) *town {
	t.Helper()
	slate, _, err := Slate{}.With(ids...)
	require.NoError(t, err)
	people := &Population{}
	return &town{t: t, people: people, poll: people.Poll(slate, ids...), stored: shelf{}, ballots: make([][]byte, customers)}
}

func (w *town) ballot(customer int) (b Ballot) {
	w.t.Helper()
	if stored := w.ballots[customer]; stored != nil {
		require.NoError(w.t, b.Decode(stored))
	}
	return b
}

// fold folds the journal.
func (w *town) fold() {
	w.t.Helper()
	tx := writes{}
	settle, err := w.people.Fold(w.stored, tx)
	require.NoError(w.t, err)
	tx.commit(w.stored)
	settle()
}

// check proves that memory, store and customers agree.
func (w *town) check() {
	w.t.Helper()
	loaded, err := Load(w.stored)
	require.NoError(w.t, err)
	var count Recount
	for i := range w.ballots {
		b := w.ballot(i)
		require.NoError(w.t, count.Add(&b))
	}
	require.NoError(w.t, count.Compare(w.people))
	require.NoError(w.t, count.Compare(loaded))
	require.Equal(w.t, w.people.journal.bytes, loaded.journal.bytes)
	require.Len(w.t, loaded.journal.entries, len(w.people.journal.entries))
}

// vote is one transaction in which customers, who may come several times, vote.
func (w *town) vote(votes map[int][]float64) {
	w.t.Helper()
	batch, tx := w.people.Begin(), writes{}
	for customer, values := range votes {
		b := w.ballot(customer)
		require.NoError(w.t, batch.Cast(w.poll, &b, values))
		w.ballots[customer] = b.Append(nil)
	}
	batch.Write(tx)
	tx.commit(w.stored)
	batch.Done(nil)
}

// image is everything of the population that could be seen from outside.
func (w *town) image() (image [][]byte) {
	for slot := range w.people.sketches {
		image = append(image, w.people.Sketch(slot).Append(nil))
	}
	return image
}

// Customers vote in batches of which some steps are dropped, some commits fail, and some
// take several commits; in between the journal is folded and the population is read again.
func TestWhatIsNotCommittedLeavesNoTrace(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	w := newTown(t, 50, "a", "b", "c")
	for round := range 400 {
		batch, tx := w.people.Begin(), writes{}
		pending := map[int][]byte{}
		written := 0
		for range 1 + random.IntN(30) {
			customer := random.IntN(len(w.ballots))
			b := w.ballot(customer)
			if stored, changed := pending[customer]; changed {
				require.NoError(t, b.Decode(stored))
			}
			mark := batch.Mark()
			if random.IntN(20) == 0 {
				require.NoError(t, batch.Withdraw(&b))
				require.True(t, b.Empty())
			} else {
				values := []float64{random.NormFloat64(), math.Floor(random.ExpFloat64()), math.NaN()}
				if random.IntN(3) == 0 {
					values[2] = float64(random.IntN(1000))
				}
				require.NoError(t, batch.Cast(w.poll, &b, values))
			}
			if random.IntN(10) == 0 {
				batch.Back(mark)
				continue
			}
			pending[customer] = b.Append(nil)
			if random.IntN(40) == 0 { // a commit within the batch
				batch.Write(tx)
				tx.commit(w.stored)
				for customer, stored := range pending {
					w.ballots[customer] = stored
				}
				clear(pending)
				written++
			}
		}
		if random.IntN(4) == 0 { // the last commit fails, or does not come to be
			if random.IntN(2) == 0 {
				batch.Write(tx)
				clear(tx)
			}
			batch.Done(w.stored.has)
		} else {
			batch.Write(tx)
			tx.commit(w.stored)
			for customer, stored := range pending {
				w.ballots[customer] = stored
			}
			if written > 0 {
				batch.Done(w.stored.has)
			} else {
				batch.Done(nil)
			}
		}
		if random.IntN(10) == 0 {
			w.fold()
		}
		if round%8 == 0 {
			w.check()
		}
	}
	w.fold()
	assert.Zero(t, w.stored.bytes(kindJournal))
	assert.Zero(t, w.people.journal.bytes)
	w.check()

	batch, tx := w.people.Begin(), writes{}
	for i := range w.ballots {
		b := w.ballot(i)
		require.NoError(t, batch.Withdraw(&b))
		w.ballots[i] = nil
	}
	batch.Write(tx)
	tx.commit(w.stored)
	batch.Done(nil)
	w.check()
	w.fold()
	assert.Empty(t, w.stored, "when all have gone, nothing is left")
}

// A million customers vote twice, in any order; then one of them is erased. What is left, in
// memory and stored, is what would be there if they had never come.
func TestOneErasedOfAMillion(t *testing.T) {
	t.Parallel()
	const customers, erased = 1_000_000, 777_777
	values := func(customer, round int) [2]float64 {
		random := rand.New(rand.NewPCG(uint64(customer), uint64(round)))
		x := random.NormFloat64()
		return [2]float64{x * x * x, math.Floor(float64(customer%100) / 30)}
	}
	ids := []string{"a", "b"}
	life := func(order func(i int) int, rounds int, skip int) (*town, *Ballot) {
		w := newTown(t, 0, ids...)
		batch, tx := w.people.Begin(), writes{}
		ballots := make([]Bucket, customers*2)
		var b, last Ballot
		for round := 2 - rounds; round < 2; round++ {
			for i := range customers {
				customer := order(i)
				if customer == skip {
					continue
				}
				b.Reset()
				if kept := ballots[customer*2:][:2]; round > 2-rounds {
					b.votes = append(b.votes, kept...)
				}
				v := values(customer, round)
				if err := batch.Cast(w.poll, &b, v[:]); err != nil {
					require.NoError(t, err)
				}
				copy(ballots[customer*2:], b.votes)
				if customer == erased {
					last.votes = slices.Clone(b.votes)
				}
				if i%100_000 == 0 {
					batch.Write(tx)
				}
			}
		}
		batch.Write(tx)
		tx.commit(w.stored)
		batch.Done(nil)
		return w, &last
	}
	with, last := life(func(i int) int { return (i * 7919) % customers }, 2, -1)
	without, _ := life(func(i int) int { return i }, 1, erased)
	assert.NotEqual(t, without.image(), with.image())

	batch, tx := with.people.Begin(), writes{}
	require.NoError(t, batch.Withdraw(last))
	batch.Write(tx)
	tx.commit(with.stored)
	batch.Done(nil)
	with.fold()
	without.fold()
	assert.Equal(t, without.image(), with.image())
	assert.Equal(t, without.stored, with.stored)
	assert.Equal(t, uint64(customers-1), with.poll.Count(0))
}

// Whatever the order, the batches and the folds, the pages are the same.
func TestStoredPagesDependOnTheVotesAlone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 8))
	final := map[int][]float64{}
	for i := range 200 {
		final[i] = []float64{random.NormFloat64(), float64(i)}
	}
	var want shelf
	for range 5 {
		w := newTown(t, 200, "a", "b")
		for range 30 {
			votes := map[int][]float64{}
			for range 20 {
				votes[random.IntN(200)] = []float64{random.ExpFloat64(), random.NormFloat64()}
			}
			w.vote(votes)
			if random.IntN(5) == 0 {
				w.fold()
			}
		}
		w.vote(final)
		w.fold()
		if want == nil {
			want = w.stored
		}
		assert.Equal(t, want, w.stored)
	}
}

// Batches under way beside each other, and a fold beside them, do not disturb each other.
func TestBatchesBesideEachOther(t *testing.T) {
	t.Parallel()
	w := newTown(t, 3, "a")
	open := func(customer int, x float64) (*Batch, writes) {
		batch, tx := w.people.Begin(), writes{}
		b := w.ballot(customer)
		require.NoError(t, batch.Cast(w.poll, &b, []float64{x}))
		w.ballots[customer] = b.Append(nil)
		batch.Write(tx)
		return batch, tx
	}
	first, firstTx := open(0, 1)
	second, secondTx := open(1, 1)
	secondTx.commit(w.stored)
	second.Done(nil)
	w.fold() // of the second alone
	third, _ := open(2, 5)
	w.ballots[2] = nil
	third.Done(w.stored.has) // its commit failed
	firstTx.commit(w.stored)
	first.Done(nil)
	w.check()
	w.fold()
	w.check()
	assert.Equal(t, uint64(2), w.poll.Count(0))
	assert.Equal(t, uint32(0), w.people.reserve(1), "numbers begin again")
}

// A batch took two commits, of which the second failed. A fold came before it looked.
func TestFoldsKnowWhatWasCommitted(t *testing.T) {
	t.Parallel()
	w := newTown(t, 1, "a")
	batch, tx := w.people.Begin(), writes{}
	var b Ballot
	require.NoError(t, batch.Cast(w.poll, &b, []float64{1}))
	batch.Write(tx)
	tx.commit(w.stored)
	w.ballots[0] = b.Append(nil)
	require.NoError(t, batch.Cast(w.poll, &b, []float64{2}))
	batch.Write(tx)
	w.fold()
	require.Zero(t, w.stored.bytes(kindJournal))
	assert.Equal(t, uint32(2), w.people.reserve(1), "the number of a batch that is not done is not free")
	w.people.close(2, false)
	batch.Done(w.stored.has)
	w.check()
	assert.Zero(t, w.people.journal.free, "now it is")
}

// A customer votes again, and a fold comes, before the batch is done that was committed first.
func TestFoldsTakeWhatOthersRestOn(t *testing.T) {
	t.Parallel()
	w := newTown(t, 1, "a")
	first, tx := w.people.Begin(), writes{}
	var b Ballot
	require.NoError(t, first.Cast(w.poll, &b, []float64{1}))
	first.Write(tx)
	tx.commit(w.stored)
	w.ballots[0] = b.Append(nil)
	w.vote(map[int][]float64{0: {2}})
	w.fold()
	first.Done(nil)
	w.check()
	assert.Empty(t, w.people.journal.entries)
}

// After a change of the configuration, what a feature is still called by its id stays.
func TestChangeOfFeatures(t *testing.T) {
	t.Parallel()
	w := newTown(t, 2, "spend", "orders")
	w.vote(map[int][]float64{0: {10, 1}, 1: {20, 2}})

	slate, _, err := Slate{}.With("spend", "orders")
	require.NoError(t, err)
	slate, grew, err := slate.With("views", "", "spend")
	require.NoError(t, err)
	assert.True(t, grew)
	assert.Equal(t, []string{"spend", "orders", "views"}, slate.IDs())
	w.poll = w.people.Poll(slate, "views", "", "spend")
	median, ok := w.poll.Quantile(2, 0.5)
	assert.True(t, ok)
	assert.InDelta(t, 15, median, 0)
	for _, feature := range []int{0, 1} {
		_, ok = w.poll.Quantile(feature, 0.5)
		assert.False(t, ok)
	}

	w.vote(map[int][]float64{1: {7, math.Inf(1), 30}})
	assert.Equal(t, uint64(1), w.poll.Count(0))
	assert.Zero(t, w.poll.Count(1), "it is not voted on")
	assert.Equal(t, uint64(2), w.poll.Count(2))
	assert.Equal(t, uint64(1), w.people.Sketch(1).Count(), "what is gone goes with each customer's next vote")
	w.check()
	w.vote(map[int][]float64{0: {math.NaN(), 0, math.NaN()}})
	b := w.ballot(0)
	assert.True(t, b.Empty())
	assert.Zero(t, w.people.Sketch(1).Count())
	w.check()
}

func TestBallotsOfAnotherPopulation(t *testing.T) {
	t.Parallel()
	w := newTown(t, 1, "a", "b")
	w.vote(map[int][]float64{0: {1, 2}})
	before := w.image()
	stranger := Ballot{votes: []Bucket{BucketOf(1), BucketOf(3)}}
	batch := w.people.Begin()
	require.ErrorIs(t, batch.Withdraw(&stranger), ErrDamaged)
	require.ErrorIs(t, batch.Cast(w.poll, &stranger, []float64{5, 5}), ErrDamaged)
	assert.Equal(t, []Bucket{BucketOf(1), BucketOf(3)}, stranger.votes, "the ballot is as it was")
	batch.Done(nil)
	assert.Equal(t, before, w.image())

	var count Recount
	require.NoError(t, count.Add(&stranger))
	require.EqualError(t, count.Compare(w.people), "slot 1: the votes of customers do not add up to those of the population: "+ErrDamaged.Error())
}

func TestDue(t *testing.T) {
	t.Parallel()
	w := newTown(t, 1, "a")
	for i := range foldRecords {
		require.False(t, w.people.Due(), i)
		w.vote(map[int][]float64{0: {float64(i % 2)}})
	}
	assert.True(t, w.people.Due())
	w.fold()
	assert.False(t, w.people.Due())
	w.vote(map[int][]float64{0: {float64((foldRecords - 1) % 2)}})
	assert.Zero(t, w.stored.bytes(kindJournal), "who votes the same writes nothing")
}

func TestManyThreads(t *testing.T) {
	t.Parallel()
	w := newTown(t, 0, "a", "b")
	done := make(chan error)
	const threads = 4
	for thread := range threads {
		go func() {
			random := rand.New(rand.NewPCG(9, uint64(thread)))
			var b Ballot
			for range 200 {
				batch := w.people.Begin()
				if err := batch.Cast(w.poll, &b, []float64{random.NormFloat64(), 1}); err != nil {
					done <- err
					return
				}
				w.poll.Quantile(0, 0.5)
				batch.Write(writes{})
				batch.Done(nil)
			}
			done <- nil
		}()
	}
	for range threads {
		require.NoError(t, <-done)
	}
	assert.Equal(t, uint64(threads), w.poll.Count(0))
	value, ok := w.poll.Quantile(1, 1)
	assert.True(t, ok)
	assert.InDelta(t, 1, value, 0)
}
