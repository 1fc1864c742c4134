package privacy

import "strings"

// lintActions says in words what a schema cannot: one action a rule.
func lintActions(actions []string) string {
	return `let actions = [ "` + strings.Join(actions, `", "`) + `" ]
` + lintRules
}

// lintRules finds rules without or with several actions, and rules that never apply, as an
// earlier one names all that they name. The paths of earlier rules become regular
// expressions of later ones for this, each level with a dot at its end: what begins with
// it is below it. Paths with brackets are left to the start, which logs all of them.
const lintRules = `
let list = if this.rules.type() == "array" { this.rules.enumerated().filter(r -> r.value.type() == "object") } else { [] }
let paths = $list.filter(r -> r.value.path.type() == "string" && !r.value.path.contains("[")).map_each(r -> {
  "index": r.index,
  "path": r.value.path,
  "names": r.value.path + ".",
  "pattern": "^" + r.value.path.split(".").map_each(name -> match {
    name == "**" => "(?:[^.]+\\.)*",
    name == "*" => "(?:\\*|\\*?[^.*][^.]*)\\.",
    _ => name.re_replace_all("([[:punct:]])", "\\$1") + "\\."
  }).join("")
})
let hidden = $paths.map_each(r -> {
  "index": r.index,
  "path": r.path,
  "by": $paths.filter(e -> e.index < r.index && if r.path.has_prefix("@") {
    e.path == r.path || e.path == "@*"
  } else {
    !e.path.has_prefix("@") && r.names.re_match(e.pattern)
  }).map_each(e -> e.index)
}).filter(r -> r.by.length() > 0)
root = $list.map_each(r -> match {
  $actions.filter(a -> r.value.exists(a)).length() == 0 => "rules[%v] has no action: give it one of %v".format(r.index, $actions.join(", ")),
  $actions.filter(a -> r.value.exists(a)).length() > 1 => "rules[%v] has several actions: give it one".format(r.index),
  _ => deleted()
}).concat($hidden.map_each(r -> "rules[%v] (path %v) never applies, as rules[%v] matches all that it names: move it up or remove it".format(r.index, r.path, r.by.index(0))))
`

// lintConsent finds an otherwise that says neither what to do nor what to remove.
const lintConsent = `let paths = this.strip.or([])
root = match {
  $paths.type() != "array" => "strip is no list: name the paths to remove",
  !this.exists("otherwise") => if this.exists("strip") && $paths.length() == 0 { "strip is empty: name the paths to remove" },
  this.otherwise == "drop" => if this.exists("strip") { "otherwise is drop, and there are paths to strip: remove one of them" },
  this.otherwise == "strip" => if $paths.length() == 0 { "strip is missing: name the paths to remove" },
  this.otherwise.type() == "object" && this.otherwise.keys() == ["strip"] && this.otherwise.strip.type() == "array" && this.otherwise.strip.length() > 0 => null,
  _ => "otherwise: use drop, or { strip: [ paths ] } with at least one path"
}`
