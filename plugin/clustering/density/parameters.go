package density

// Parameters are those of DBSTREAM, but for the radius. A tick is a point, or a nanosecond
// of event time.
type Parameters struct {
	Fading       float64 // λ, by tick: a weight fades by 2^-λ
	Cleanup      int64   // ticks between sweeps for what has faded
	Intersection float64 // α, the share of their weight that two micro-clusters of one segment have in common
	MinWeight    float64 // of a micro-cluster that makes up a segment; 0: 3, or 1 % of all weight if that is more
}
