package segments

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// definition is the configuration of a model. It is kept with the model, as JSON, so
// that tools can open the model without the configuration, and a change is noticed.
type definition struct {
	Keyed      bool               `json:"keyed" change:"refused"`
	Engine     string             `json:"engine" change:"rebuild"`
	K          int                `json:"k" change:"refine"` // 0: auto
	KMin       int                `json:"k_min,omitempty" change:"refine"`
	KMax       int                `json:"k_max,omitempty" change:"refine"`
	Select     []string           `json:"select,omitempty" change:"rebuild"`
	Transforms map[string]string  `json:"transforms,omitempty" change:"rebuild"`
	Weights    map[string]float64 `json:"weights,omitempty" change:"refine"`
	Scaling    string             `json:"scaling" change:"refine"`
	Missing    string             `json:"missing" change:"rebuild"`

	MicroClusters int           `json:"micro_clusters,omitempty" change:"none"`
	Points        int           `json:"refresh_points" change:"none"` // applied points between refinements
	Warmup        int           `json:"warmup" change:"none"`
	Clip          float64       `json:"clip" change:"none"`
	Centers       [][]float64   `json:"centers,omitempty" change:"none"`
	CenterWeights []float64     `json:"center_weights,omitempty" change:"none"`
	Factor        float64       `json:"factor,omitempty" change:"none"` // by which older points fade with each new one
	Batches       bool          `json:"batches,omitempty" change:"none"`
	HalfLife      time.Duration `json:"half_life,omitempty" change:"none"` // of what the centres of online_kmeans learned

	Radius       float64 `json:"radius,omitempty" change:"rebuild"`     // of density, in scaled units; 0: auto
	Fading       float64 `json:"fading,omitempty" change:"rebuild"`     // λ, by tick
	EventTime    bool    `json:"event_time,omitempty" change:"rebuild"` // a tick is a nanosecond of it, not a point
	Cleanup      int64   `json:"cleanup,omitempty" change:"refine"`     // in ticks
	Intersection float64 `json:"intersection,omitempty" change:"refine"`
	MinWeight    float64 `json:"min_weight,omitempty" change:"refine"` // 0: by the weight of all

	ForgetHalfLife time.Duration `json:"forget_half_life,omitempty" change:"refused"` // of points
	InactiveAfter  time.Duration `json:"inactive_after,omitempty" change:"reindex"`   // of customers
	Labels         string        `json:"labels,omitempty" change:"none"`
}

// change is what a new definition asks of what a model has learned, from the least to the
// most.
type change int

const (
	changeNone    change = iota
	changeRefine         // segments are refined at once
	changeReindex        // and it is noted anew when to look after each customer
	changeRebuild        // and each customer is put into a new engine
	changeRefused
)

var changes = map[string]change{"none": changeNone, "refine": changeRefine, "reindex": changeReindex, "rebuild": changeRebuild, "refused": changeRefused}

// fades tells that the points of the population weigh less and less.
func (d definition) fades() bool { return d.ForgetHalfLife > 0 || !d.Keyed && d.Fading > 0 }

func (d definition) encode() []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and finite numbers always encode: check has seen them
	}
	return text
}

func decodeDefinition(model string, stored []byte) (d definition, err error) {
	if err := json.Unmarshal(stored, &d); err != nil {
		return d, fmt.Errorf("model %q: its definition is damaged: restore the newest backup to a new path: %w", model, err)
	}
	return d, nil
}

func (d definition) same(other definition) bool { return slices.Equal(d.encode(), other.encode()) }

// compare tells what it takes to go on from an older definition with this one, and how
// they differ, in words.
func (d definition) compare(old definition) (most change, differences string) {
	before, now := reflect.ValueOf(old), reflect.ValueOf(d)
	var list []string
	for field := range reflect.TypeFor[definition]().Fields() {
		a, b := before.FieldByIndex(field.Index).Interface(), now.FieldByIndex(field.Index).Interface()
		if reflect.DeepEqual(a, b) {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		list = append(list, fmt.Sprintf("%s was %s and is %s", name, shown(a), shown(b)))
		most = max(most, changes[field.Tag.Get("change")])
	}
	if most == changeRebuild && !d.Keyed {
		most = changeRefused // there is nothing to build it from
	}
	return most, strings.Join(list, ", ")
}

// shown is a value of a definition as people read it.
func shown(value any) string {
	if d, ok := value.(time.Duration); ok {
		return d.String()
	}
	if reflect.ValueOf(value).IsZero() {
		return "not set"
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is part of what encode takes
	}
	return string(text)
}

// prefixed looks a feature up by its full name, or by a prefix before a dot: taste
// stands for taste.shoes and taste.other.
func prefixed[V any](table map[string]V, name string) (V, bool) {
	for {
		if value, ok := table[name]; ok {
			return value, true
		}
		cut := strings.LastIndexByte(name, '.')
		if cut < 0 {
			var none V
			return none, false
		}
		name = name[:cut]
	}
}

// sortedNames lists the keys of a map in order, for messages.
func sortedNames[V any](table map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(table)), ", ")
}
