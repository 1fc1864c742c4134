package segments

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering/cf"
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
	mostTicks            = 1e18
)

// densityFields are the parameters of the density engine, for people who know DBSTREAM.
func densityFields() *service.ConfigField {
	return service.NewObjectField(saFieldDensity,
		service.NewStringField(saFieldRadius).
			Description("Radius of a micro-cluster in scaled units, or `auto`, the default: nine radii see the stream side by side, and that one is in use whose segments are best apart.").
			Optional().Examples(autoRadius, 0.5),
		service.NewStringField(saFieldFading).
			Description("How fast what was learned of density fades: a number up to 1 is DBSTREAM's λ, and each point leaves 2^-λ of all weights, so that they halve in 1/λ points; a duration is a half-life in event time. Unless set, 0.003 without `key`, and 0 with it: customers count as long as they are there.").
			Optional().Examples(0.01, "10d", 0),
		service.NewStringField(saFieldCleanupInterval).
			Description("How often micro-clusters that have faded are dropped: a number of points, or a duration in event time. Unless set, 0.3 half-lives.").
			Optional().Examples(100, "1h"),
		service.NewFloatField(saFieldIntersection).
			Description("DBSTREAM's α: two micro-clusters are of one segment when they share more than this part of their mean weight. 0.1 unless set. With `radius: auto`, or with `key` and no min_weight, a third of the lighter one is enough as well.").
			Optional(),
		service.NewFloatField(saFieldMinWeight).
			Description("What a micro-cluster weighs that makes up a segment; what lies in none is an outlier. Unless set, 1 % of all weight, and no less than 3.").
			Optional(),
		service.NewIntField(saFieldMicroClusters).
			Description("Number of micro-clusters at each radius, at most: the weakest makes room for a new one. 300 unless set. What a point changes has to fit into a transaction of the store: with `radius: auto`, more than some 60 features, or a warmup of more than some 1000, need fewer of them or a larger memory_budget.").
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
			if err != nil || !(d.Radius > 0 && d.Radius < cf.Limit) {
				return fmt.Errorf("density.radius %q: use a number of scaled units above 0 and below %g, or auto", text, float64(cf.Limit))
			}
		}
	}
	if conf.Contains(saFieldIntersection) {
		if d.Intersection, err = conf.FieldFloat(saFieldIntersection); err != nil {
			return err
		}
	}
	if conf.Contains(saFieldMinWeight) {
		if d.MinWeight, err = conf.FieldFloat(saFieldMinWeight); err != nil {
			return err
		}
		if !(d.MinWeight > 0 && d.MinWeight <= mostNumber) {
			return fmt.Errorf("density.min_weight %v: use a number above 0, up to %g", d.MinWeight, mostNumber)
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
	fading, err := parseTime(conf, saFieldFading, 0, 1)
	if err != nil {
		return err
	}
	cleanup, err := parseTime(conf, saFieldCleanupInterval, 1, mostNumber)
	if err != nil {
		return err
	}
	if !conf.Contains(saFieldFading) && !d.Keyed {
		fading.points = defaultFading
	}
	switch {
	case cleanup.points != math.Trunc(cleanup.points):
		return fmt.Errorf("density.cleanup_interval %v: use a whole number of points, or a duration such as 1h", cleanup.points)
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
			d.Cleanup = max(1, int64(min(cleanupsPerHalfLife/d.Fading, mostTicks)))
		}
	}
	return nil
}

// times is a field in points, or in event time.
type times struct {
	points float64
	span   time.Duration
}

// parseTime reads a number of points from least to most, or a duration.
func parseTime(conf *service.ParsedConfig, field string, least, most float64) (t times, err error) {
	if !conf.Contains(field) {
		return t, nil
	}
	text, err := conf.FieldString(field)
	if err != nil {
		return t, err
	}
	if points, err := strconv.ParseFloat(text, 64); err == nil && points >= least && points <= most {
		t.points = points
		return t, nil
	}
	if t.span, err = duration.Parse(text); err != nil || t.span == 0 && least > 0 {
		return t, fmt.Errorf("density.%s %q: use a number from %g to %g, or a duration in event time such as 10d", field, text, least, most)
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
