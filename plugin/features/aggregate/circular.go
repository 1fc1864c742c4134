package aggregate

import (
	"math"
	"time"

	"github.com/shoal-stream/shoal/plugin/record"
)

// circular is the sum of the directions in which the times of events point on a clock
// whose hand goes round once in a period: so that 23:50 is near 0:10. The length of the
// mean, between 0 and 1, says how closely they keep to one time of the day.
type circular struct {
	phase    func(at int64) float64
	weight   float64
	sin, cos float64
}

// periods give how much of the period that a time is in has passed. Days begin at
// midnight UTC, weeks on Monday, years on the first of January.
var periods = map[string]func(at int64) float64{
	"day": func(at int64) float64 {
		_, into := bucketOf(at, dayNanoseconds)
		return float64(into) / float64(dayNanoseconds)
	},
	"week": func(at int64) float64 {
		const week = 7 * dayNanoseconds
		// The first of January 1970 was a Thursday.
		_, into := bucketOf(at%week+3*dayNanoseconds, week)
		return float64(into) / float64(week)
	},
	"year": func(at int64) float64 {
		t := time.Unix(0, at).UTC()
		begin := time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
		return float64(t.Sub(begin)) / float64(begin.AddDate(1, 0, 0).Sub(begin))
	},
}

func (c *circular) reset() { *c = circular{phase: c.phase} }

func (c *circular) add(e entry, _ tally) {
	sin, cos := math.Sincos(2 * math.Pi * c.phase(e.at))
	c.weight += e.weight
	c.sin += e.weight * sin
	c.cos += e.weight * cos
}

func (c *circular) fade(g float64) {
	c.weight *= g
	c.sin *= g
	c.cos *= g
}

func (c *circular) merge(from state, g float64, _, _ tally) {
	other := from.(*circular)
	c.weight += g * other.weight
	c.sin += g * other.sin
	c.cos += g * other.cos
}

func (c *circular) append(dst []byte, f frame) []byte {
	if f.fading {
		dst = record.AppendCompact(dst, c.weight)
	}
	return record.AppendCompact(record.AppendCompact(dst, c.sin), c.cos)
}

func (c *circular) decode(r *reader, f frame) {
	c.weight = float64(f.tally.n)
	if f.fading {
		c.weight = r.Compact()
	}
	c.sin, c.cos = r.Compact(), r.Compact()
}

func (c *circular) check(t tally) string {
	switch {
	case !plausible(c.weight, t.n):
		return wrongWeight
	case math.Hypot(c.sin, c.cos) > c.weight*(1+1e-9):
		return wrongNumber
	}
	return ""
}
