// Package drift tells when a stream is no longer what it was.
//
// [PageHinkley] and [ADWIN] are detectors of a change in the mean of a sequence of numbers.
// Both take a value by Add, which says whether there is an alarm and what the mean was
// before and is since; go on by themselves after one; are the same to the bit after Append
// and Decode; and allocate nothing in the steady state.
//
// [Monitor] watches vectors with them: how far these lie from the segments, how many of them
// belong to none, and how they spread over the segments. It measures against segments that it
// remembers, so a model that goes on learning raises no alarm; and neither do heavy tails and
// rare values, however the few who have them come.
//
// None of them is safe for concurrent use.
package drift
