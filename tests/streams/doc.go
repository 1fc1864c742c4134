// Package streams makes labelled point streams that drift, from fixed seeds, and scores a
// clustering of them against the labels.
//
// The kinds follow the groups by which stream clusterings are commonly judged. Clusters of several
// shapes, sizes and densities, with outliers around, are the idea of MDCGen (Iglesias, Zseby,
// Ferreira and Zimek, 2019); streams of them that are stationary, that drift, or in which clusters
// follow each other, that of the Data for Evaluation of Stream Data Analysis Algorithms (Iglesias,
// 2021), on which the Temporal Silhouette (2023) was judged; several drifts at once, that of the
// paper of SDOstreamclust, Stream Clustering Robust to Concept Drift. Clusters that follow key
// frames are also those of the R package stream (Hahsler, Bolaños and Forrest, 2017). The adjusted
// Rand index is that of Hubert and Arabie (1985).
//
//   - Stable: clusters stay as they are.
//   - Moving: centres travel four to six diameters of their cluster, in bent lines.
//   - Changing: centres stay; spread, shape, direction and weight of each cluster change.
//   - Sequential: clusters are born and vanish, two to five live at a time, none comes back.
//   - MultiDrift: one or two large clusters among small dense ones, of which some move, some are
//     born, some vanish, and some change their weight.
//
// Clusters lie in a box [0,100]^d before each dimension takes its unit. A cluster is a Gaussian
// cut at its reach, or uniform, and round or long; so it has a surface, and all its points are
// inside. Between the surfaces of two clusters there is always at least the larger radius, also to
// where the other was in the last twentieth of the stream. Noise is uniform over the box and a
// tenth of its side around, outside of all living clusters.
package streams
