// Package aggregate keeps per-customer features as a stream of events goes by.
//
// A [Spec] describes one feature; [Compile] turns specs into a [Plan], which
// applies events to a [Profile] and reads features out of it. A [Layout] gives
// everything that was ever kept a place in the customer's record, so that records
// written before a change of the specs are still read right after it.
//
// Inside, a plan keeps measures: a tally of the events that one or more features look
// at, and a state of one form, such as a sum, tiles of time or buckets of values. The
// line of an aggregate in the table of definitions says which measures it needs and how
// it is read from them. README.md has the size of each state.
//
// Predictions are made of the same measures by models of the whole population (package
// predict). A plan says which models it needs, and what these know of a customer; whoever has
// the parameters gives them when features are read.
//
// What it guarantees:
//
//   - The state depends on the set of events, not on their order: times, counts, sums,
//     extremes, tiles, days, distinct values and buckets to the bit; what fades,
//     variances, directions and sums of huge or tiny values to 1e-9. Late events need no watermark.
//   - States of different events merge, whichever event was in which.
//   - Time is event time. Features are read as of an instant, usually that of the
//     customer's newest event, so replay gives the same features as live.
//   - The state of a customer does not grow with the number of events. Features
//     that need the same numbers share them.
//   - Decoding, applying and encoding do not allocate, and no record, however
//     damaged, makes decoding panic or allocate more than the profile needs.
//
// Order matters, within these limits, for
//
//   - sessions: exact while an event is no later than the last four sessions; one that is
//     older is taken to lie within a session;
//   - top, and entropy without values: exact while a column has eight values or fewer;
//   - active_days for life, and predictions: a day that comes when it is 1,024 days in the
//     past is not counted, unless it is before all others; in a merge, the days that both have lost are taken to be the same.
//
// Windows are exact, to the nanosecond, while they hold no more than the newest 32 events
// that a feature looks at: so are all windows of customers who have no more. Those before
// are in tiles that are between 1/16 and 1/7 of their age wide. A tile that a window begins
// in is cut by estimate: in number exactly for two events, as if evenly spaced for more;
// as if all values were the same; its least and greatest value count if any of it does. Over a population any
// window of 1 to 1,024 days is right to 0.2 %.
//
// Values of sums are read to 15 significant digits and 12 after the point, and add up to the
// bit in any order. Those above 10^18 in size, and those that would not have nine digits
// left, add up beside the others as floats: in any order to 1e-9, and to the largest float
// there is where they are more. Event times are Unix nanoseconds, so they lie between the years 1678 and 2262.
// Features that have no value are NaN.
package aggregate
