package features

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/population"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// everyone is what features need to know of all customers: how their values are distributed, and
// the models that they are predicted by.
type everyone struct {
	*population.Poll
	models []fitted // by model of the plan; none: priors
}

// Orders is a model of orders.
func (e everyone) Orders(model int) (predict.Orders, bool) {
	if len(e.models) == 0 || !e.models[model].known {
		return predict.Orders{}, false
	}
	return e.models[model].orders, true
}

// Values is a model of values.
func (e everyone) Values(model int) (predict.Values, bool) {
	if len(e.models) == 0 || !e.models[model].known {
		return predict.Values{}, false
	}
	return e.models[model].values, true
}

// fitted is a model as the last fit that succeeded left it.
type fitted struct {
	id   string        // see aggregate.Model
	kind predict.Model // which says whether it is orders or values

	known         bool // one succeeded
	orders        predict.Orders
	values        predict.Values
	logLikelihood float64
	customers     uint64 // in its sample
	day           int64  // that it was as of, in event time

	fits, failed uint64 // that succeeded, and that did not
	tooFew       uint64 // that there were too few customers for
	dropped      uint64 // that began again, as someone in it was erased
	reason       string // why the last one did not succeed; empty if it did
}

// begin is where the next fit begins.
func (f *fitted) begin() (predict.Orders, predict.Values) {
	if f.known {
		return f.orders, f.values
	}
	return predict.PriorOrders(f.kind), predict.PriorValues()
}

// parameters names the parameters, those of the prior before the first fit, and gives them.
func (f *fitted) parameters() (names []string, values []float64) {
	orders, worth := f.begin()
	if f.kind == aggregate.GammaGamma {
		return worth.Parameters()
	}
	return orders.Parameters()
}

// take makes parameters those of the model.
func (f *fitted) take(p []float64) (err error) {
	if f.kind == aggregate.GammaGamma {
		if len(p) != 3 {
			return errModels
		}
		f.values = predict.Values{P: p[0], Q: p[1], Gamma: p[2]}
		return f.values.Check()
	}
	if len(p) != 4 {
		return errModels
	}
	f.orders = predict.Orders{Model: f.kind, R: p[0], Alpha: p[1], A: p[2], B: p[3]}
	return f.orders.Check()
}

// inForce are the models of a plan, of those that are stored.
func inForce(plan *aggregate.Plan, stored []fitted) []fitted {
	models := make([]fitted, len(plan.Models()))
	for i, m := range plan.Models() {
		models[i] = fitted{id: m.ID, kind: m.Kind}
		if at := slices.IndexFunc(stored, func(f fitted) bool { return f.id == m.ID && f.kind == m.Kind }); at >= 0 {
			models[i] = stored[at]
		}
	}
	return models
}

func modelsKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("models")) }

const modelsVersion = 2

var errModels = errors.New("the record of its models is damaged: restore the newest backup to a new path")

// encodeModels writes their number and, for each, its id, kind, the numbers of fits by what became of
// them, the reason for the last that did not succeed and, after one that did, day, customers, log-likelihood and parameters.
func encodeModels(models []fitted) []byte {
	stored := []byte{modelsVersion}
	stored = binary.AppendUvarint(stored, uint64(len(models)))
	for i := range models {
		f := &models[i]
		stored = appendText(appendText(stored, f.id), string(f.kind))
		for _, n := range [...]uint64{f.fits, f.failed, f.tooFew, f.dropped} {
			stored = binary.AppendUvarint(stored, n)
		}
		stored = appendText(stored, f.reason)
		if !f.known {
			stored = append(stored, 0)
			continue
		}
		_, parameters := f.parameters()
		stored = binary.AppendUvarint(stored, uint64(len(parameters)))
		stored = binary.AppendUvarint(binary.AppendVarint(stored, f.day), f.customers)
		for _, x := range append([]float64{f.logLikelihood}, parameters...) {
			stored = binary.LittleEndian.AppendUint64(stored, math.Float64bits(x))
		}
	}
	return stored
}

// decodeModels reads what encodeModels wrote; nothing is none.
func decodeModels(stored []byte) (models []fitted, err error) {
	if stored == nil {
		return nil, nil
	}
	r := record.Read(stored)
	if r.Byte() != modelsVersion {
		return nil, errModels
	}
	for range r.Count(8) {
		f := fitted{id: takeText(&r), kind: predict.Model(takeText(&r))}
		f.fits, f.failed, f.tooFew, f.dropped, f.reason = r.Uvarint(), r.Uvarint(), r.Uvarint(), r.Uvarint(), takeText(&r)
		if n := r.Count(8); n > 0 {
			f.known, f.day, f.customers, f.logLikelihood = true, r.Varint(), r.Uvarint(), r.Float()
			parameters := make([]float64, n)
			for i := range parameters {
				parameters[i] = r.Float()
			}
			if r.Damaged() || math.IsNaN(f.logLikelihood) {
				return nil, errModels
			}
			if err := f.take(parameters); err != nil {
				return nil, errModels
			}
		}
		models = append(models, f)
	}
	if !r.Complete() {
		return nil, errModels
	}
	return models, nil
}

// readModels reads those that are in force for a plan.
func readModels(r store.Reader, set string, plan *aggregate.Plan) ([]fitted, error) {
	if len(plan.Models()) == 0 {
		return nil, nil
	}
	stored, err := r.Get(modelsKey(set))
	if err != nil {
		return nil, err
	}
	models, err := decodeModels(stored)
	if err != nil {
		return nil, fmt.Errorf("feature set %q: %w", set, err)
	}
	return inForce(plan, models), nil
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

func takeText(r *record.Reader) string { return string(r.Bytes(r.Count(1))) }
