package features

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

// columnLine is the beginning of a line that assigns one column, as it is written in Go and
// in Bloblang between quotes.
const columnLine = `^root[.]([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[^=]`

var columnLines = regexp.MustCompile(columnLine)

// assignedColumns are the columns that a mapping can have, if it does nothing but assign
// them, each on a line of its own. Of other mappings, it cannot be told.
func assignedColumns(mapping string) (names []string, literal bool) {
	for line := range strings.Lines(mapping) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		parts := columnLines.FindStringSubmatch(line)
		if parts == nil {
			return nil, false
		}
		if !slices.Contains(names, parts[1]) {
			names = append(names, parts[1])
		}
	}
	return names, len(names) > 0
}

// refuseUnassigned refuses features of columns that are null whatever comes, which nothing
// but an odd feature would show. The last features are those that are listed; those of a
// preset are before them.
func refuseUnassigned(mapping string, specs []aggregate.Spec, listed int) error {
	names, literal := assignedColumns(mapping)
	if !literal {
		return nil
	}
	for i, spec := range specs {
		for _, column := range []struct{ field, name string }{{feFeatureOf, spec.Of}, {feFeatureWhen, spec.When}} {
			if column.name == "" || slices.Contains(names, column.name) {
				continue
			}
			where := fmt.Sprintf("features[%d].%s", i-len(specs)+listed, column.field)
			if i < len(specs)-listed {
				where = fmt.Sprintf("feature %q of the preset: %s", spec.Name, column.field)
			}
			return fmt.Errorf("%s %q: event assigns no such column: use one of %s, or assign it", where, column.name, strings.Join(names, ", "))
		}
	}
	return nil
}
