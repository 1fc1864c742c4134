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

	saFieldKMeans        = "kmeans"
	saFieldOnlineKMeans  = "online_kmeans"
	saFieldK             = "k"
	saFieldMicroClusters = "micro_clusters"
	saFieldCenters       = "centers"
	saFieldCenterWeights = "center_weights"
	saFieldDecay         = "decay"
	saFieldFactor        = "factor"

	scalingStandard = "standard"
	scalingNone     = "none"

	missingMean   = "mean"
	missingZero   = "zero"
	missingReject = "reject"

	defaultMicroClusters = 1000
	defaultPoints        = 1000
	defaultWarmup        = 200
	maxK                 = 256
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
		service.NewStringEnumField(saFieldScaling, scalingStandard, scalingNone).
			Description("`standard`, the default, measures each feature in standard deviations of the population; `none` takes it in its own units. A change of scale moves no stored state.").
			Default(scalingStandard),
		service.NewStringEnumField(saFieldMissing, missingMean, missingZero, missingReject).
			Description("What a missing feature means: `mean`, the default, it says nothing and counts nothing in a distance; `zero`, it is 0; `reject`, the message is an error.").
			Default(missingMean),
		service.NewFloatField(saFieldClip).
			Description("Values further than this many standard deviations from the mean are taken to be there, once the model has warmed up. 0 turns it off.").
			Default(4.0),
		service.NewObjectField(saFieldKMeans,
			service.NewStringField(saFieldK).
				Description("Number of segments, from 1 to 256.").Optional().Example(5),
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
					Description("What the weight of all earlier points is multiplied with at each new one. 1 unless set: nothing is forgotten.").Optional(),
			).Description("How fast centres forget.").Optional(),
		).Description("Sequential k-means: each point moves its nearest centre. The cheapest engine.").Optional(),
		service.NewObjectField(saFieldRefresh,
			service.NewIntField(saFieldPoints).
				Description("Segments are refined after this many applied points.").Default(defaultPoints),
		).Description("When segments are refined."),
		service.NewIntField(saFieldWarmup).
			Description("Distinct customers, or points, before there are segments; until then `id` is null and `status` is `warming_up`.").
			Default(defaultWarmup),
	}
}

// modelLint says in words what a schema cannot.
const modelLint = `root = if this.exists("kmeans") && this.exists("online_kmeans") {
  [ "kmeans and online_kmeans are both set: choose exactly one engine" ]
} else if !this.exists("kmeans") && !this.exists("online_kmeans") {
  [ "no engine is set: add kmeans or online_kmeans, such as kmeans: { k: 5 }" ]
}`
