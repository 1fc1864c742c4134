package density

import (
	"iter"
	"math"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
)

// The rungs of the ladder, in scaled units for each root of a dimension that counts.
const (
	finest     = 0.05
	rungs      = 9
	rise       = math.Sqrt2
	plateau    = 0.1 // of the silhouette: radii whose score is within this of the best are as good
	similar    = 1.1 // times as many clusters are about the same number
	persistent = 3   // times in a row that another radius has to be the best
	nested     = 0.3 // of the lighter of two micro-clusters connects them
	sample     = 4   // points, of which one is judged
)

// What a micro-cluster weighs at least that makes up a segment, unless that is configured.
const (
	few   = 3
	share = 0.01 // of all weight
)

// ladder is the same stream seen at one radius, or at several: then that one is in use
// whose clusters are apart best.
type ladder struct {
	fields          []*field
	use             int
	doubts          uint64 // times in a row that another radius was the best
	settled         bool   // a radius was chosen
	auto            bool
	most            int     // cells in a field
	learned, scored uint64  // points
	landmark        int64   // tick at which a unit of weight is 1
	total           float64 // weight of all points: of customers, their number

	z []float64 // the point in scaled units
}

func newLadder(p Parameters, radius float64, keyed bool, most int) *ladder {
	l := &ladder{auto: radius == 0, most: most}
	if !l.auto {
		f := newField(p, radius, keyed)
		if keyed && p.MinWeight == 0 {
			f.nested = nested
		}
		l.fields = []*field{f}
		return l
	}
	for range rungs {
		f := newField(p, 0, keyed)
		f.nested = nested
		l.fields = append(l.fields, f)
	}
	l.use = rungs / 2
	return l
}

func (l *ladder) used() *field { return l.fields[l.use] }

// measure puts a metric in force. The radii of a ladder go by the number of dimensions
// that count.
func (l *ladder) measure(m *cf.Metric) {
	for i, f := range l.fields {
		if l.auto {
			f.radius = finest * math.Pow(rise, float64(i)) * math.Sqrt(float64(max(1, m.Active())))
		}
		f.measure(m)
	}
	l.z = make([]float64, m.Dims())
}

// Units of weight grow with time instead of weights fading; before they are too large, all
// weights are brought down.
const (
	maxHalfLives = 40
	maxFade      = 300 // half-lives at once: below, weights would lose their digits
	latest       = 60  // half-lives: who is later weighs as if they were that late
)

// since is the time between two ticks, which may be further apart than an int64 holds.
func since(earlier, later int64) float64 { return float64(later) - float64(earlier) }

// at brings the clock to a tick.
func (l *ladder) at(tick int64) {
	f := l.used()
	if !f.keyed {
		l.total *= math.Exp2(-f.Fading * since(f.now, tick))
	}
	ahead, scale := f.Fading*since(l.landmark, tick), 1.0
	if ahead > maxHalfLives {
		l.landmark, scale, ahead = tick, math.Exp2(-min(ahead, maxFade)), 0
	}
	unit := math.Exp2(ahead)
	for _, f := range l.fields {
		f.at(tick, unit, scale)
	}
}

// resume sets the clock as it was saved.
func (l *ladder) resume(tick, landmark int64) {
	l.landmark = landmark
	unit := math.Exp2(l.used().Fading * since(landmark, tick))
	for _, f := range l.fields {
		f.now, f.unit = tick, unit
	}
}

func (l *ladder) widen(d int) {
	for _, f := range l.fields {
		f.widen(d)
	}
}

// learn takes a point, and returns the cell in use that it is a member of, and those that
// had to make room for it.
func (l *ladder) learn(x []float64, weight float64) (home *cell, displaced []*cell) {
	l.used().metric.Scale(l.z, x)
	if l.used().keyed {
		l.total++ // a customer counts as one, however late they come
	} else {
		l.total += weight
	}
	l.learned++
	scored := l.auto && l.learned%sample == 0
	if scored {
		l.scored++
	}
	for i, f := range l.fields {
		f.around(l.z)
		if scored {
			f.judge(l.z, l.scored)
		}
		var gone []*cell
		if len(f.near) == 0 {
			gone = f.makeRoom(l.most - 1)
		}
		c := f.learn(x, l.z, weight)
		if i == l.use {
			home, displaced = c, gone
		}
	}
	return home, displaced
}

// leave lets a customer go.
func (l *ladder) leave(x []float64) {
	l.total--
	l.used().metric.Scale(l.z, x)
	for _, f := range l.fields {
		f.leave(l.z)
	}
}

// look finds the clusters at the radius in use, or at each.
func (l *ladder) look(all bool) {
	for i, f := range l.fields {
		if all || i == l.use {
			f.look(l.least())
		}
	}
}

// least is what a cell weighs that makes up a cluster.
func (l *ladder) least() float64 {
	if least := l.used().MinWeight; least > 0 {
		return least
	}
	return max(few, share*l.total)
}

// choose takes a radius into use that is good: see best. It does so when another one has been
// better for a while. It is true if the radius is another.
func (l *ladder) choose() bool {
	best := l.best()
	if best == l.use {
		l.doubts = 0
		return false
	}
	if l.doubts++; l.doubts < persistent && l.settled {
		return false
	}
	l.use, l.doubts, l.settled = best, 0, true
	return true
}

// best is a radius whose score is near the highest. Of stretches of neighbours that find
// about the same number of clusters, it is in the longest: what holds at many radii is in
// the data. That is the one in use, if it is amid a stretch as long, else the one in the middle,
// of two the finer: what it finds is not joined by chance.
// A lone cluster is best where nothing has a higher score.
func (l *ladder) best() int {
	scores, clusters, highest := make([]float64, len(l.fields)), make([]float64, len(l.fields)), 0.0
	for i, f := range l.fields {
		scores[i], clusters[i] = f.score()
		highest = max(highest, scores[i])
	}
	good := func(i int) bool {
		if clusters[i] == 1 {
			return scores[i] >= highest
		}
		return scores[i] >= highest-plateau
	}
	alike := func(i, j int) bool {
		return max(clusters[i], clusters[j]) <= similar*min(clusters[i], clusters[j]) && (clusters[i] == 1) == (clusters[j] == 1)
	}
	best, longest := l.use, 0
	for begin := 0; begin < len(scores); {
		end := begin
		for end < len(scores) && good(end) && (end == begin || alike(end-1, end)) {
			end++
		}
		holds := begin <= l.use && l.use < end
		if n := end - begin; n > longest || n == longest && holds {
			best, longest = begin+(n-1)/2, n
			if begin < l.use && l.use < end-1 {
				best = l.use
			}
		}
		begin = max(end, begin+1)
	}
	return best
}

// find is the cell in use that takes a point, nil when it lies in none.
func (l *ladder) find(x []float64) *cell {
	f := l.used()
	f.metric.Scale(l.z, x)
	f.around(l.z)
	return f.home()
}

// nearestStrong is the strong cell in use that is nearest to a point, and no further from
// it than its radius and the slack; nil when there is none.
func (l *ladder) nearestStrong(x []float64, slack float64) (nearest *cell) {
	f := l.used()
	f.metric.Scale(l.z, x)
	least := (f.radius + slack) * (f.radius + slack)
	for _, c := range f.cells {
		if squared := f.squared(l.z, f.row(c), least); c.strong && squared < least {
			nearest, least = c, squared
		}
	}
	return nearest
}

// widest is the largest of the radii.
func (l *ladder) widest() float64 { return l.fields[len(l.fields)-1].radius }

// sweep drops what has faded at each radius, and returns the cells in use that are gone.
func (l *ladder) sweep() (dropped []*cell) {
	for i, f := range l.fields {
		if gone := f.sweep(); i == l.use {
			dropped = gone
		}
	}
	return dropped
}

// judge scores each radius anew, by points that were learned.
func (l *ladder) judge(points iter.Seq[[]float64]) {
	l.scored = 0
	for x := range points {
		l.scored++
		l.used().metric.Scale(l.z, x)
		for _, f := range l.fields {
			f.around(l.z)
			f.judge(l.z, l.scored)
		}
	}
}
