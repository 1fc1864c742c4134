// Package store keeps Shoal's state: one embedded Badger database per directory,
// shared by every component of the process that names the directory.
//
// A component reaches it in three steps. [Use] finds the store behind the label of
// a cache resource when the component is built, so that a bad store stops the
// start and never the stream. [Label.Do] holds the store open while a batch is
// worked on, also across a reload of the configuration. [Store.Update] runs one
// transaction for the batch, in which each event is a [Tx.Step]:
//
//   - what one step sets is committed together or not at all;
//   - a batch is one commit, unless it grows past what Badger takes at once; then
//     it is several, in order, and never splits a step;
//   - the keys named by the locks are nobody else's meanwhile: no update is lost and
//     nothing has to be retried, however many threads there are;
//   - when a commit fails, what components keep in memory is told to roll back.
//
// Who was erased is remembered by a keyed hash ([Tombstones]), so that what they did before is
// refused. A store that is not running can be rewritten without what was deleted ([Compact]),
// backed up ([Backup]) and restored ([Restore]): each leaves all or nothing, whatever dies.
//
// Keys are made by [Key]: a kind, a namespace and a suffix, so that components and
// configurations never meet.
package store
