// Package segments keeps every customer in a segment that updates with each event:
// the processor segment_assign, which learns; segment_lookup and segment_snapshot,
// which show what was learned; segment_forget, which erases a customer; and the inputs segment_events and segment_members,
// which tell others.
//
// A model describes the current population. Each customer has one contribution in
// it: the vector that was inserted last and the micro-cluster that took it. A new
// vector first retracts the old one, exactly, so that one customer has one vote,
// and a customer's segment is always that of the micro-cluster that holds them.
//
// The way of one event: assign.go reads it out of the message, vector.go turns its
// features into a vector, move.go moves the customer in the model of model.go,
// contribution.go is what is kept of it, moves.go and log.go are what is told of a
// move later, and outcome.go tells the result. forget.go erases customers from all feature
// sets and models, forget_model.go from one; README.md says what of them is erased, what fades
// and what stays. inactive.go lets customers go who do
// nothing, redefine.go brings a model to another configuration; report.go gathers what
// metrics are told, and reporter.go says when; veil.go says which segments are too small to
// be shown. The algorithms are the engines of package clustering.
package segments
