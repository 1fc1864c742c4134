// Package population is what all clustering engines have in common: micro-clusters, found
// by the numbers that callers hold, the segments that they belong to, the lineage of those,
// the metric, and the records that all of this is saved in.
//
// An engine has a [Population], and embeds its [Base] for the methods of clustering.Engine
// that need nothing else. It decides which micro-cluster takes a vector and, by
// [Population.Recluster] or one by one, which segment a micro-cluster belongs to. What it
// keeps for a micro-cluster of its own, such as its place in a tree, it keeps itself.
//
// To be saved, an engine begins with its header by [Population.Begin], goes on with
// [Population.SaveMetric] and [Population.Save], and adds records of kinds of its own. To be
// loaded, it gives [Population.Load] a function that takes those in, and
// [Population.Ready] one that completes them.
package population
