package aggregate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// inOrder are the places of the specs in the order to compile them: as they are listed, but
// expressions after the features that they name. Those that go round name each other for
// ever, which the error shows; place is that of one of them.
func inOrder(specs []Spec) (order []int, place int, err error) {
	needs := dependencies(specs)
	placed := make([]bool, len(specs))
	waits := func(i int) bool { return !placed[i] }
	for len(order) < len(specs) {
		before := len(order)
		for i := range specs {
			if !placed[i] && !slices.ContainsFunc(needs[i], waits) {
				placed[i] = true
				order = append(order, i)
			}
		}
		if len(order) > before {
			continue
		}
		var round []int
		for i := slices.Index(placed, false); ; {
			if begin := slices.Index(round, i); begin >= 0 {
				return nil, i, roundError(specs, append(round[begin:], i))
			}
			round = append(round, i)
			i = needs[i][slices.IndexFunc(needs[i], waits)]
		}
	}
	return order, 0, nil
}

func roundError(specs []Spec, round []int) error {
	names := make([]string, len(round))
	for i, place := range round {
		names[i] = specs[place].Name
	}
	return fmt.Errorf("expression: it goes round, as each of these names the next: %s: write one of them without", strings.Join(names, ", "))
}

// dependencies are, for each spec, the places of those that its expression names.
func dependencies(specs []Spec) [][]int {
	of := map[string][]int{}
	for i := range specs {
		of[specs[i].Name] = append(of[specs[i].Name], i)
		if d := define(specs[i].Agg); d != nil && d.outputs != nil {
			for _, output := range d.outputs(&specs[i]) {
				name := specs[i].Name + "." + output
				of[name] = append(of[name], i)
			}
		}
	}
	var names []string
	for name := range of {
		names = append(names, name)
	}
	needs := make([][]int, len(specs))
	for i := range specs {
		if specs[i].Expression == "" {
			continue
		}
		for _, name := range Named(specs[i].Expression, names) {
			needs[i] = append(needs[i], of[name]...)
		}
		slices.Sort(needs[i])
	}
	return needs
}

// Named are those of some names that occur in the text of an expression: as whole words,
// not as functions, and not as part of a longer one of the names.
func Named(text string, names []string) (found []string) {
	longest := slices.Clone(names)
	slices.SortFunc(longest, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, name := range longest {
		var there bool
		if text, there = without(text, name); there {
			found = append(found, name)
		}
	}
	return found
}

// without takes a name out of a text, if it is there.
func without(text, name string) (rest string, there bool) {
	if name == "" {
		return text, false
	}
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return text, there
		}
		at += from
		from = at + len(name)
		last, _ := utf8.DecodeLastRuneInString(text[:at])
		next, _ := utf8.DecodeRuneInString(text[from:])
		if !inWord(last) && !inWord(next) && next != '(' {
			there = true
			text = text[:at] + "\x00" + text[from:]
			from = at + 1
		}
	}
}

func inWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
