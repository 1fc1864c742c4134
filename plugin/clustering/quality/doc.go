// Package quality judges segments by their cluster features alone: internal validity
// indices, under the metric that the segments were made with.
//
// Each takes the features of the segments; empty ones are left out. Where an index needs
// two segments and there is one, it is NaN. All cost O(k²·d).
package quality
