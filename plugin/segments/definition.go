package segments

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// definition is the part of a model's configuration that its state depends on: a
// model built under one definition cannot go on under another. It is kept with the
// model, as JSON, so that tools can open the model without the configuration.
type definition struct {
	Keyed      bool               `json:"keyed"`
	Engine     string             `json:"engine"`
	K          int                `json:"k"`
	Select     []string           `json:"select,omitempty"`
	Transforms map[string]string  `json:"transforms,omitempty"`
	Weights    map[string]float64 `json:"weights,omitempty"`
	Scaling    string             `json:"scaling"`
	Missing    string             `json:"missing"`
}

func (d definition) encode() []byte {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and finite numbers always encode
	}
	return text
}

// checkSame explains how a stored definition differs from the configured one.
func (d definition) checkSame(model string, stored []byte) error {
	var old definition
	if err := json.Unmarshal(stored, &old); err != nil {
		return fmt.Errorf("model %q: its definition is damaged: restore the newest backup to a new path: %w", model, err)
	}
	if slices.Equal(old.encode(), d.encode()) {
		return nil
	}
	before, now := old.fields(), d.fields()
	var differences []string
	for _, field := range slices.Sorted(maps.Keys(now)) {
		if before[field] != now[field] {
			differences = append(differences, fmt.Sprintf("%s was %s and is %s", field, before[field], now[field]))
		}
	}
	return fmt.Errorf("model %q is stored with another definition (%s): change it back, or give the new model a name of its own in the field model", model, strings.Join(differences, ", "))
}

// fields are the fields as JSON, for comparing and for messages.
func (d definition) fields() map[string]string {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(d.encode(), &raw); err != nil {
		panic(err) // it was just encoded
	}
	shown := map[string]string{}
	for field := range reflect.TypeFor[definition]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		shown[name] = "not set"
		if text, set := raw[name]; set {
			shown[name] = string(text)
		}
	}
	return shown
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
