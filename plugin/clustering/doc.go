// Package clustering keeps a population in segments while it changes, one vector
// at a time, and never trains from scratch.
//
// An engine summarises the population by micro-clusters: cluster features (package
// cf) of exactly the vectors that they hold. A vector is taken out as exactly as it
// was put in, so a customer who moves leaves no trace where they were, and the
// engine describes the customers as they are now, each counted once. Micro-clusters
// belong to segments; a refinement moves micro-clusters between segments and so
// re-labels everybody at once, without touching what is kept of each customer.
//
// What an engine guarantees:
//
//   - Sizes of segments add up to the vectors that are in, once it has warmed up.
//   - A vector that is erased leaves nothing that was its own: see [Engine].
//   - Numbers of micro-clusters and segments are never used again for another one. What
//     happens to segments is told as events: births, splits, merges, revivals, deaths.
//   - A vector's segment changes only by its own move, and when Advance returns true.
//   - Memory is bounded by the configuration, plus one small alias for each number
//     that somebody still holds of a micro-cluster that has merged into another.
//   - The same calls give the same bytes, also when the engine is saved, dropped and
//     loaded anywhere between two of them: all that influences the future is saved. A
//     refinement may run beside the stream, and takes effect at a point that is fixed
//     when it begins.
//
// Engines are not safe for concurrent use: whoever owns one holds a lock.
//
// The packages below are plain Go: cf has cluster features and the metric they are
// measured with, kmeans the engines, identity the numbers of segments and what happens to
// them, quality the indices of how good segments are.
package clustering
