// Package density clusters a stream by density, as DBSCAN does a set of points: segments
// have any shape, nobody has to guess how many there are, and what lies in none is told
// apart.
//
// It is DBSTREAM (Hahsler and Bolaños 2016) on the population of this library. Its
// micro-clusters are balls of one radius whose centres move along with the points; two of
// them belong together when enough points lie in both. Their centres, weights and shared
// densities belong to the engine alone, and fade: with time, or with the coming and going of
// customers at the place. What is told of segments is of the vectors that are in: each
// micro-cluster has the cluster feature of exactly its members.
//
// It differs from DBSTREAM where that was not made for customers, or for ever:
//
//   - Segments keep their ids, by package identity; micro-clusters are never numbered anew.
//   - Weights are those of now whenever they are compared.
//   - A customer counts once, at the latest vector, for as long as they are there: those who
//     move take the share of an average member of their micro-cluster along. At each radius,
//     micro-clusters count all customers; one that has moved away passes its count on.
//   - A point belongs to a micro-cluster that makes up a segment rather than to a nearer one
//     that does not: so few points at the border are outliers.
//   - What has passed a threshold (MinWeight, Intersection) has to fall to half of it before
//     it counts as below, and segments are torn or joined when ten looks in a row agree: so
//     they do not come and go.
//   - There is a bound on the number of micro-clusters: the weakest makes room.
//   - The radius may be left to the stream. A ladder of radii is tried side by side, and the
//     one is used in whose clusters the latest points had the best silhouette, each before it
//     was learned; of those about as good, the one amid the longest stretch that finds as many
//     clusters in effect, once it was better three times in a row.
//   - With a ladder, or with customers and no MinWeight, a cluster may also be joined to a
//     heavier one by a third of its own weight, and a small one beside it is of its fringe.
package density
