package density

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/internal/population"
)

// Config configures an [Engine].
type Config struct {
	Parameters
	Radius        float64 // of a micro-cluster, in scaled units; 0: chosen from a ladder of radii, again and again
	EventTime     bool    // a tick is a nanosecond of event time; else, it is an applied point
	Keyed         bool    // vectors are of customers: they count in full until they are retracted
	MicroClusters int     // at each radius at most, from 16; 0: 300
	Warmup        int     // vectors that are in before there are segments, from 1; 0: 200
	RefreshPoints int     // applied points between renewals of the metric and of the choice of the radius, from 1; 0: 1000
	Weight        cf.Weight
	Scaling       cf.Scaling
}

// lookInterval is the number of points between looks at the clusters, if RefreshPoints is
// not fewer.
const lookInterval = 50

type base = population.Base

// Engine clusters by density, as DBSTREAM does: see the package.
//
// An insertion costs O(micro-clusters·d) at each radius, a look at the clusters, each 50
// points, O(micro-clusters·d + shared densities).
type Engine struct {
	base
	config     Config
	population *population.Population
	ladder     *ladder
	clock      clock

	cells    map[*population.Micro]*cell // in use, that has its members
	unhoused []*population.Micro         // whose members are in no cell in use: in the order of their numbers
	guests   map[guest]*population.Micro // of imported vectors
	d        int                         // dimensions seen
	cleaned  []float64                   // scratch
}

// clock is how far an engine has come.
type clock struct {
	asOf      int64  // newest event time
	swept     int64  // the tick of the last sweep
	applied   uint64 // points
	looked    uint64 // the applied points at the last look
	refreshed uint64 // and at the last renewal of the metric
	doubts    uint64 // looks in a row that found segments torn or joined
	learning  bool   // vectors go to the cells; before, each waits as a micro-cluster of its own
}

const recordVersion = 1

// NewEngine makes an empty engine, or one to load records into. It errs when the
// configuration contradicts itself.
func NewEngine(config Config) (*Engine, error) {
	config.MicroClusters = cmp.Or(config.MicroClusters, 300)
	config.Warmup = cmp.Or(config.Warmup, 200)
	config.RefreshPoints = cmp.Or(config.RefreshPoints, 1000)
	fault := func(field string, value any, remedy string) error {
		return fmt.Errorf("making a density engine: %s %v: %s", field, value, remedy)
	}
	switch {
	case !(config.Radius >= 0 && config.Radius < cf.Limit):
		return nil, fault("Radius", config.Radius, "use a number above 0, or 0 to have it chosen")
	case !(config.Fading >= 0 && config.Fading <= 1):
		return nil, fault("Fading", config.Fading, "use a number from 0 to 1")
	case config.Cleanup < 1:
		return nil, fault("Cleanup", config.Cleanup, "use 1 or more")
	case !(config.Intersection > 0 && config.Intersection <= 1):
		return nil, fault("Intersection", config.Intersection, "use a number above 0, up to 1")
	case !(config.MinWeight >= 0 && config.MinWeight < cf.Limit):
		return nil, fault("MinWeight", config.MinWeight, "use a number above 0, or 0 to have it follow the weight of all")
	case config.MicroClusters < 16:
		return nil, fault("MicroClusters", config.MicroClusters, "use 16 or more")
	case config.Warmup < 1:
		return nil, fault("Warmup", config.Warmup, "use 1 or more")
	case config.RefreshPoints < 1:
		return nil, fault("RefreshPoints", config.RefreshPoints, "use 1 or more")
	}
	e := &Engine{
		config: config,
		ladder: newLadder(config.Parameters, config.Radius, config.Keyed, config.MicroClusters),
		clock:  clock{asOf: math.MinInt64},
		cells:  map[*population.Micro]*cell{},
		guests: map[guest]*population.Micro{},
	}
	e.clock.learning = config.Radius > 0 && config.Scaling == cf.None // then there is nothing to wait for
	settings := population.Config{
		Name: "a density engine", Version: recordVersion, Order: e.micros, Outliers: true,
		Weight: config.Weight, Scaling: config.Scaling,
	}
	if !config.Keyed && config.Fading > 0 {
		settings.HalfLife = 1 / config.Fading
	}
	e.population = population.New(settings)
	e.base = e.population.Base()
	return e, nil
}

// micros has those in cells, in the order of the cells, and then those that are in none.
func (e *Engine) micros(yield func(*population.Micro) bool) {
	for _, c := range e.ladder.used().cells {
		if c.micro != nil && !yield(c.micro) {
			return
		}
	}
	for _, m := range e.unhoused {
		if !yield(m) {
			return
		}
	}
}

// Insert implements [clustering.Engine].
func (e *Engine) Insert(x []float64, at int64) clustering.MicroID { return e.put(x, at, 0).ID }

// put inserts a vector that comes from a segment, or from outside of the population.
func (e *Engine) put(x []float64, at int64, from clustering.SegmentID) *population.Micro {
	x = e.observe(x)
	weight := e.arrive(at)
	inside, _ := e.population.Weigh(e.tick(at))
	var m *population.Micro
	if e.clock.learning {
		m = e.microOf(e.learn(x, weight))
	} else {
		m = e.population.Found(nil, at)
		e.unhouse(m)
	}
	e.population.Insert(m, inside, x)
	m.Origins.Add(from, inside)
	return m
}

// observe makes what is missing NaN, and x as long as any vector before.
func (e *Engine) observe(x []float64) []float64 {
	x = e.population.Clean(x)
	if len(x) > e.d {
		e.d = len(x)
		e.ladder.widen(e.d)
		if e.clock.learning {
			e.measureBlindly()
		}
	}
	if len(x) < e.d {
		e.cleaned = append(e.cleaned[:0], x...)
		for len(e.cleaned) < e.d {
			e.cleaned = append(e.cleaned, math.NaN())
		}
		return e.cleaned
	}
	return x
}

// arrive brings the clock to the time of a point, and tells what that weighs: less than 1
// if it is late.
func (e *Engine) arrive(at int64) (weight float64) {
	first := e.clock.asOf == math.MinInt64
	e.clock.asOf = max(e.clock.asOf, at)
	if !e.config.EventTime {
		return 1
	}
	if first {
		e.ladder.resume(at, at)
		e.clock.swept = at
	}
	e.ladder.at(e.clock.asOf)
	return math.Exp2(-min(e.config.Fading*since(at, e.clock.asOf), latest))
}

// tick is the one of a point that arrives now.
func (e *Engine) tick(at int64) int64 {
	if e.config.EventTime {
		return at
	}
	return e.ladder.used().now
}

// learn takes a point into the cells.
func (e *Engine) learn(x []float64, weight float64) *cell {
	home, displaced := e.ladder.learn(x, weight)
	for _, c := range displaced {
		e.evict(c)
	}
	return home
}

// evict takes the members of a cell that is no more out of it.
func (e *Engine) evict(c *cell) {
	if m := c.micro; m != nil {
		delete(e.cells, m)
		c.micro = nil
		e.unhouse(m)
	}
}

func (e *Engine) unhouse(m *population.Micro) {
	place, _ := e.unhousedAt(m)
	e.unhoused = slices.Insert(e.unhoused, place, m)
}

func (e *Engine) unhousedAt(m *population.Micro) (place int, found bool) {
	return slices.BinarySearchFunc(e.unhoused, m, func(a, b *population.Micro) int { return cmp.Compare(a.ID, b.ID) })
}

// leaveUnhoused takes a micro-cluster out of those that are in no cell.
func (e *Engine) leaveUnhoused(m *population.Micro) {
	if place, found := e.unhousedAt(m); found {
		e.unhoused = slices.Delete(e.unhoused, place, place+1)
	}
}

// give makes a micro-cluster that of a cell.
func (e *Engine) give(c *cell, m *population.Micro) {
	c.micro, e.cells[m] = m, c
	e.ladder.used().touch(c)
}

// microOf is the micro-cluster of a cell: a new one belongs where the cell does.
func (e *Engine) microOf(c *cell) *population.Micro {
	if c.micro == nil {
		var home *population.Segment
		if neighbour := e.member(c.cluster); neighbour != nil {
			home = neighbour.Segment
		}
		e.give(c, e.population.Found(home, e.clock.asOf))
	}
	return c.micro
}

// member is a micro-cluster of a cluster, nil if that is 0 or nobody is in it.
func (e *Engine) member(cluster uint64) *population.Micro {
	if cluster == 0 {
		return nil
	}
	for _, c := range e.ladder.used().cells {
		if c.cluster == cluster && c.micro != nil {
			return c.micro
		}
	}
	return nil
}

// Retract implements [clustering.Engine].
func (e *Engine) Retract(id clustering.MicroID, x []float64) error {
	_, err := e.take(id, x)
	return err
}

// Erase implements [clustering.Engine]. At every radius, cells without customers go at once, and
// none stays where the vector is: one in use goes to where its other members are.
func (e *Engine) Erase(id clustering.MicroID, x []float64) error {
	if _, err := e.take(id, x); err != nil {
		return err
	}
	measured := e.population.Unlearn(x)
	for _, f := range e.ladder.fields {
		f.erase(x)
	}
	if measured {
		e.ladder.measure(e.population.Metric)
	}
	return nil
}

// Move implements [clustering.Engine].
func (e *Engine) Move(id clustering.MicroID, from, to []float64, at int64) (clustering.MicroID, error) {
	origin, err := e.take(id, from)
	if err != nil {
		return 0, err
	}
	return e.put(to, at, origin).ID, nil
}

// take retracts a vector, and returns the segment that it comes from.
func (e *Engine) take(id clustering.MicroID, x []float64) (from clustering.SegmentID, err error) {
	x = e.observe(x)
	m, err := e.population.Retract(id, x)
	if err != nil {
		return 0, err
	}
	from = m.Origins.Take()
	c := e.cells[m]
	if e.clock.learning {
		e.ladder.leave(x)
	}
	if m.Members.N() > 0 {
		return from, nil
	}
	if c != nil {
		c.micro = nil
		delete(e.cells, m)
		e.ladder.used().touch(c)
	} else {
		e.leaveUnhoused(m)
	}
	e.population.Remove(m)
	return from, nil
}

// Reach is the radius in use, in scaled units: a point that is further from all
// micro-clusters is an outlier until others join it.
func (e *Engine) Reach() float64 { return e.ladder.used().radius }

// Nearest implements [clustering.Engine]: 0 where Insert would find nobody yet.
func (e *Engine) Nearest(x []float64) clustering.MicroID {
	if !e.clock.learning || e.d == 0 {
		return 0
	}
	c := e.ladder.find(e.observe(x))
	if c == nil {
		return 0
	}
	m := c.micro
	if m == nil {
		m = e.member(c.cluster)
	}
	if m == nil {
		return 0
	}
	return m.ID
}
