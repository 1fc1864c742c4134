package privacy

import (
	"fmt"
	"strings"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

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

// lintPath finds paths that the start refuses, and those of other languages.
const lintPath = `let path = this.string()
let quoted = """\[["'\x60].*["'\x60]\]"""
let name = """(?:\*\*?|[^.*\[]+)"""
root = match {
  $path.re_match("""^(?:(?:this|root)[.\[]|\$(?:[.\[]|$))""") => "path %v: paths are no mappings: leave this, root or $ out, or quote the name, as in [\"this\"]".format($path),
  $path == "@" || !$path.re_match("^(?:@.+|(?:%v|%v)(?:[.]%v|[.]?%v)*)$".format($name, $quoted, $name, $quoted)) => "path %q: use names with single dots between, * for one level, ** for any depth, [\"a.b\"] for a name with dots or *, and @name for metadata".format($path)
}`

// lintKey finds keys with an id that tokens cannot carry, or without one way to the secret.
const (
	lintKeyID = `root = if !this.string().re_match("^[A-Za-z0-9-]{1,16}$") { "key id %q: use 1 to 16 of A-Z, a-z, 0-9 and -".format(this.string()) }`
	lintKey   = `root = if this.type() == "object" && ["secret", "file", "tink"].filter(f -> this.exists(f)).length() != 1 {
  "key %q has no secret, or several: give it a secret, a file or a tink keyset, exactly one of them".format(this.id.or(""))
}`
)

// lintRange finds numbers out of a range.
func lintRange(least, most string) string {
	return fmt.Sprintf(`root = if this.number().catch(%[1]s) < %[1]s || this.number().catch(%[1]s) > %[2]s { "%%v is out of range: use %[1]s to %[2]s".format(this) }`, least, most)
}

// lintAtLeast finds numbers that are too small.
func lintAtLeast(least int) string {
	return fmt.Sprintf(`root = if this.number().catch(%[1]d) < %[1]d { "%%v is too small: use %[1]d or more".format(this) }`, least)
}

// lintRegion finds countries that are none.
func lintRegion() string {
	return `root = if !["NONE", "` + strings.Join(transform.Regions(), `", "`) + `"].contains(this.string().uppercase()) {
  "region %q is not known: use the two letters of a country, as in ISO 3166, such as US, or none".format(this.string())
}`
}

// lintDetectors finds detectors that are none, and lists of none.
func lintDetectors() string {
	return `let known = ["` + strings.Join(detect.Names(), `", "`) + `"]
root = if this.type() != "array" || this.length() == 0 {
  "detectors: use a list of at least one, or leave it out"
} else {
  this.filter(d -> !$known.contains(d)).map_each(d -> "detectors: %v is none: use some of %v".format(d, $known.join(", ")))
}`
}
