package segments

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/duration"
)

const (
	saFieldDensity         = "density"
	saFieldRadius          = "radius"
	saFieldFading          = "fading"
	saFieldCleanupInterval = "cleanup_interval"
	saFieldIntersection    = "intersection"
	saFieldMinWeight       = "min_weight"

	autoRadius           = "auto"
	defaultFading        = 0.003
	defaultCleanup       = 100 // points
	cleanupsPerHalfLife  = 0.3
	defaultIntersection  = 0.1
	defaultDensityMicros = 300
	leastDensityMicros   = 16
	mostRadius           = 1e6 // in scaled units
	mostTicks            = 1e12
)

// densityFields are the parameters of the density engine, for people who know DBSTREAM.
func densityFields() *service.ConfigField {
	return service.NewObjectField(saFieldDensity,
		service.NewStringField(saFieldRadius).
			Description("Radius of a micro-cluster in scaled units, or `auto`, the default: nine radii see the stream side by side, and that one is in use whose segments are best apart.").
			Optional().Examples(autoRadius, 0.5),
		service.NewStringField(saFieldFading).
			Description("How fast what was learned of density fades: a number is DBSTREAM's λ, by which weights halve 2^-λ with each point; a duration is a half-life in event time. Unless set, 0.003 without `key`, and 0 with it: customers count as long as they are there.").
			Optional().Examples(0.01, "10d", 0),
		service.NewStringField(saFieldCleanupInterval).
			Description("How often micro-clusters that have faded are dropped: a number of points, or a duration in event time. Unless set, 0.3 half-lives.").
			Optional().Examples(100, "1h"),
		service.NewFloatField(saFieldIntersection).
			Description("DBSTREAM's α: two micro-clusters are of one segment when they share more than this part of their mean weight. 0.1 unless set.").
			Optional(),
		service.NewFloatField(saFieldMinWeight).
			Description("What a micro-cluster weighs that makes up a segment; what lies in none is an outlier. Unless set, 1 % of all weight, and no less than 3.").
			Optional(),
		service.NewIntField(saFieldMicroClusters).
			Description("Number of micro-clusters at each radius, at most: the weakest makes room for a new one. 300 unless set.").
			Optional(),
	).Description("Streaming DBSCAN: micro-clusters with shared density (DBSTREAM). Finds segments of any shape, how many there are, and outliers; for data that has gaps.").Optional()
}

func (d *definition) parseDensity(conf *service.ParsedConfig) (err error) {
	d.Intersection, d.MicroClusters = defaultIntersection, defaultDensityMicros
	if conf.Contains(saFieldRadius) {
		text, err := conf.FieldString(saFieldRadius)
		if err != nil {
			return err
		}
		if text != autoRadius {
			d.Radius, err = strconv.ParseFloat(text, 64)
			if err != nil || !(d.Radius > 0 && d.Radius <= mostRadius) {
				return fmt.Errorf("density.radius %q: use a number above 0 in scaled units, or auto", text)
			}
		}
	}
	for field, to := range map[string]*float64{saFieldIntersection: &d.Intersection, saFieldMinWeight: &d.MinWeight} {
		if conf.Contains(field) {
			if *to, err = conf.FieldFloat(field); err != nil {
				return err
			}
			if field == saFieldMinWeight && !(*to > 0) {
				return fmt.Errorf("density.min_weight %v: use a number above 0", *to)
			}
		}
	}
	if conf.Contains(saFieldMicroClusters) {
		if d.MicroClusters, err = conf.FieldInt(saFieldMicroClusters); err != nil {
			return err
		}
	}
	return d.parseFading(conf)
}

// parseFading reads the two times of the density engine, which are counted in points or in
// nanoseconds of event time.
func (d *definition) parseFading(conf *service.ParsedConfig) error {
	fading, err := parseTime(conf, saFieldFading)
	if err != nil {
		return err
	}
	cleanup, err := parseTime(conf, saFieldCleanupInterval)
	if err != nil {
		return err
	}
	if !conf.Contains(saFieldFading) && !d.Keyed {
		fading.points = defaultFading
	}
	switch {
	case fading.points > 1:
		return fmt.Errorf("density.fading %v: use a number up to 1, or a half-life such as 10d", fading.points)
	case conf.Contains(saFieldCleanupInterval) && cleanup.span == 0 && (cleanup.points < 1 || cleanup.points != math.Trunc(cleanup.points)):
		return fmt.Errorf("density.cleanup_interval %v: use a whole number of points, from 1, or a duration", cleanup.points)
	case fading.points > 0 && cleanup.span > 0 || fading.span > 0 && cleanup.points > 0:
		return errors.New("density.fading and density.cleanup_interval are not of one kind: give both in points, or both in event time")
	}
	d.EventTime = fading.span > 0 || cleanup.span > 0
	d.Fading, d.Cleanup = fading.points, int64(cleanup.points)
	if d.EventTime {
		d.Cleanup = int64(cleanup.span)
		if fading.span > 0 {
			d.Fading = 1 / float64(fading.span)
		}
	}
	if d.Cleanup == 0 {
		d.Cleanup = defaultCleanup
		if d.Fading > 0 {
			d.Cleanup = max(1, int64(cleanupsPerHalfLife/d.Fading))
		}
	}
	return nil
}

// times is a field in points, or in event time.
type times struct {
	points float64
	span   time.Duration
}

func parseTime(conf *service.ParsedConfig, field string) (t times, err error) {
	if !conf.Contains(field) {
		return t, nil
	}
	text, err := conf.FieldString(field)
	if err != nil {
		return t, err
	}
	if t.points, err = strconv.ParseFloat(text, 64); err == nil && t.points >= 0 && t.points < mostTicks {
		return t, nil
	}
	t.points = 0
	if t.span, err = duration.Parse(text); err != nil {
		return t, fmt.Errorf("density.%s %q: use a number for points, or a duration such as 10d for event time", field, text)
	}
	return t, nil
}

func (d *definition) checkDensity() error {
	switch {
	case d.Engine != saFieldDensity:
		return nil
	case !(d.Intersection > 0 && d.Intersection <= 1):
		return fmt.Errorf("density.intersection %v: use a number above 0, up to 1", d.Intersection)
	case d.MicroClusters < leastDensityMicros:
		return fmt.Errorf("density.micro_clusters %d: use %d or more", d.MicroClusters, leastDensityMicros)
	case d.ForgetHalfLife > 0:
		return errors.New("forget.half_life is for kmeans: use density.fading")
	}
	return nil
}
