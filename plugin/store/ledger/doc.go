// Package ledger remembers which events were applied, so that one that is
// delivered again changes no state a second time.
//
// It knows an event by its position in the source (topic, partition, offset), by
// an id, or by both; an event that is known by either was applied. What it
// remembers is a set, not a watermark: it is exact in any order, with any number
// of threads, and with the gaps that compaction and transactions leave in a topic.
// It writes in the transaction that applies the event.
//
// A message may be split into several after it was read, which then all have its position.
// [Parts] numbers those that come in one batch, and each number is a position of its own. Parts
// that come in batches of their own look alike: the first is applied, and the others only if
// they have ids.
//
// Positions cost some 90 kB for a million offsets that arrive in order, most of it what
// notices a topic that was deleted and made anew: of each 64 offsets one timestamp, and the
// range of all. Offsets in no order at all cost a bit each more. Ids cost about 40 bytes each
// until their window has passed.
//
// Once a topic is seen to have begun again, nothing of that partition is applied any more, in
// this process: the step that finds it errs, and so can write nothing down. After a restart it
// is found again by the next offset that the old topic had. A pipeline that drops what errs may
// have come beyond all of these by then; what it brings is applied as it comes, and what it has
// dropped is lost. Do not acknowledge messages that this error flags: let the input deliver them
// again, and set a new source.
package ledger
