package aggregate

import (
	"encoding/binary"
	"math"

	"github.com/shoal-stream/shoal/plugin/record"
)

// state is what a measure keeps of one customer besides the tally of its events. All
// verbs leave it so that it depends on the set of events alone, as far as the type can.
// It reuses its memory.
type state interface {
	reset()
	// add counts an event; the tally is that of the events before it.
	add(e entry, before tally)
	// fade multiplies all weights, where there is a half-life.
	fade(g float64)
	// merge adds the state of other events, whose weights count g; the tallies are
	// those of the events of each.
	merge(from state, g float64, own, other tally)
	// append appends the record of the state.
	append(dst []byte, f frame) []byte
	// decode reads what append wrote into a state that was reset.
	decode(r *reader, f frame)
	// check tells what is wrong with a state that has events: "" for nothing. It names
	// no numbers of the customer.
	check(t tally) string
}

// timed is a state that keeps times: its record is in the unit of the record's times.
type timed interface {
	// coarsest is the number of the coarsest unit that all times are multiples of, not
	// coarser than the given.
	coarsest(number int) int
}

// entry is an event as a state sees it.
type entry struct {
	at     int64
	weight float64
	number float64
	text   string
}

// frame is what the record of a state leaves out, as it is told before it.
type frame struct {
	unit   int64 // of times, in nanoseconds
	tally  tally
	fading bool  // there is a half-life
	peer   state // one before it in the record that may have the same tiles, or nil
}

// newState makes the state of a measure.
func newState(m *measure) state {
	fading := m.HalfLife > 0
	switch m.Form {
	case formSum:
		if fading {
			return &fadingSum{}
		}
		return &sum{}
	case formMoments:
		return &moments{}
	case formMin:
		return &extreme{sign: -1}
	case formMax:
		return &extreme{sign: 1}
	case formFirst:
		return &first{}
	case formLast:
		return &last{}
	case formSpan:
		return &span{}
	case formRing:
		return &ring{}
	case formTiles, formTileSums, formTileMins, formTileMaxs, formTileMoments:
		return &pyramid{lane: m.Form, base: int64(m.Base), reach: reaches[m.Base]}
	case formDays:
		return &days{}
	case formDistinct:
		return &distinct{}
	case formBuckets:
		return &buckets{most: mostBuckets(fading)}
	case formCategories:
		return &categories{}
	case formMix:
		return &mix{values: m.Values, weights: make([]float64, len(m.Values)+1)}
	case formCircular:
		return &circular{phase: periods[m.Period]}
	case formOpening:
		return &opening{}
	case formSessions:
		return &sessions{gap: uint64(m.Gap)}
	default:
		if fading {
			return &weight{}
		}
		return nothing{}
	}
}

// unfading is part of states that know no half-life.
type unfading struct{}

func (unfading) fade(float64) {}

// nothing is the state of a measure whose tally says it all.
type nothing struct{ unfading }

func (nothing) reset()                             {}
func (nothing) add(entry, tally)                   {}
func (nothing) merge(state, float64, tally, tally) {}
func (nothing) append(dst []byte, _ frame) []byte  { return dst }
func (nothing) decode(*reader, frame)              {}
func (nothing) check(tally) string                 { return "" }

// reader takes the times of a record, too.
type reader struct{ record.Reader }

// before reads how many units before an instant another was.
func (r *reader) before(instant, unit int64) int64 {
	units := r.Uvarint()
	if units > (uint64(instant)-1<<63)/uint64(unit) { // instant minus the earliest possible
		r.Refuse()
		return instant
	}
	return instant - int64(units)*unit
}

// appendBefore appends how many units before an instant another was; both are multiples
// of the unit.
func appendBefore(dst []byte, instant, earlier, unit int64) []byte {
	return binary.AppendUvarint(dst, uint64(instant/unit-earlier/unit))
}

// appendWeight appends the weight of one of several things: a number of events, unless
// these fade.
func appendWeight(dst []byte, weight float64, fading bool) []byte {
	if fading {
		return record.AppendCompact(dst, weight)
	}
	return binary.AppendUvarint(dst, uint64(weight))
}

// weight reads what appendWeight wrote.
func (r *reader) weight(fading bool) float64 {
	if fading {
		return r.Compact()
	}
	return float64(r.Uvarint())
}

// timeUnits are the units of times in nanoseconds, by their number in a record.
var timeUnits = [...]int64{1, 1e3, 1e6, 1e9}

// coarsest is the number of the coarsest unit that a time is a multiple of, not coarser
// than the given.
func coarsest(t int64, number int) int {
	for t%timeUnits[number] != 0 {
		number--
	}
	return number
}

// lasting is the time between two instants in nanoseconds. The subtraction is unsigned
// because the years 1678 and 2262 are further apart than an int64 holds.
func lasting(earlier, later int64) float64 {
	return float64(uint64(later) - uint64(earlier))
}

// saturate keeps a number finite, as only finite numbers add up again.
func saturate(x float64) float64 {
	return max(-math.MaxFloat64, min(x, math.MaxFloat64))
}

// Words for what is wrong with a state.
const (
	wrongWeight  = "its weights are not those of its number of events"
	wrongNumber  = "a number of it is not in range"
	wrongTime    = "a time of it is not among those of its events"
	wrongNumbers = "its parts do not add up to its number of events"
)

// plausible tells that weights of n events, each faded, can have this total. The newest
// event weighs 1, as registers are as of it. Rounding lets the weight exceed n by a few
// parts in 10^16 for each event.
func plausible(total float64, n uint64) bool {
	const tolerance = 1 + 1e-9
	return total*tolerance >= 1 && total <= float64(n)*tolerance
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
