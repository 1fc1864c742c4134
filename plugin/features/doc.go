// Package features is the processor feature_extract, which keeps features of each
// customer up to date as events go by and attaches them to the events, the input
// feature_refresh, which shows customers who send nothing as time passes, and the processor
// feature_snapshot, which shows a feature set as a whole.
//
// A batch passes three rooms. [extract.read] takes customer, columns, time and
// identity out of each message, without any lock; what it cannot read is flagged
// and goes no further. [extract.apply] runs one transaction in which each event is a
// step: the ledger says whether it is new, the aggregates change the profile, and the
// customer votes with what that comes to (voting.go).
// [extract.emit] attaches the features once the transaction is committed.
//
// What a customer did before they were erased is refused (erased.go), and what a feature set
// keeps of them is taken back in one place (erasure.go).
//
// An event that is delivered again changes nothing, and goes on with the features
// that the customer has now. A message that cannot be applied is flagged, changes
// nothing, and drags no other down. Of the state, memory holds between batches how many
// customers there are and the newest event time, as committed (census.go), and how their
// values are distributed (people.go); so any number of threads and processors may share a
// feature set, as long as its features are the same.
//
// Medians and quantiles are of all customers, each counted once, with the value as of their
// newest event: also one that ages with the clock, such as a recency, as a refresh is no
// vote. Votes depend on profiles alone, not on the order of events; only those for an
// expression over features that are themselves filled or clipped by the population do.
//
// Models that predictions are made by are fitted beside the stream (fitting.go): the profiles of
// a sample of the customers are known in memory (fit_sample.go), and who is forgotten as idle
// stays in it without a name (fit_departed.go). What a fit goes by is stored before it begins
// (fit_task.go), and it takes effect at a later event that is fixed (fit_advance.go). So parameters depend on the events that there were at the fits, in their
// order, and on nothing else; what is kept of a customer does not depend on them.
//
// A feature set that was reset counts events from the beginning, and says so to models, which go
// on, by higher versions (life.go).
//
// Time passes in two ways. Each event that is applied looks after a few customers who may
// have been idle for too long, and forgets them (idle.go). And feature_refresh goes round
// all of them at an even pace (refresh_pace.go), reads those whose turn it is in short
// transactions without locks (refresh_page.go), and keeps how far its messages were
// acknowledged (refresh_progress.go).
package features
