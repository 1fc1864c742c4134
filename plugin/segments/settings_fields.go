package segments

import "github.com/redpanda-data/benthos/v4/public/service"

const (
	saFieldSelect     = "select"
	saFieldWeights    = "weights"
	saFieldTransforms = "transforms"
	saFieldScaling    = "scaling"
	saFieldMissing    = "missing"
	saFieldClip       = "clip"
	saFieldRefresh    = "refresh"
	saFieldPoints     = "points"
	saFieldWarmup     = "warmup"
	saFieldForget     = "forget"
	saFieldLabels     = "labels"

	saFieldHalfLife      = "half_life"
	saFieldInactiveAfter = "inactive_after"

	saFieldKMeans        = "kmeans"
	saFieldOnlineKMeans  = "online_kmeans"
	saFieldK             = "k"
	saFieldKMin          = "k_min"
	saFieldKMax          = "k_max"
	saFieldMicroClusters = "micro_clusters"
	saFieldCenters       = "centers"
	saFieldCenterWeights = "center_weights"
	saFieldDecay         = "decay"
	saFieldFactor        = "factor"
	saFieldUnit          = "unit"

	autoK       = "auto"
	unitBatches = "batches"
	unitPoints  = "points"

	scalingStandard = "standard"
	scalingRobust   = "robust"
	scalingNone     = "none"

	missingMean   = "mean"
	missingZero   = "zero"
	missingReject = "reject"

	defaultMicroClusters = 1000
	defaultClip          = 4
	defaultPoints        = 1000
	defaultWarmup        = 200
	defaultKMin          = 2
	defaultKMax          = 12
	maxK                 = 256
	mostNumber           = 1e12 // of what is weighed, counted or measured in deviations: its square is exact enough
)

// modelFields are the fields that make up the settings.
func modelFields() []*service.ConfigField {
	return []*service.ConfigField{
		service.NewStringListField(saFieldSelect).
			Description("Names of the features to use; a prefix such as `taste` stands for all of `taste.shoes`, `taste.other` and so on. Empty, the default: all.").
			Default([]any{}),
		service.NewFloatMapField(saFieldWeights).
			Description("How much a feature counts in the distance, by name or prefix: 2 makes a deviation count as if it were twice as far. By default each counts 1.").
			Default(map[string]any{}).Example(map[string]any{"spend": 2}),
		service.NewStringMapField(saFieldTransforms).
			Description("How distance sees a feature, by name or prefix: `log1p`, `sqrt` or `asinh`. Centroids are shown transformed back. By default features are taken as they are.").
			Default(map[string]any{}).Example(map[string]any{"spend": "log1p"}),
		service.NewStringEnumField(saFieldScaling, scalingStandard, scalingRobust, scalingNone).
			Description("`standard`, the default, measures each feature in standard deviations of the population; `robust` takes them from the quartiles, so that a few extreme customers do not stretch the scale; `none` takes each feature in its own units. A change of scale moves no stored state.").
			Default(scalingStandard),
		service.NewStringEnumField(saFieldMissing, missingMean, missingZero, missingReject).
			Description("What a missing feature means: `mean`, the default, it says nothing and counts nothing in a distance; `zero`, it is 0; `reject`, the vector is not taken: `status` is `rejected`.").
			Default(missingMean),
		service.NewFloatField(saFieldClip).
			Description("Values further than this many standard deviations from the mean are taken to be there, once the model has warmed up; 0 turns it off. 4 unless set; 0 with `density`, where what is far is an outlier, and many that are drawn in to one place would look like a segment. There, `scaling: robust` keeps extreme values from stretching the scale.").
			Optional().Example(4.0),
		service.NewObjectField(saFieldKMeans,
			service.NewStringField(saFieldK).
				Description("Number of segments, from 1 to 256, or `auto`, the default: the number between `k_min` and `k_max` whose segments are best apart (by the index of Caliński and Harabasz, among those with nearly the best silhouette). It changes when another number was clearly better twice in a row.").
				Optional().Examples("auto", 5),
			service.NewIntField(saFieldKMin).Description("Least number of segments with `k: auto`. 2 unless set.").Optional(),
			service.NewIntField(saFieldKMax).Description("Largest number of segments with `k: auto`. 12 unless set.").Optional(),
			service.NewIntField(saFieldMicroClusters).
				Description("Number of cluster features that summarise the population at most: more are finer and slower. 1000 unless set.").
				Optional(),
		).Description("The default engine: a bounded tree of cluster features summarises the population, and weighted k-means refines the segments from it.").Optional(),
		service.NewObjectField(saFieldOnlineKMeans,
			service.NewStringField(saFieldK).
				Description("Number of segments, from 1 to 256.").Optional().Example(5),
			service.NewAnyField(saFieldCenters).
				Description("Centres to start from: a list of lists of numbers, in transformed units and in the order of `select`, which must be set to full names. Without them, the points of the warm-up choose.").Optional().
				Example([]any{[]any{0.0, 0.0}, []any{1.0, 1.0}}),
			service.NewAnyField(saFieldCenterWeights).
				Description("How many points each starting centre counts for: a list of numbers. 1 unless set.").Optional(),
			service.NewObjectField(saFieldDecay,
				service.NewFloatField(saFieldFactor).
					Description("What the weight of all earlier points is multiplied with at each new one, or for each batch. 1 unless set: nothing is forgotten.").Optional(),
				service.NewStringEnumField(saFieldUnit, unitPoints, unitBatches).
					Description("`points`, the default: the factor is applied at each point. `batches`: once for each batch of messages, whose points go to the centres as they were before it; the same stream in other batches is then another one.").Optional(),
			).Description("How fast centres forget, by count.").Optional(),
			service.NewStringField(saFieldHalfLife).
				Description("How fast centres forget, in event time: the weight of a point halves in this time. Unless set, they do not.").Optional().Example("10d"),
		).Description("Sequential k-means: each point moves its nearest centre. The cheapest engine.").Optional(),
		densityFields(),
		service.NewObjectField(saFieldRefresh,
			service.NewIntField(saFieldPoints).
				Description("Segments are refined after this many applied points, beside the stream; and more often while there are fewer than twenty times as many customers.").Default(defaultPoints),
		).Description("When segments are refined."),
		service.NewIntField(saFieldWarmup).
			Description("Distinct customers, or points, before there are segments; until then `id` is null and `status` is `warming_up`.").
			Default(defaultWarmup),
		service.NewObjectField(saFieldForget,
			service.NewStringField(saFieldHalfLife).
				Description("Without `key` only: the weight of a point halves in this time, in event time. 0s, the default: points count for ever.").Default("0s"),
			service.NewStringField(saFieldInactiveAfter).
				Description("With `key` only: customers without an event of their own for this long, in event time, leave the model; their next event brings them back. 0s, the default: they stay.").Default("0s"),
		).Description("What the model forgets by itself."),
		service.NewStringField(saFieldLabels).
			Description("What a segment is called: a mapping over its profile, which is what `segment_snapshot` shows of it. It is asked whenever segments are refined. Empty, the default: segments are named from what sets them apart.").
			Default("").Example(`root = if this.centroid.spend > 500 { "big spenders" } else { "others" }`),
	}
}

// modelLint says in words what a schema cannot.
const modelLint = `root = if [ "kmeans", "online_kmeans", "density" ].filter(engine -> this.keys().contains(engine)).length() > 1 {
  [ "more than one of density, kmeans, online_kmeans is set: choose exactly one engine" ]
}`
