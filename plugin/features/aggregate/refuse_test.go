package aggregate_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	for want, spec := range map[string]aggregate.Spec{
		`features[1].name "": give`:                                                         {Agg: aggregate.Count},
		`features[1].name "a..b": give`:                                                     {Name: "a..b", Agg: aggregate.Count},
		`features[1].agg "avg": use one of [count`:                                          {Name: "f", Agg: "avg"},
		`features[1].agg: name an aggregate, or give an expression`:                         {Name: "f"},
		`features[1].of: sum needs it`:                                                      {Name: "f", Agg: aggregate.Sum},
		`features[1].of: ratio does not take it`:                                            {Name: "f", Agg: aggregate.Ratio, To: []string{"a"}, Of: "c"},
		`features[1].to: ratio needs it`:                                                    {Name: "f", Agg: aggregate.Ratio},
		`features[1].values: mix needs it`:                                                  {Name: "f", Agg: aggregate.Mix, Of: "c"},
		`features[1].values[1] "a": name each once`:                                         {Name: "f", Agg: aggregate.Mix, Of: "c", Values: []string{"a", "a"}},
		`features[1].values: "other" is the name`:                                           {Name: "f", Agg: aggregate.Mix, Of: "c", Values: []string{"other"}},
		`features[1].on[0] "": name each once`:                                              {Name: "f", Agg: aggregate.Count, On: []string{""}},
		`features[1].half_life: since_last does not take`:                                   {Name: "f", Agg: aggregate.SinceLast, HalfLife: day},
		`features[1].half_life -1d: use at least 1s`:                                        {Name: "f", Agg: aggregate.Count, HalfLife: -day},
		`features[1].half_life 1ms: use at least 1s`:                                        {Name: "f", Agg: aggregate.Count, HalfLife: time.Millisecond},
		`features[1].half_life 40000d: use at most 36500d, or leave it out`:                 {Name: "f", Agg: aggregate.Count, HalfLife: 40000 * day},
		`features[1].half_life: max does not take it`:                                       {Name: "f", Agg: aggregate.Max, Of: "c", HalfLife: day},
		`features[1].window 1d beside half_life 1d: use one`:                                {Name: "f", Agg: aggregate.Count, HalfLife: day, Window: day},
		`features[1].window 1m: use at least 5m`:                                            {Name: "f", Agg: aggregate.Count, Window: time.Minute},
		`features[1].window -1m: use at least 5m`:                                           {Name: "f", Agg: aggregate.Count, Window: -time.Minute},
		`features[1].window 1025d: use at most 1024d, which is how far back tiles are kept`: {Name: "f", Agg: aggregate.Count, Window: 1025 * day},
		`features[1].window: quantile does not take it: remove it, or use it with one of [count sum mean sentiment variance stddev min max rate active_days share ratio]`: {Name: "f", Agg: aggregate.Quantile, Of: "c", Q: new(0.5), Window: day},
		`features[1].window 36h: active_days are whole days`:           {Name: "f", Agg: aggregate.ActiveDays, Window: 36 * time.Hour},
		`features[1].when: share needs it: name a boolean column`:      {Name: "f", Agg: aggregate.Share},
		`features[1].q: quantile needs it: a share from 0 to 1`:        {Name: "f", Agg: aggregate.Quantile, Of: "c"},
		`features[1].q 90: use a share from 0 to 1`:                    {Name: "f", Agg: aggregate.Quantile, Of: "c", Q: new(90.0)},
		`features[1].q NaN: use a share from 0 to 1`:                   {Name: "f", Agg: aggregate.Quantile, Of: "c", Q: new(math.NaN())},
		`features[1].q: mean does not take it`:                         {Name: "f", Agg: aggregate.Mean, Of: "c", Q: new(0.9)},
		`features[1].period: circular needs it: use day, week or year`: {Name: "f", Agg: aggregate.Circular},
		`features[1].period "month": use day, week or year`:            {Name: "f", Agg: aggregate.Circular, Period: "month"},
		`features[1].gap -1s: use a time above 0`:                      {Name: "f", Agg: aggregate.Sessions, Gap: -time.Second},
		`features[1].gap: count does not take it`:                      {Name: "f", Agg: aggregate.Count, Gap: time.Second},
		`features[1].unit "years": use seconds`:                        {Name: "f", Agg: aggregate.Interval, Unit: "years"},
		`features[1].clip: it limits nothing`:                          {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{}},
		`features[1].clip.min 3 is above clip.max 2: exchange them`:    {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{Min: new(3.0), Max: new(2.0)}},
		`features[1].clip.max +Inf: use a finite number`:               {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{Max: new(math.Inf(1))}},
		`features[1].clip: quantiles beside min or max`:                {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{Max: new(1.0), Quantiles: &[2]float64{0, 1}}},
		`features[1].clip.quantiles [0.9 0.1]: put the lower first`:    {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{Quantiles: &[2]float64{0.9, 0.1}}},
		`features[1].clip.quantiles [1 99]: use shares from 0 to 1`:    {Name: "f", Agg: aggregate.Count, Clip: &aggregate.Clip{Quantiles: &[2]float64{1, 99}}},
		`features[1].missing "mode": use a number, last, median`:       {Name: "f", Agg: aggregate.Count, Fill: "mode"},
		`features[1].missing: a number and "last": use one of them`:    {Name: "f", Agg: aggregate.Count, Fill: aggregate.FillLast, Missing: new(1.0)},
		`features[1].missing "last": an expression has no events`:      {Name: "f", Expression: "o/o", Fill: aggregate.FillLast},
		`features[1].expression beside agg count: use one of them`:     {Name: "f", Agg: aggregate.Count, Expression: "o/o"},
		`features[1].on: an expression does not take it`:               {Name: "f", On: []string{"a"}, Expression: "o/o"},
		`features[1].unit "fortnights": use seconds`:                   {Name: "f", Agg: aggregate.SinceLast, Unit: "fortnights"},
		`features[1].unit: count does not take it`:                     {Name: "f", Agg: aggregate.Count, Unit: "days"},
		`features[1].per "dozen": use seconds`:                         {Name: "f", Agg: aggregate.Rate, Per: "dozen"},
		`features[1].transform "ln": use log1p`:                        {Name: "f", Agg: aggregate.Count, Transform: "ln"},
		`features[1].model "pareto_nbd": use mbg_nbd or bg_nbd`:        {Name: "f", Agg: aggregate.PAlive, Model: "pareto_nbd"},
		`features[1].horizon: p_alive does not take it`:                {Name: "f", Agg: aggregate.PAlive, Horizon: day},
		`features[1].horizon 1m: use a time from 1h to 36500d`:         {Name: "f", Agg: aggregate.ExpectedOrders, Horizon: time.Minute},
		`features[1].horizon 40000d: use a time from 1h`:               {Name: "f", Agg: aggregate.ExpectedOrders, Horizon: 40000 * day},
		`features[1].of: lifetime_value needs it`:                      {Name: "f", Agg: aggregate.LifetimeValue},
		`features[1].discount -0.1: use a share from 0 to 10`:          {Name: "f", Agg: aggregate.LifetimeValue, Of: "c", Discount: new(-0.1)},
		`features[1].discount NaN: use a share from 0 to 10`:           {Name: "f", Agg: aggregate.LifetimeValue, Of: "c", Discount: new(math.NaN())},
		`features[1].window: expected_orders does not take it`:         {Name: "f", Agg: aggregate.ExpectedOrders, Window: day},
		`features: "orders" is the name of two features`:               {Name: "orders", Agg: aggregate.Count},
		`features: "taste.bags" is the name of two feature`:            {Name: "taste.bags", Agg: aggregate.Count},
	} {
		_, err := aggregate.Compile([]aggregate.Spec{
			{Name: "orders", Agg: aggregate.Count},
			spec,
			{Name: "taste", Agg: aggregate.Mix, Of: "c", Values: []string{"bags"}},
		})
		require.ErrorContains(t, err, want)
	}
	nan := math.NaN()
	_, err := aggregate.Compile([]aggregate.Spec{{Name: "f", Agg: aggregate.Mean, Of: "c", Missing: &nan}})
	assert.ErrorContains(t, err, "features[0].missing NaN: use a finite number")
}

func TestCompileRefusesTooMany(t *testing.T) {
	t.Parallel()
	var specs []aggregate.Spec
	for i := range 100 {
		specs = append(specs, aggregate.Spec{Name: fmt.Sprint("f", i), Agg: aggregate.Circular, Period: "day"})
	}
	_, err := aggregate.Compile(specs)
	require.NoError(t, err)
	_, err = aggregate.Compile(append(specs, aggregate.Spec{Name: "one more", Agg: aggregate.Count}))
	require.ErrorContains(t, err, "features: there are 201 with all that have several: use at most 200")
}
