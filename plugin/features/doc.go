// Package features is the processor feature_extract: it keeps features of each
// customer up to date as events go by, and attaches them to the events.
//
// A batch passes three rooms. [extract.read] takes customer, columns, time and
// identity out of each message, without any lock; what it cannot read is flagged
// and goes no further. [extract.apply] runs one transaction in which each event is a
// step: the ledger says whether it is new, and the aggregates change the profile.
// [extract.emit] attaches the features once the transaction is committed.
//
// An event that is delivered again changes nothing, and goes on with the features
// that the customer has now. A message that cannot be applied is flagged, changes
// nothing, and drags no other down. Nothing of the state is kept in memory between
// batches, so there is nothing to roll back, and any number of threads and
// processors may share a feature set, as long as its features are the same.
package features
