package segments

import (
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/store"
)

const (
	tgFieldStore = "store"
	tgFieldModel = "model"
)

// target is the model that a component works on.
type target struct {
	store *store.Label
	model string
}

// targetFields are the first fields of each component.
func targetFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringField(tgFieldStore).Description("Label of the `segment_store` that keeps the model."),
		service.NewStringField(tgFieldModel).Description("Name of the model in the store.").Default("default"),
	}
}

// parseTarget opens the store, so that a component that cannot have it is not built.
func parseTarget(conf *service.ParsedConfig, res *service.Resources) (t target, err error) {
	if t.model, err = conf.FieldString(tgFieldModel); err != nil {
		return t, err
	}
	label, err := conf.FieldString(tgFieldStore)
	if err != nil {
		return t, err
	}
	t.store, err = store.Use(res, label)
	return t, err
}
