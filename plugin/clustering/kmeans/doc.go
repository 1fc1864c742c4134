// Package kmeans has two engines that keep a population in k segments.
//
// [Tree] summarises the population in a bounded tree of cluster features, and refines
// the segments from the summary by weighted k-means: what it finds is what batch
// k-means would find on the population as it is now. It is the one to use.
//
// [Online] is textbook sequential k-means: each point moves its nearest centre. It is
// the cheapest, and equal to the formulas of Spark MLlib and Flink ML, which
// [Sequential] has alone.
//
// Both keep, for each micro-cluster, the cluster feature of exactly its members, and
// save what changed as small records.
package kmeans
