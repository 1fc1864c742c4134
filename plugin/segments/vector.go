package segments

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/shoal-stream/shoal/plugin/message"
)

// maxFeatures bounds the dimensions of a model: names that come from the data may
// be without end.
const maxFeatures = 1024

// errMissing is the error of a vector that lacks a feature where missing is reject.
var errMissing = errors.New("missing: give it a number, or set missing to mean or zero")

// space maps named features to the dimensions of a model. Dimensions are only ever
// added, in the order in which their names were first seen.
type space struct {
	definition definition
	selected   map[string]struct{} // empty: all
	names      []string
	index      map[string]int
	transforms []transform
	grown      bool // names were added that are not in the store yet
}

func newSpace(d definition) *space {
	s := &space{definition: d, selected: map[string]struct{}{}, index: map[string]int{}}
	for _, name := range d.Select {
		s.selected[name] = struct{}{}
	}
	return s
}

// names are stored as a JSON array.
func (s *space) encode() []byte {
	text, err := json.Marshal(s.names)
	if err != nil {
		panic(err) // strings always encode
	}
	return text
}

func (s *space) decode(stored []byte) error {
	var names []string
	if err := json.Unmarshal(stored, &names); err != nil {
		return fmt.Errorf("the names of its features are damaged: restore the newest backup to a new path: %w", err)
	}
	for _, name := range names {
		s.admit(name)
	}
	s.grown = false
	return nil
}

func (s *space) admit(name string) {
	t, ok := transforms[transformOf(s.definition, name)]
	if !ok {
		t = identity
	}
	s.index[name] = len(s.names)
	s.names = append(s.names, name)
	s.transforms = append(s.transforms, t)
	s.grown = true
}

// truncate forgets the dimensions from n on, which nothing was learned of.
func (s *space) truncate(n int) {
	for _, name := range s.names[n:] {
		delete(s.index, name)
	}
	s.names, s.transforms = s.names[:n], s.transforms[:n]
}

func transformOf(d definition, name string) string {
	t, _ := prefixed(d.Transforms, name)
	return t
}

// weight is that of a dimension in the distance.
func (s *space) weight(dimension int) float64 {
	if w, ok := prefixed(s.definition.Weights, s.names[dimension]); ok {
		return w
	}
	return 1
}

// number is a value of a message, checked, with the dimension it belongs to.
type number struct {
	name  string
	value float64
}

// vector writes into dst what the features of a message mean to distance:
// selected, transformed, NaN where missing. New names add dimensions, unless there
// is an error: then nothing is changed.
func (s *space) vector(dst []float64, features any) ([]float64, error) {
	dst = dst[:0]
	for range s.names {
		dst = append(dst, math.NaN())
	}
	var fresh []number
	take := func(name string, raw any) error {
		dimension, known := s.index[name]
		if !known && !s.selects(name) {
			return nil
		}
		value, err := message.Number(raw)
		if err != nil {
			return fmt.Errorf("feature %q is %w", name, err)
		}
		if !known {
			fresh = append(fresh, number{name, value})
			return nil
		}
		dst[dimension], err = s.transform(name, s.transforms[dimension], value)
		return err
	}

	switch f := features.(type) {
	case map[string]any:
		for name, raw := range f {
			if err := take(name, raw); err != nil {
				return nil, err
			}
		}
	case []any:
		for i, raw := range f {
			if err := take(strconv.Itoa(i), raw); err != nil {
				return nil, err
			}
		}
	default:
		return nil, fmt.Errorf("features is %s: map it to an object of numbers or an array of numbers", message.TypeName(features))
	}
	if s.definition.Missing == missingReject {
		if err := s.fill(dst); err != nil {
			return nil, err // before new names are added
		}
	}
	dst, err := s.grow(dst, fresh)
	if err != nil {
		return nil, err
	}
	return dst, s.fill(dst)
}

// grow adds the new names in their own order, whichever way the map gave them.
func (s *space) grow(dst []float64, fresh []number) ([]float64, error) {
	if len(fresh) == 0 {
		return dst, nil
	}
	if len(s.names)+len(fresh) > maxFeatures {
		return nil, fmt.Errorf("the model has %d features and would get %d more, over the limit of %d: name those to use in select", len(s.names), len(fresh), maxFeatures)
	}
	slices.SortFunc(fresh, func(a, b number) int { return compareNames(a.name, b.name) })
	for i, f := range fresh {
		value, err := s.transform(f.name, transformNamed(transformOf(s.definition, f.name)), f.value)
		if err != nil {
			return nil, err
		}
		fresh[i].value = value
	}
	for _, f := range fresh {
		s.admit(f.name)
		dst = append(dst, f.value)
	}
	return dst, nil
}

// compareNames puts the indices of an array in the order of the array.
func compareNames(a, b string) int {
	if len(a) != len(b) && isIndex(a) && isIndex(b) {
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func isIndex(name string) bool {
	_, err := strconv.ParseUint(name, 10, 32)
	return err == nil
}

func transformNamed(name string) transform {
	if t, ok := transforms[name]; ok {
		return t
	}
	return identity
}

func (s *space) transform(name string, t transform, value float64) (float64, error) {
	if value <= t.lowest {
		return 0, fmt.Errorf("feature %q is outside of what its transform %s takes: give it %s", name, transformOf(s.definition, name), t.domain)
	}
	return t.apply(value), nil
}

// fill treats what is missing as the definition says.
func (s *space) fill(x []float64) error {
	if s.definition.Missing == missingMean {
		return nil // a dimension that is not observed adds nothing and counts nothing
	}
	for i, value := range x {
		if !math.IsNaN(value) {
			continue
		}
		if s.definition.Missing == missingReject {
			return fmt.Errorf("feature %q: %w", s.names[i], errMissing)
		}
		x[i] = s.transforms[i].apply(0)
	}
	return nil
}

func (s *space) selects(name string) bool {
	if len(s.selected) == 0 {
		return true
	}
	_, ok := prefixed(s.selected, name)
	return ok
}
