package detect

import (
	"fmt"
	"regexp/syntax"
	"slices"
)

// automaton tells whether digits match a regular expression from end to end, with one look-up a digit.
type automaton struct {
	next   [][10]uint16 // the state after a digit
	accept []bool       // whether the digits may end in a state
}

const (
	deadState  = 0 // no more digits match
	firstState = 1
)

func (a *automaton) accepts(digits []byte) bool {
	state := uint16(firstState)
	for _, d := range digits {
		state = a.next[state][d-'0']
	}
	return a.accept[state]
}

// compile builds the automaton of a pattern over digits by the subset construction (Rabin and Scott, "Finite
// automata and their decision problems", 1959).
func compile(pattern string) (automaton, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return automaton{}, fmt.Errorf("reading the pattern of a numbering plan: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return automaton{}, fmt.Errorf("compiling the pattern of a numbering plan: %w", err)
	}
	a := automaton{next: make([][10]uint16, firstState), accept: make([]bool, firstState)}
	states := map[string]uint16{}
	var sets [][]uint32 // of instructions, by state
	stateOf := func(seeds []uint32) uint16 {
		set, accept := closure(program, seeds)
		if len(set) == 0 && !accept {
			return deadState
		}
		id := fmt.Sprint(set, accept)
		state, known := states[id]
		if !known {
			state = uint16(len(a.next))
			states[id] = state
			a.next, a.accept = append(a.next, [10]uint16{}), append(a.accept, accept)
			sets = append(sets, set)
		}
		return state
	}
	stateOf([]uint32{uint32(program.Start)})
	for i := 0; i < len(sets); i++ {
		for digit := range 10 {
			var seeds []uint32
			for _, at := range sets[i] {
				if inst := &program.Inst[at]; inst.MatchRune(rune('0' + digit)) {
					seeds = append(seeds, inst.Out)
				}
			}
			to := stateOf(seeds)
			a.next[firstState+i][digit] = to
		}
	}
	return a, nil
}

// closure returns the instructions that take a digit and are reached from seeds without one, in order.
func closure(program *syntax.Prog, seeds []uint32) (set []uint32, accept bool) {
	seen := map[uint32]bool{}
	for stack := slices.Clone(seeds); len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		switch inst := &program.Inst[at]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			stack = append(stack, inst.Out)
		case syntax.InstMatch:
			accept = true
		case syntax.InstFail:
		default:
			set = append(set, at)
		}
	}
	slices.Sort(set)
	return set, accept
}
