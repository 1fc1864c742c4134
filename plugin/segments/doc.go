// Package segments keeps every customer in a segment that updates with each event:
// the processors segment_assign, which learns, and segment_snapshot, which shows
// what was learned.
//
// A model describes the current population. Each customer has one contribution in
// it: the vector that was inserted last and the micro-cluster that took it. A new
// vector first retracts the old one, exactly, so that one customer has one vote,
// and a customer's segment is always that of the micro-cluster that holds them.
//
// The way of one event: assign.go reads it out of the message, vector.go turns its
// features into a vector, model.go moves the customer, contribution.go is what
// is kept of it, and outcome.go tells the result. The algorithms are the engines
// of package clustering.
package segments
