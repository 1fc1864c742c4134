package features

import (
	"regexp"
	"slices"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// assignment is a line that assigns one column.
var assignment = regexp.MustCompile(`^(\s*root\.([A-Za-z_]\w*)\s*=\s*)(\S.*)$`)

// notLines finds what a mapping may have in which a line that looks like an assignment is
// none of a column.
var notLines = regexp.MustCompile(`"""|(?m:^\s*map\s)`)

// forgiveWhens makes the lines of a mapping that assign a column that is only used as a
// `when` give null where they err: such a `when` is false, which is counted as skipped, and
// the other columns of the event count. Nothing is changed in the other lines, whose numbers
// stay the same.
func forgiveWhens(mapping *bloblang.Executor, text string, plan *aggregate.Plan) *bloblang.Executor {
	names := onlyWhens(plan)
	if len(names) == 0 || notLines.MatchString(text) {
		return mapping
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		parts := assignment.FindStringSubmatch(line)
		if parts == nil || !slices.Contains(names, parts[2]) {
			continue
		}
		if value, ok := wholeValue(parts[3]); ok {
			lines[i] = parts[1] + "(" + value + ").catch(null)"
		}
	}
	forgiving, err := bloblang.GlobalEnvironment().Parse(strings.Join(lines, "\n"))
	if err != nil {
		return mapping // which reads in an environment of its own
	}
	return forgiving
}

// wholeValue is the value of an assignment without the comment after it, if it ends on its
// line. What is cut inside of a string does not parse.
func wholeValue(rest string) (value string, ok bool) {
	for i := range len(rest) + 1 {
		if i < len(rest) && rest[i] != '#' {
			continue
		}
		if _, err := bloblang.GlobalEnvironment().Parse("root = (" + rest[:i] + ").catch(null)"); err == nil {
			return rest[:i], true
		}
	}
	return "", false
}

// onlyWhens are the columns that are nothing but a `when`.
func onlyWhens(plan *aggregate.Plan) (names []string) {
	for _, column := range plan.Columns() {
		other := func(c aggregate.Column) bool { return c.Name == column.Name && c.As != aggregate.AsFlag }
		known := []string{columnKind, columnAt, columnID}
		if column.As == aggregate.AsFlag && !slices.Contains(known, column.Name) && !slices.ContainsFunc(plan.Columns(), other) {
			names = append(names, column.Name)
		}
	}
	return names
}
