package segments

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/clustering"
	"github.com/shoal-stream/shoal/plugin/clustering/kmeans"
	"github.com/shoal-stream/shoal/plugin/message"
)

// settings are the configuration of a model: its definition, and what may change
// from one start to the next.
type settings struct {
	definition    definition
	microClusters int
	points        int // applied points between refinements
	warmup        int
	clip          float64
	centers       [][]float64
	centerWeights []float64
	factor        float64 // by which older points fade with each new one
}

func parseSettings(conf *service.ParsedConfig) (s settings, err error) {
	d := &s.definition
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
	if s.clip, err = conf.FieldFloat(saFieldClip); err != nil {
		return s, err
	}
	if s.points, err = conf.FieldInt(saFieldRefresh, saFieldPoints); err != nil {
		return s, err
	}
	if s.warmup, err = conf.FieldInt(saFieldWarmup); err != nil {
		return s, err
	}
	if err = s.parseEngine(conf); err != nil {
		return s, err
	}
	return s, s.check()
}

func (s *settings) parseEngine(conf *service.ParsedConfig) error {
	tree, online := conf.Contains(saFieldKMeans), conf.Contains(saFieldOnlineKMeans)
	switch {
	case tree && online:
		return errors.New("kmeans and online_kmeans are both set: choose exactly one engine")
	case tree:
		s.definition.Engine = saFieldKMeans
		return s.parseKMeans(conf.Namespace(saFieldKMeans))
	case online:
		s.definition.Engine = saFieldOnlineKMeans
		return s.parseOnline(conf.Namespace(saFieldOnlineKMeans))
	default:
		return errors.New("no engine is set: add kmeans or online_kmeans, such as kmeans: { k: 5 }")
	}
}

func (s *settings) parseKMeans(conf *service.ParsedConfig) (err error) {
	s.microClusters = defaultMicroClusters
	if conf.Contains(saFieldMicroClusters) {
		if s.microClusters, err = conf.FieldInt(saFieldMicroClusters); err != nil {
			return err
		}
	}
	return s.parseK(conf)
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
	}
	return numbers, nil
}

func (s *settings) parseOnline(conf *service.ParsedConfig) (err error) {
	s.factor = 1
	if conf.Contains(saFieldDecay, saFieldFactor) {
		if s.factor, err = conf.FieldFloat(saFieldDecay, saFieldFactor); err != nil {
			return err
		}
	}
	if conf.Contains(saFieldCenters) {
		raw, err := conf.FieldAny(saFieldCenters)
		if err != nil {
			return err
		}
		if s.centers, err = rows(raw); err != nil {
			return fmt.Errorf("online_kmeans.centers%w", err)
		}
	}
	if conf.Contains(saFieldCenterWeights) {
		raw, err := conf.FieldAny(saFieldCenterWeights)
		if err != nil {
			return err
		}
		if s.centerWeights, err = row(raw); err != nil {
			return fmt.Errorf("online_kmeans.center_weights%w", err)
		}
	}
	return s.parseK(conf)
}

func (s *settings) parseK(conf *service.ParsedConfig) error {
	if !conf.Contains(saFieldK) {
		return fmt.Errorf("%s.k is not set: give the number of segments, such as 5", s.definition.Engine)
	}
	text, err := conf.FieldString(saFieldK)
	if err != nil {
		return err
	}
	k, err := strconv.Atoi(text)
	if err != nil || k < 1 || k > maxK {
		return fmt.Errorf("%s.k %q: use a number from 1 to %d", s.definition.Engine, text, maxK)
	}
	s.definition.K = k
	return nil
}

func (s *settings) check() error {
	d := s.definition
	for name, transform := range d.Transforms {
		if _, ok := transforms[transform]; !ok {
			return fmt.Errorf("transforms.%s %q: use one of %s", name, transform, sortedNames(transforms))
		}
	}
	for name, weight := range d.Weights {
		if !(weight >= 0) || math.IsInf(weight, 1) {
			return fmt.Errorf("weights.%s %v: use a number from 0", name, weight)
		}
	}
	for i, name := range d.Select {
		if name == "" || slices.Contains(d.Select[:i], name) {
			return fmt.Errorf("select[%d] %q: name each feature once", i, name)
		}
	}
	switch {
	case !(s.clip >= 0):
		return fmt.Errorf("clip %v: use a number of standard deviations, or 0 to turn it off", s.clip)
	case s.points < 1:
		return fmt.Errorf("refresh.points %d: use 1 or more", s.points)
	case s.warmup < 1:
		return fmt.Errorf("warmup %d: use 1 or more", s.warmup)
	case d.Engine == saFieldKMeans && s.microClusters < max(2*d.K, 16):
		return fmt.Errorf("kmeans.micro_clusters %d: use at least %d, twice k and no less than 16", s.microClusters, max(2*d.K, 16))
	case d.Engine == saFieldOnlineKMeans && !(s.factor > 0 && s.factor <= 1):
		return fmt.Errorf("online_kmeans.decay.factor %v: use a number above 0, up to 1", s.factor)
	}
	return s.checkCenters()
}

func (s *settings) checkCenters() error {
	if s.centers == nil && s.centerWeights == nil {
		return nil
	}
	d := s.definition
	switch {
	case len(s.centers) != d.K:
		return fmt.Errorf("online_kmeans.centers has %d centres and k is %d: give one for each", len(s.centers), d.K)
	case s.centerWeights != nil && len(s.centerWeights) != d.K:
		return fmt.Errorf("online_kmeans.center_weights has %d weights and k is %d: give one for each", len(s.centerWeights), d.K)
	case len(d.Select) == 0:
		return errors.New("online_kmeans.centers needs select, which says in which order their numbers are")
	}
	for i, centre := range s.centers {
		if len(centre) != len(d.Select) {
			return fmt.Errorf("online_kmeans.centers[%d] has %d numbers and select names %d features: give one for each", i, len(centre), len(d.Select))
		}
	}
	return nil
}

// same tells that two processors may share a model.
func (s settings) same(other settings) bool {
	return slices.Equal(s.definition.encode(), other.definition.encode()) &&
		s.microClusters == other.microClusters && s.points == other.points && s.warmup == other.warmup &&
		s.clip == other.clip && s.factor == other.factor && slices.Equal(s.centerWeights, other.centerWeights) &&
		slices.EqualFunc(s.centers, other.centers, slices.Equal[[]float64])
}

// newEngine makes an empty engine; weight is that of each dimension in the distance.
func newEngine(s settings, weight func(dimension int) float64) (clustering.Engine, error) {
	switch s.definition.Engine {
	case saFieldKMeans:
		return kmeans.NewTree(kmeans.TreeConfig{
			K:             s.definition.K,
			MicroClusters: s.microClusters,
			Warmup:        s.warmup,
			RefreshPoints: s.points,
			Weight:        weight,
			Scaling:       s.definition.Scaling == scalingStandard,
		})
	case saFieldOnlineKMeans:
		return kmeans.NewOnline(kmeans.OnlineConfig{
			K:             s.definition.K,
			Centers:       s.centers,
			CenterWeights: s.centerWeights,
			Factor:        s.factor,
			Warmup:        s.warmup,
			RefreshPoints: s.points,
			Weight:        weight,
			Scaling:       s.definition.Scaling == scalingStandard,
		})
	default:
		return nil, fmt.Errorf("engine %q is not known: use one of %s", s.definition.Engine, "kmeans, online_kmeans")
	}
}
