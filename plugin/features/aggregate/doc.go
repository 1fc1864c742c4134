// Package aggregate keeps per-customer features as a stream of events goes by.
//
// A [Spec] describes one feature; [Compile] turns specs into a [Plan], which
// applies events to a [Profile] and reads features out of it. A [Layout] gives
// everything that was ever kept a place in the customer's record, so that records
// written before a change of the specs are still read right after it.
//
// What it guarantees:
//
//   - The state depends on the set of events, not on their order: counts and times
//     exactly, decayed and summed numbers to 1e-9. Late events need no watermark.
//   - Time is event time. Features are read as of an instant, usually that of the
//     customer's newest event, so replay gives the same features as live.
//   - The state of a customer does not grow with the number of events. Features
//     that need the same numbers share them.
//   - Decoding, applying and encoding do not allocate, and no record, however
//     damaged, makes decoding panic or allocate.
//
// Event times are Unix nanoseconds, so they lie between the years 1678 and 2262.
// Features that have no value are NaN.
package aggregate
