// Package cf has cluster features: what has to be known of a set of vectors to
// cluster them, in constant space, and the metric that they are measured with.
//
// A [Feature] is kept for each dimension as the number of vectors that have it, their
// mean and the sum of squared deviations from it, in the numerically stable form of
// BETULA (Lang and Schubert, "BETULA: fast clustering of large data with improved
// BIRCH CF-trees", Information Systems 2022). Features of disjoint sets merge, and a
// vector is retracted as it was inserted: means and sums are carried in twice the
// precision of a float64, so that millions of moves leave no trace, also where a
// feature's mean is a billion times its spread.
//
// A [Metric] measures vectors and features in scaled units. Scale lives in the metric
// alone: features stay in the units of the vectors, and a change of scale rewrites
// nothing.
package cf
