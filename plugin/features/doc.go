// Package features is the processor feature_extract, which keeps features of each
// customer up to date as events go by and attaches them to the events, and the input
// feature_refresh, which shows customers who send nothing as time passes.
//
// A batch passes three rooms. [extract.read] takes customer, columns, time and
// identity out of each message, without any lock; what it cannot read is flagged
// and goes no further. [extract.apply] runs one transaction in which each event is a
// step: the ledger says whether it is new, and the aggregates change the profile.
// [extract.emit] attaches the features once the transaction is committed.
//
// An event that is delivered again changes nothing, and goes on with the features
// that the customer has now. A message that cannot be applied is flagged, changes
// nothing, and drags no other down. Of the state, memory holds between batches how many
// customers there are and the newest event time, as committed (census.go); so any number
// of threads and processors may share a feature set, as long as its features are the same.
//
// Time passes in two ways. Each event that is applied looks after a few customers who may
// have been idle for too long, and forgets them (idle.go). And feature_refresh goes round
// all of them at an even pace (refresh_pace.go), reads those whose turn it is in short
// transactions without locks (refresh_page.go), and keeps how far its messages were
// acknowledged (refresh_progress.go).
package features
