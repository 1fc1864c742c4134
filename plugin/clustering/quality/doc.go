// Package quality judges segments, under the metric that they were made with.
//
// The indices take the cluster features of the segments alone; empty ones are left out.
// Where an index needs two segments and there is one, it is NaN. All cost O(k²·d).
//
// [Recent] says how the latest arrivals fared, each judged before it was learned: what comes
// is the test of what was learned (prequential evaluation). It is fed with a [Block] of
// arrivals at a time, and costs nothing that grows with the stream.
package quality
