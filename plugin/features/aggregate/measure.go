package aggregate

import (
	"math"
	"slices"
	"time"
)

// form is what a measure keeps besides the number and the newest time of its events.
type form string

const (
	formEvents      form = "events"       // nothing, or their weight
	formSum         form = "sum"          // of a column
	formMoments     form = "moments"      // of a column: mean and squared deviations
	formMin         form = "min"          // of a column
	formMax         form = "max"          // of a column
	formFirst       form = "first"        // value of a column
	formLast        form = "last"         // value of a column
	formSpan        form = "span"         // the oldest time
	formRing        form = "ring"         // the newest times
	formDays        form = "days"         // on which there were events
	formDistinct    form = "distinct"     // values of a column
	formBuckets     form = "buckets"      // of the size of a column
	formCategories  form = "categories"   // the most frequent in a column
	formMix         form = "mix"          // a weight for each of the values, and one for the others
	formCircular    form = "circular"     // direction in a period
	formSessions    form = "sessions"     // stretches of events
	formOpening     form = "opening"      // the first day, and the sum of a column on it
	formTiles       form = "tiles"        // number of events by time
	formTileSums    form = "tile_sums"    // and sums of a column
	formTileMins    form = "tile_mins"    // and its least values
	formTileMaxs    form = "tile_maxs"    // and its greatest values
	formTileMoments form = "tile_moments" // and its moments
)

// columnTypes are what the forms read their column as; forms that are not here look only
// whether it is there.
var columnTypes = map[form]Type{
	formSum: AsNumber, formMoments: AsNumber, formMin: AsNumber, formMax: AsNumber,
	formFirst: AsNumber, formLast: AsNumber, formBuckets: AsNumber, formOpening: AsNumber,
	formTileSums: AsNumber, formTileMins: AsNumber, formTileMaxs: AsNumber, formTileMoments: AsNumber,
	formDistinct: AsText, formCategories: AsText, formMix: AsText,
}

// measure is what is kept for one or more features: numbers about those of a
// customer's events that are of the kinds On, have the column Of, and are true in When.
//
// Its state is a tally and what the form keeps. Where there is a half-life, weights and
// sums are as of the newest event of the measure, T: an event at t >= T makes S into
// S*g(t-T)+x, a late one into S+x*g(T-t), where g(d) = 2^(-d/half-life): the same
// whichever comes first. (Decayed sums relative to the newest item, after Cormode,
// Shkapenyuk, Srivastava and Xu, "Forward Decay", ICDE 2009, section 3.) As T is the
// measure's own and not the customer's, its weight is never below 1.
type measure struct {
	Form     form          `json:"form"`
	On       []string      `json:"on,omitempty"` // sorted
	Of       string        `json:"of,omitempty"`
	When     string        `json:"when,omitempty"`
	HalfLife time.Duration `json:"half_life,omitempty"` // nanoseconds
	Scored   bool          `json:"scored,omitempty"`    // the column is of texts, each a score
	Values   []string      `json:"values,omitempty"`    // of a mix, sorted
	Period   string        `json:"period,omitempty"`    // of circular
	Gap      time.Duration `json:"gap,omitempty"`       // of sessions
	Base     time.Duration `json:"base,omitempty"`      // of tiles

	column int // of Of among the columns of the plan, -1 without
	flag   int // of When, -1 without
}

// tally counts the events of a measure. Without any, it is all zero.
type tally struct {
	n      uint64
	newest int64
}

func (m *measure) same(o *measure) bool {
	return m.Form == o.Form && m.Of == o.Of && m.When == o.When && m.HalfLife == o.HalfLife &&
		m.Scored == o.Scored && m.Period == o.Period && m.Gap == o.Gap && m.Base == o.Base &&
		slices.Equal(m.On, o.On) && slices.Equal(m.Values, o.Values)
}

// valid tells that the measure, read from a layout, is one that can be kept.
func (m *measure) valid() bool {
	_, period := periods[m.Period]
	_, base := reaches[m.Base]
	switch m.Form {
	case formEvents, formSum, formMoments, formMin, formMax, formFirst, formLast, formSpan, formRing,
		formDays, formDistinct, formBuckets, formCategories, formMix, formOpening:
	case formCircular:
		return period && m.HalfLife >= 0
	case formSessions:
		return m.Gap > 0
	case formTiles, formTileSums, formTileMins, formTileMaxs, formTileMoments:
		return base
	default:
		return false
	}
	return m.HalfLife >= 0
}

// fade is g: what is left at the later instant of one at the earlier.
func (m *measure) fade(earlier, later int64) float64 {
	if m.HalfLife == 0 || earlier == later {
		return 1
	}
	return math.Exp2(-lasting(earlier, later) / float64(m.HalfLife))
}

// columnType is what the measure reads its column as.
func (m *measure) columnType() Type {
	if m.Scored {
		return AsScore
	}
	return columnTypes[m.Form]
}

// add applies an event of the right kind.
func (m *measure) add(t *tally, s state, e *Event) {
	if m.flag >= 0 && e.Columns[m.flag].number != 1 {
		return
	}
	var value Value
	if m.column >= 0 {
		if value = e.Columns[m.column]; !value.present {
			return
		}
	}
	weight := 1.0
	if m.HalfLife > 0 && t.n > 0 {
		if e.At > t.newest {
			s.fade(m.fade(t.newest, e.At))
		} else {
			weight = m.fade(e.At, t.newest)
		}
	}
	s.add(entry{at: e.At, weight: weight, number: value.number, text: value.text}, *t)
	if t.n == 0 || e.At > t.newest {
		t.newest = e.At
	}
	t.n++
}

// merge adds the state of other events.
func (m *measure) merge(t *tally, s state, other tally, from state) {
	if other.n == 0 {
		return
	}
	own, g := *t, 1.0
	switch {
	case t.n == 0:
		t.newest = other.newest
	case other.newest > t.newest:
		s.fade(m.fade(t.newest, other.newest))
		t.newest = other.newest
	default:
		g = m.fade(other.newest, t.newest)
	}
	s.merge(from, g, own, other)
	t.n += other.n
}
