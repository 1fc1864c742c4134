package features

import "github.com/shoal-stream/shoal/plugin/features/aggregate"

// aggregateDescriptions say what each aggregate is.
var aggregateDescriptions = map[string]string{
	string(aggregate.Count):          "number of events",
	string(aggregate.Sum):            "sum of a column",
	string(aggregate.Mean):           "average of a column",
	string(aggregate.Sentiment):      "average of how the texts of a column sound, in English: each from -1, very bad, over 0, neutral, to 1, very good, by the lexicon and rules of VADER",
	string(aggregate.Variance):       "mean squared deviation of a column from its average; 0 for one value",
	string(aggregate.StdDev):         "square root of the variance",
	string(aggregate.Min):            "least value of a column",
	string(aggregate.Max):            "greatest value of a column",
	string(aggregate.First):          "value of a column in the oldest event; of several at one time the greatest",
	string(aggregate.Last):           "value of a column in the newest event; of several at one time the greatest",
	string(aggregate.SinceFirst):     "time since the oldest event",
	string(aggregate.SinceLast):      "time since the newest event",
	string(aggregate.Rate):           "events for each `per` of time",
	string(aggregate.Interval):       "mean time between events",
	string(aggregate.Regularity):     "how alike the times between the last eight events are: 1 for a clockwork, about 0.5 for chance, towards 0 for bursts",
	string(aggregate.Overdue):        "time since the newest event over the mean time between events",
	string(aggregate.ActiveDays):     "number of days, in UTC, with events",
	string(aggregate.Distinct):       "number of different values of a column: exact up to 16, then an estimate with a standard error of 9 %",
	string(aggregate.Quantile):       "value that a share `q` of the values of a column is not above: within 1 % for up to 64 values, within 4 % for more that spread over a factor of 160",
	string(aggregate.Share):          "part of the events for which `when` is true",
	string(aggregate.Ratio):          "count of `on` over the count of `to`",
	string(aggregate.Mix):            "share of each of `values`, and of all others, in a column",
	string(aggregate.Entropy):        "how evenly events spread over the values of a column: from 0 for one value to 1 for eight, equally frequent, beyond which none are told apart",
	string(aggregate.Top):            "share of the most frequent value of a column, of eight that are told apart",
	string(aggregate.Circular):       "mean direction of a clock hand that goes round once in a `period`",
	string(aggregate.Sessions):       "stretches of events without a `gap`: their number, mean length, and mean time from one to the next",
	string(aggregate.PAlive):         "probability, from 0 to 1, that a customer who ordered is still one: see predictions, above",
	string(aggregate.ExpectedOrders): "number of days with orders to expect within a `horizon`: see predictions, above",
	string(aggregate.LifetimeValue):  "what the orders to expect within a `horizon` are worth today, in the unit of a column: see predictions, above",
	string(aggregate.ZScore):         "how many standard deviations the last value of a column is from the average",
}
