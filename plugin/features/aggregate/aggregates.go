package aggregate

// Aggregate names what a feature computes.
type Aggregate string

// The aggregates. Count, Sum and Rate are 0 before the first event that they look at,
// the others have no value. Those of numbers are of the column Of.
const (
	// Count is the number of events.
	Count Aggregate = "count"
	// Sum adds up a column.
	Sum Aggregate = "sum"
	// Mean is the average of a column; with a half-life, newer values weigh more.
	Mean Aggregate = "mean"
	// Sentiment is the Mean of how the texts of a column sound, which are given as numbers:
	// see [Score].
	Sentiment Aggregate = "sentiment"
	// Variance is the mean squared deviation of a column from its mean: 0 for one value.
	Variance Aggregate = "variance"
	// StdDev is the square root of the variance.
	StdDev Aggregate = "stddev"
	// Min is the least value of a column.
	Min Aggregate = "min"
	// Max is the greatest value of a column.
	Max Aggregate = "max"
	// First is the value of the oldest event; of several at one time the greatest.
	First Aggregate = "first"
	// Last is the value of the newest event; of several at one time the greatest.
	Last Aggregate = "last"
	// SinceFirst is the time since the oldest event, in Unit.
	SinceFirst Aggregate = "since_first"
	// SinceLast is the time since the newest event, in Unit.
	SinceLast Aggregate = "since_last"
	// Rate is the number of events for each Per of time.
	Rate Aggregate = "rate"
	// Interval is the mean time between events, in Unit.
	Interval Aggregate = "interval"
	// Regularity of the last eight events is 1/(1+v), where v is the standard deviation
	// of the times between them over their mean: 1 for a clockwork, about 1/2 for events
	// that come by chance, towards 0 for bursts.
	Regularity Aggregate = "regularity"
	// Overdue is the time since the newest event over the mean time between events.
	Overdue Aggregate = "overdue"
	// ActiveDays is the number of days, in UTC, with events. A window of n days are the
	// current day and the n-1 before it.
	ActiveDays Aggregate = "active_days"
	// Distinct is the number of different values of a column: exact up to 16, from there
	// on an estimate with a standard error of 9 %.
	Distinct Aggregate = "distinct"
	// Quantile is the value that the share Q of the values of a column is not above: within
	// 1 % of itself for up to 64 values or values within a factor of 3.5, within 4 % for a
	// factor of 160. With a half-life half as many values are told apart.
	Quantile Aggregate = "quantile"
	// Share is the part of the events that are true in When.
	Share Aggregate = "share"
	// Ratio is the count of On over the count of To.
	Ratio Aggregate = "ratio"
	// Mix is the share of each of Values, and of all others, in a column: several
	// features, Name.value each, and Name.other.
	Mix Aggregate = "mix"
	// Entropy says how evenly events are spread over the values of a column: 0 for one
	// value, 1 for eight, equally frequent. It tells no more than eight apart; with
	// Values it is over those and all others as one, and reaches 1 for these.
	Entropy Aggregate = "entropy"
	// Top is the share of the most frequent value of a column. Which one that is would be
	// a text, and features are numbers. It tells no more than eight values apart.
	Top Aggregate = "top"
	// Circular is the mean direction of a clock hand that goes round once in a Period:
	// Name.sin and Name.cos.
	Circular Aggregate = "circular"
	// Sessions are stretches of events without a Gap: Name.count, and in Unit Name.length,
	// the mean of their lengths, and Name.gap, the mean time from one to the next.
	Sessions Aggregate = "sessions"
	// ZScore is how many standard deviations the last value of a column is from the mean
	// of all: 0 if they are all the same. It takes two events.
	ZScore Aggregate = "zscore"
	// PAlive is the probability that the customer has not left for good: see
	// [predict.Orders].
	PAlive Aggregate = "p_alive"
	// ExpectedOrders is the number of days with orders to expect within a Horizon.
	ExpectedOrders Aggregate = "expected_orders"
	// LifetimeValue is what the orders to expect within a Horizon are worth today, each
	// valued by a column.
	LifetimeValue Aggregate = "lifetime_value"
)
