package privacy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// path names places of a document: a name for each level, or a wildcard.
type path []segment

type segment struct {
	name string
	wild wildcard
}

type wildcard byte

const (
	literal wildcard = iota
	one              // *: any one level
	deep             // **: any number of levels
)

// maxLevels bounds a path.
const maxLevels = 64

var (
	errPath    = errors.New("use names with single dots between, * for one level, ** for any depth, and [\"a.b\"] for a name with dots or *")
	errMapping = errors.New("paths are no mappings: leave this, root or $ out, or quote the name, as in [\"this\"]")
)

// parsePath reads a dot path: customer.email, items.*.price, **.ip, headers["x.id"].
func parsePath(text string) (path, error) {
	var p path
	if isMapping(text) {
		return nil, fmt.Errorf("path %q: %w", text, errMapping)
	}
	for rest := text; ; {
		var s segment
		var err error
		if s, rest, err = cutSegment(rest); err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
		p = append(p, s)
		switch {
		case len(p) > maxLevels:
			return nil, fmt.Errorf("path %q: use at most %d levels", text, maxLevels)
		case rest == "":
			return p, nil
		case rest[0] == '.' && len(rest) > 1:
			rest = rest[1:]
		case rest[0] != '[':
			return nil, fmt.Errorf("path %q: %w", text, errPath)
		}
	}
}

// isMapping tells paths as other languages write them, which would match nothing.
func isMapping(text string) bool {
	first := text[:strings.IndexAny(text+".", ".[")]
	return first == "$" || first != text && (first == "this" || first == "root")
}

// cutSegment takes the first segment off a path that is not empty.
func cutSegment(text string) (s segment, rest string, err error) {
	if strings.HasPrefix(text, "[") {
		quoted, err := strconv.QuotedPrefix(text[1:])
		if err != nil || !strings.HasPrefix(text[1+len(quoted):], "]") {
			return s, "", errPath
		}
		name, err := strconv.Unquote(quoted)
		return segment{name: name}, text[1+len(quoted)+1:], err
	}
	end := strings.IndexAny(text, ".[")
	if end < 0 {
		end = len(text)
	}
	switch name := text[:end]; name {
	case "":
		return s, "", errPath
	case "*":
		return segment{wild: one}, text[end:], nil
	case "**":
		return segment{wild: deep}, text[end:], nil
	default:
		if strings.Contains(name, "*") {
			return s, "", errPath
		}
		return segment{name: name}, text[end:], nil
	}
}
