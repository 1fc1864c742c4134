// Package identity keeps the numbers of segments while clusterings come and go, and
// tells what happened to them.
//
// A clustering knows clusters, in any order. [Tracker] says which of them are the
// segments that were there before, from where their weight has been, as in MONIC
// (Spiliopoulou et al. 2006) and MEC (Oliveira and Gama 2012), but by the lineage of
// micro-clusters instead of points: whoever shares most with a segment carries on its
// number, which the Hungarian method decides for all at once. What is left over was
// born, split off, merged away, or has died; what comes back to where a segment was
// before gets that segment's number again. No number is ever used for another.
package identity
