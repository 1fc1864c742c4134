package features

// lintFeatures finds, before anything is built, the most frequent of what
// aggregate.Compile and refuseUnassigned refuse. It is Bloblang, as rules of Benthos are;
// a comparison that errs is of a value that another rule is about.
const lintFeatures = `
let listed = (this.features | []).enumerated()
let seconds = { "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800 }
let units = [ "second", "minute", "hour", "day", "week" ]
let needOf = [ "sum", "mean", "sentiment", "variance", "stddev", "min", "max", "first", "last", "distinct", "quantile", "mix", "entropy", "top", "zscore", "lifetime_value" ]
let fade = [ "count", "sum", "mean", "sentiment", "variance", "stddev", "rate", "quantile", "share", "ratio", "mix", "entropy", "top", "circular", "zscore" ]
let zeros = { "window": "events then count for ever", "half_life": "events then count in full for ever", "gap": "a session then ends after 30m", "horizon": "90d for expected_orders, 365d for lifetime_value" }
let unset = [ "null", "[]", "" ]
let scopes = [ "on", "to", "of", "when", "half_life", "window", "unit", "per", "values", "q", "period", "gap", "model", "horizon", "discount" ]
let takers = {
  "to": [ "ratio" ], "unit": [ "since_first", "since_last", "interval", "sessions" ], "per": [ "rate" ], "values": [ "mix", "entropy" ],
  "q": [ "quantile" ], "period": [ "circular" ], "gap": [ "sessions" ], "model": [ "p_alive", "expected_orders", "lifetime_value" ],
  "horizon": [ "expected_orders", "lifetime_value" ], "discount": [ "lifetime_value" ] }
let widen = [ "count", "sum", "mean", "sentiment", "variance", "stddev", "min", "max", "rate", "share", "ratio", "active_days" ]

let lines = this.event.split("\n").map_each(line -> line.trim()).filter(line -> line != "" && !line.has_prefix("#")).catch([ "" ])
let columns = $lines.map_each(line -> line.re_find_all_submatch("` + columnLine + `").index(0).index(1).catch(null))
let literal = $columns.length() > 0 && !$columns.contains(null)

let each = $listed.map_each(f -> match f.value {
  this.exists("agg") == this.exists("expression") => "features[%v]: use one of agg and expression".format(f.index),
  $zeros.keys().any(field -> (f.value.get(field).slice(0, -1).number() == 0).catch(false)) => $zeros.key_values().filter(z -> (f.value.get(z.key).slice(0, -1).number() == 0).catch(false)).map_each(z -> "features[%v].%v %v: use a time above 0, or leave it out: %v".format(f.index, z.key, f.value.get(z.key), z.value)).index(0),
  this.exists("expression") && $scopes.any(field -> !$unset.contains(f.value.get(field).or(null).string())) => "features[%v].%v: an expression does not take it: remove it, or set it on the features that it names".format(f.index, $scopes.filter(field -> !$unset.contains(f.value.get(field).or(null).string())).index(0)),
  this.exists("agg") && $takers.keys().any(field -> !$unset.contains(f.value.get(field).or(null).string()) && !$takers.get(field).contains(f.value.agg)) => $takers.key_values().filter(t -> !$unset.contains(f.value.get(t.key).or(null).string()) && !t.value.contains(f.value.agg)).map_each(t -> "features[%v].%v: %v does not take it: remove it, or use it with one of %v".format(f.index, t.key, f.value.agg, t.value.join(", "))).index(0),
  this.exists("window") && this.exists("half_life") => "features[%v].window %v beside half_life %v: use one of them".format(f.index, this.window, this.half_life),
  $needOf.contains(this.agg | "") && (this.of | "") == "" => "features[%v].of: %v needs it: name a column".format(f.index, this.agg),
  this.exists("half_life") && this.exists("agg") && !$fade.contains(this.agg) => "features[%v].half_life: %v does not take it: remove it, or use it with one of %v".format(f.index, this.agg, $fade.join(", ")),
  this.exists("window") && this.exists("agg") && !$widen.contains(this.agg) => "features[%v].window: %v does not take it: remove it, or use it with one of %v".format(f.index, this.agg, $widen.join(", ")),
  (this.window.slice(0, -1).number() * $seconds.get(this.window.slice(-1)) > 1024 * 86400).catch(false) => "features[%v].window %v: use at most 1024d, or a half_life".format(f.index, this.window),
  (this.window.slice(0, -1).number() * $seconds.get(this.window.slice(-1)) < 300).catch(false) => "features[%v].window %v: use at least 5m".format(f.index, this.window),
  (!$units.contains(this.unit.trim_suffix("s")) && this.unit != "").catch(false) => "features[%v].unit %v: use seconds, minutes, hours, days or weeks".format(f.index, this.unit),
  (!$units.contains(this.per.trim_suffix("s")) && this.per != "").catch(false) => "features[%v].per %v: use second, minute, hour, day or week".format(f.index, this.per),
  (this.horizon.slice(0, -1).number() * $seconds.get(this.horizon.slice(-1)) > 36500 * 86400).catch(false) || (this.horizon.slice(0, -1).number() * $seconds.get(this.horizon.slice(-1)) < 3600).catch(false) => "features[%v].horizon %v: use a time from 1h to 36500d, such as 90d".format(f.index, this.horizon),
  (this.discount < 0 || this.discount > 10).catch(false) => "features[%v].discount %v: use a share from 0 to 10, such as 0.1 for 10 %% a year".format(f.index, this.discount),
  this.agg == "share" && !this.exists("when") => "features[%v].when: share needs it: name a boolean column, true for the events to take the share of".format(f.index),
  this.agg == "quantile" && !this.exists("q") => "features[%v].q: quantile needs it: a share from 0 to 1, such as 0.9".format(f.index),
  this.exists("q") && (this.q < 0 || this.q > 1) => "features[%v].q %v: use a share from 0 to 1, such as 0.9".format(f.index, this.q),
  this.agg == "mix" && (this.values | []).length() == 0 => "features[%v].values: mix needs it: list the values to tell apart".format(f.index),
  this.values.contains("other").catch(false) => "features[%v].values: other is the name of the share of all values that are not listed: rename the value in the column".format(f.index),
  this.agg == "ratio" && !this.exists("to") => "features[%v].to: ratio needs it: name the kinds of events to divide by".format(f.index),
  this.agg == "circular" && !["day", "week", "year"].contains(this.period | "") => "features[%v].period: use day, week or year".format(f.index),
  (this.clip.min > this.clip.max).catch(false) => "features[%v].clip.min %v is above clip.max %v: exchange them".format(f.index, this.clip.min, this.clip.max),
  (this.clip.quantiles.index(0) > this.clip.quantiles.index(1)).catch(false) => "features[%v].clip.quantiles: put the lower first".format(f.index),
  $literal && (this.of | "") != "" && !$columns.contains(this.of) => "features[%v].of %v: event assigns no such column: use one of %v, or assign it".format(f.index, this.of, $columns.unique().join(", ")),
  $literal && (this.when | "") != "" && !$columns.contains(this.when) => "features[%v].when %v: event assigns no such column: use one of %v, or assign it".format(f.index, this.when, $columns.unique().join(", ")),
  _ => deleted()
})

let names = $listed.map_each(f -> f.value.name | null)
let twice = $listed.filter(f -> f.value.name != null && $names.slice(0, f.index).contains(f.value.name)).
  map_each(f -> "features[%v].name %v: it is the name of two features: rename one".format(f.index, f.value.name))

root = $each.concat($twice,
  if $listed.length() > 200 { [ "features: there are %v: use at most 200".format($listed.length()) ] } else { [] },
  if $listed.length() == 0 && (this.preset | "") == "" { [ "features: there are none: add one, such as { name: events, agg: count }, or name a preset" ] } else { [] })
`
