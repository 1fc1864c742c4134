// Package population knows how a feature is distributed over all customers: quantiles to
// clip by and to fill gaps with, a robust centre and scale, a mean for priors.
//
// Each customer votes once for each feature, with the [Bucket] of the value that they have
// now. When it changes, one count goes down and another up: that is all. A [Ballot] is what
// one customer last voted, and kept with them; a [Sketch] is the counts of one feature; a
// [Population] is the sketches of a feature set; a [Slate] gives features their slots in
// ballots and populations, and a [Poll] reads and votes by the features of a configuration.
//
// What it guarantees:
//
//   - One customer, one vote, however many events they have. A value that is not there does
//     not vote.
//   - Counts are integers, so they depend on who votes what and on nothing else: not on the
//     order, not on what was voted before. A customer who is taken out leaves the very bytes
//     that would be there if they had never come.
//   - Values are off by at most [Accuracy], 1 in 256, from 2.4e-38 to 8.5e37 on both sides of
//     zero; whole numbers up to 256 are exact. Buckets are cut out of the bits of a float64
//     and nothing is rounded by a machine's own rules: all processes, and all architectures,
//     agree to the bit.
//   - Memory is bounded by the range of the values, not by customers: about 1 KiB for each
//     factor of two that they span.
//   - A batch writes what it changed, one or two bytes for each count. Now and then, these
//     records are folded into pages of 64 counts.
//   - No stored bytes, however damaged, make decoding panic, or allocate more than the page
//     of memory, half a KiB, that each stored page is.
//
// A feature that ages with the clock, such as the time since an event, is known as of when
// its customer last voted.
package population
