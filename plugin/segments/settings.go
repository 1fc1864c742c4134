package segments

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/cf"
	"github.com/shoal-stream/shoal/plugin/clustering/density"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
	"github.com/shoal-stream/shoal/plugin/duration"
	"github.com/shoal-stream/shoal/plugin/message"
)

// settings are the configuration of a model, ready to use.
type settings struct {
	definition
	labeller *bloblang.Executor // nil: labels are made from what sets a segment apart
}

func parseSettings(conf *service.ParsedConfig, keyed bool) (s settings, err error) {
	d := &s.definition
	d.Keyed = keyed
	if d.Select, err = conf.FieldStringList(saFieldSelect); err != nil {
		return s, err
	}
	if d.Weights, err = conf.FieldFloatMap(saFieldWeights); err != nil {
		return s, err
	}
	if d.Transforms, err = conf.FieldStringMap(saFieldTransforms); err != nil {
		return s, err
	}
	if d.Scaling, err = conf.FieldString(saFieldScaling); err != nil {
		return s, err
	}
	if d.Missing, err = conf.FieldString(saFieldMissing); err != nil {
		return s, err
	}
	if d.Points, err = conf.FieldInt(saFieldRefresh, saFieldPoints); err != nil {
		return s, err
	}
	if d.Warmup, err = conf.FieldInt(saFieldWarmup); err != nil {
		return s, err
	}
	if d.Labels, err = conf.FieldString(saFieldLabels); err != nil {
		return s, err
	}
	if s.labeller, err = optionalMapping(conf, saFieldLabels); err != nil {
		return s, err
	}
	if err = d.parseForget(conf.Namespace(saFieldForget)); err != nil {
		return s, err
	}
	if err = d.parseEngine(conf); err != nil {
		return s, err
	}
	if err = d.parseClip(conf); err != nil {
		return s, err
	}
	if err = d.check(); err != nil {
		return s, err
	}
	s.definition, err = decodeDefinition("", d.encode()) // as it will be read
	return s, err
}

func (d *definition) parseForget(conf *service.ParsedConfig) error {
	for _, span := range []struct {
		field string
		to    *time.Duration
	}{{saFieldHalfLife, &d.ForgetHalfLife}, {saFieldInactiveAfter, &d.InactiveAfter}} {
		text, err := conf.FieldString(span.field)
		if err != nil {
			return err
		}
		if *span.to, err = duration.Parse(text); err != nil {
			return fmt.Errorf("forget.%s: %w", span.field, err)
		}
	}
	switch {
	case d.Keyed && d.ForgetHalfLife > 0:
		return errors.New("forget.half_life is for points without a key: customers count fully until their features change; use inactive_after, or decay in the features")
	case !d.Keyed && d.InactiveAfter > 0:
		return errors.New("forget.inactive_after is for customers: give a key, or use half_life")
	}
	return nil
}

// parseClip reads what is far. With density that is an outlier unless a limit is set: on the
// limit, strays who have nothing in common would meet.
func (d *definition) parseClip(conf *service.ParsedConfig) (err error) {
	switch {
	case conf.Contains(saFieldClip):
		d.Clip, err = conf.FieldFloat(saFieldClip)
	case d.Engine != saFieldDensity:
		d.Clip = defaultClip
	}
	return err
}

// engines read what is configured of each engine, by its field.
var engines = map[string]func(d *definition, conf *service.ParsedConfig) error{
	saFieldKMeans:       (*definition).parseKMeans,
	saFieldOnlineKMeans: (*definition).parseOnline,
	saFieldDensity:      (*definition).parseDensity,
}

func (d *definition) parseEngine(conf *service.ParsedConfig) error {
	d.Engine = saFieldKMeans
	configured := 0
	for engine := range engines {
		if conf.Contains(engine) {
			d.Engine = engine
			configured++
		}
	}
	if configured > 1 {
		return fmt.Errorf("more than one of %s is set: choose exactly one engine", sortedNames(engines))
	}
	return engines[d.Engine](d, conf.Namespace(d.Engine))
}

func (d *definition) parseKMeans(conf *service.ParsedConfig) (err error) {
	d.MicroClusters = defaultMicroClusters
	if conf.Contains(saFieldMicroClusters) {
		if d.MicroClusters, err = conf.FieldInt(saFieldMicroClusters); err != nil {
			return err
		}
	}
	if conf.Contains(saFieldK) {
		text, err := conf.FieldString(saFieldK)
		if err != nil {
			return err
		}
		if text != autoK {
			return d.parseK(text)
		}
	}
	d.KMin, d.KMax = defaultKMin, defaultKMax
	if conf.Contains(saFieldKMin) {
		if d.KMin, err = conf.FieldInt(saFieldKMin); err != nil {
			return err
		}
	}
	if conf.Contains(saFieldKMax) {
		d.KMax, err = conf.FieldInt(saFieldKMax)
	}
	return err
}

func (d *definition) parseOnline(conf *service.ParsedConfig) (err error) {
	d.Factor = 1
	if conf.Contains(saFieldDecay, saFieldFactor) {
		if d.Factor, err = conf.FieldFloat(saFieldDecay, saFieldFactor); err != nil {
			return err
		}
	}
	if conf.Contains(saFieldDecay, saFieldUnit) {
		unit, err := conf.FieldString(saFieldDecay, saFieldUnit)
		if err != nil {
			return err
		}
		d.Batches = unit == unitBatches
	}
	if conf.Contains(saFieldHalfLife) {
		text, err := conf.FieldString(saFieldHalfLife)
		if err != nil {
			return err
		}
		if d.HalfLife, err = duration.Parse(text); err != nil {
			return fmt.Errorf("online_kmeans.half_life: %w", err)
		}
	}
	if conf.Contains(saFieldCenters) {
		raw, err := conf.FieldAny(saFieldCenters)
		if err != nil {
			return err
		}
		if d.Centers, err = rows(raw); err != nil {
			return fmt.Errorf("online_kmeans.centers%w", err)
		}
	}
	if conf.Contains(saFieldCenterWeights) {
		raw, err := conf.FieldAny(saFieldCenterWeights)
		if err != nil {
			return err
		}
		if d.CenterWeights, err = row(raw); err != nil {
			return fmt.Errorf("online_kmeans.center_weights%w", err)
		}
	}
	if !conf.Contains(saFieldK) {
		return errors.New("online_kmeans.k is not set: give the number of segments, such as 5")
	}
	text, err := conf.FieldString(saFieldK)
	if err != nil {
		return err
	}
	return d.parseK(text)
}

func (d *definition) parseK(text string) (err error) {
	d.K, err = strconv.Atoi(text)
	if err != nil || d.K < 1 || d.K > maxK {
		remedy := ""
		if d.Engine == saFieldKMeans {
			remedy = ", or auto"
		}
		return fmt.Errorf("%s.k %q: use a number from 1 to %d%s", d.Engine, text, maxK, remedy)
	}
	return nil
}

// rows reads a list of lists of numbers. The error goes on after the name of the field.
func rows(raw any) ([][]float64, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf(" is %s: give a list of lists of numbers", message.TypeName(raw))
	}
	table := make([][]float64, len(list))
	for i, each := range list {
		var err error
		if table[i], err = row(each); err != nil {
			return nil, fmt.Errorf("[%d]%w", i, err)
		}
	}
	return table, nil
}

// row reads a list of numbers.
func row(raw any) ([]float64, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf(" is %s: give a list of numbers", message.TypeName(raw))
	}
	numbers := make([]float64, len(list))
	for i, each := range list {
		var err error
		if numbers[i], err = message.Number(each); err != nil || math.IsNaN(numbers[i]) {
			return nil, fmt.Errorf("[%d] is %s: use a finite number", i, message.TypeName(each))
		}
		if cf.Missing(numbers[i]) {
			return nil, fmt.Errorf("[%d] is %v: use a number of less than %g", i, numbers[i], float64(cf.Limit))
		}
	}
	return numbers, nil
}

func (d *definition) check() error {
	for _, name := range slices.Sorted(maps.Keys(d.Transforms)) {
		transform := d.Transforms[name]
		if _, ok := transforms[transform]; !ok {
			return fmt.Errorf("transforms.%s %q: use one of %s", name, transform, sortedNames(transforms))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Weights)) {
		if weight := d.Weights[name]; !(weight >= 0 && weight <= mostNumber) {
			return fmt.Errorf("weights.%s %v: use a number from 0 to %g", name, weight, mostNumber)
		}
	}
	for i, name := range d.Select {
		if name == "" || slices.Contains(d.Select[:i], name) {
			return fmt.Errorf("select[%d] %q: name each feature once", i, name)
		}
	}
	switch segments := max(d.K, d.KMax); {
	case !(d.Clip >= 0 && d.Clip <= mostNumber):
		return fmt.Errorf("clip %v: use a number of scaled units up to %g, or 0 to turn it off", d.Clip, mostNumber)
	case d.Points < 1:
		return fmt.Errorf("refresh.points %d: use 1 or more", d.Points)
	case d.Warmup < 1:
		return fmt.Errorf("warmup %d: use 1 or more", d.Warmup)
	case d.Engine == saFieldKMeans && d.K == 0 && (d.KMin < 2 || d.KMin > maxK):
		return fmt.Errorf("kmeans.k_min %d: use a number from 2 to %d", d.KMin, maxK)
	case d.Engine == saFieldKMeans && d.K == 0 && (d.KMax < d.KMin || d.KMax > maxK):
		return fmt.Errorf("kmeans.k_max %d: use a number from k_min to %d", d.KMax, maxK)
	case d.Engine == saFieldKMeans && d.MicroClusters < max(2*segments, 16):
		return fmt.Errorf("kmeans.micro_clusters %d: use at least %d, twice the number of segments and no less than 16", d.MicroClusters, max(2*segments, 16))
	case d.Engine == saFieldOnlineKMeans && !(d.Factor > 0 && d.Factor <= 1):
		return fmt.Errorf("online_kmeans.decay.factor %v: use a number above 0, up to 1", d.Factor)
	case d.Engine == saFieldOnlineKMeans && d.ForgetHalfLife > 0:
		return errors.New("forget.half_life is for kmeans: use online_kmeans.half_life")
	}
	return cmp.Or(d.checkCenters(), d.checkDensity())
}

func (d *definition) checkCenters() error {
	if d.Centers == nil && d.CenterWeights == nil {
		return nil
	}
	switch {
	case len(d.Centers) != d.K:
		return fmt.Errorf("online_kmeans.centers has %d centres and k is %d: give one for each", len(d.Centers), d.K)
	case d.CenterWeights != nil && len(d.CenterWeights) != d.K:
		return fmt.Errorf("online_kmeans.center_weights has %d weights and k is %d: give one for each", len(d.CenterWeights), d.K)
	case len(d.Select) == 0:
		return errors.New("online_kmeans.centers needs select, which says in which order their numbers are")
	}
	for i, weight := range d.CenterWeights {
		if !(weight >= 0 && weight <= mostNumber) {
			return fmt.Errorf("online_kmeans.center_weights[%d] %v: use a number from 0 to %g", i, weight, mostNumber)
		}
	}
	for i, centre := range d.Centers {
		if len(centre) != len(d.Select) {
			return fmt.Errorf("online_kmeans.centers[%d] has %d numbers and select names %d features: give one for each", i, len(centre), len(d.Select))
		}
	}
	return nil
}

var scalings = map[string]cf.Scaling{scalingStandard: cf.Standard, scalingRobust: cf.Robust, scalingNone: cf.None}

// newEngine makes an empty engine; weight is that of each dimension in the distance.
func (d *definition) newEngine(weight cf.Weight) (clustering.Engine, error) {
	scaling := scalings[d.Scaling]
	switch d.Engine {
	case saFieldKMeans:
		return kmeans.NewTree(kmeans.TreeConfig{
			K:             d.K,
			KMin:          d.KMin,
			KMax:          d.KMax,
			MicroClusters: d.MicroClusters,
			Warmup:        d.Warmup,
			RefreshPoints: d.Points,
			HalfLife:      d.ForgetHalfLife,
			Weight:        weight,
			Scaling:       scaling,
		})
	case saFieldOnlineKMeans:
		return kmeans.NewOnline(kmeans.OnlineConfig{
			K:             d.K,
			Centers:       d.Centers,
			CenterWeights: d.CenterWeights,
			Factor:        d.Factor,
			Batches:       d.Batches,
			HalfLife:      d.HalfLife,
			Warmup:        d.Warmup,
			RefreshPoints: d.Points,
			Weight:        weight,
			Scaling:       scaling,
		})
	case saFieldDensity:
		return density.NewEngine(density.Config{
			Radius:        d.Radius,
			Parameters:    density.Parameters{Fading: d.Fading, Cleanup: d.Cleanup, Intersection: d.Intersection, MinWeight: d.MinWeight},
			EventTime:     d.EventTime,
			Keyed:         d.Keyed,
			MicroClusters: d.MicroClusters,
			Warmup:        d.Warmup,
			RefreshPoints: d.Points,
			Weight:        weight,
			Scaling:       scaling,
		})
	default:
		return nil, fmt.Errorf("engine %q is not known: use one of %s", d.Engine, sortedNames(engines))
	}
}
