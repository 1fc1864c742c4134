// Package ledger remembers which events were applied, so that one that is
// delivered again changes no state a second time.
//
// It knows an event by its position in the source (topic, partition, offset), by
// an id, or by both; an event that is known by either was applied. What it
// remembers is a set, not a watermark: it is exact in any order, with any number
// of threads, and with the gaps that compaction and transactions leave in a topic.
// It writes in the transaction that applies the event.
//
// Positions cost some 90 kB for a million offsets that arrive in order, most of it what
// notices a topic that was deleted and made anew: of each 64 offsets one timestamp, and the
// range of all. Offsets in no order at all cost a bit each more. Ids cost about 40 bytes each until their window has passed.
package ledger
