package detect

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// numberingPlan tells which digits are a phone number behind one country code. It is built from the
// patterns that libphonenumber has for it, turned into one automaton over digits, so
// that a number costs a table look-up a digit where parsing one costs 18 µs.
type numberingPlan struct {
	next     [][10]uint16 // the state after a digit; 0 is dead, 1 the start
	accept   []bool
	lengths  uint32 // bit n: numbers of n digits are given out
	trunk    string // dialled before a number within the country, such as 0
	required bool   // people always write the trunk prefix there
}

const (
	deadState  = 0
	firstState = 1
)

// plans are built when they are first needed, one for each country code.
var plans [1000]struct {
	once sync.Once
	plan *numberingPlan
}

// planOf returns the plan of a country code; nil if nobody has it.
func planOf(code int) *numberingPlan {
	if code <= 0 || code >= len(plans) {
		return nil
	}
	p := &plans[code]
	p.once.Do(func() { p.plan = buildPlan(code) })
	return p.plan
}

// buildPlan unites the plans of all regions that share a country code.
func buildPlan(code int) *numberingPlan {
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		return nil // the library is read at its start, so that this cannot be
	}
	var patterns []string
	plan := &numberingPlan{}
	for _, region := range collection.GetMetadata() {
		if int(region.GetCountryCode()) != code {
			continue
		}
		for _, n := range region.GetGeneralDesc().GetPossibleLength() {
			if n > 0 {
				plan.lengths |= 1 << n
			}
		}
		for _, kind := range []*phonenumbers.PhoneNumberDesc{
			region.GetFixedLine(), region.GetMobile(), region.GetTollFree(), region.GetPremiumRate(), region.GetSharedCost(),
			region.GetPersonalNumber(), region.GetVoip(), region.GetPager(), region.GetUan(), region.GetVoicemail(),
		} {
			if pattern := kind.GetNationalNumberPattern(); pattern != "" && pattern != "NA" {
				patterns = append(patterns, pattern)
			}
		}
		if region.GetMainCountryForCode() || plan.trunk == "" {
			plan.trunk = region.GetNationalPrefix()
			plan.required = trunkRequired(region)
		}
	}
	if pattern, ok := madeUp[code]; ok {
		patterns = append(patterns, pattern)
	}
	if len(patterns) == 0 || plan.compile("(?:"+strings.Join(patterns, "|")+")") != nil {
		return nil
	}
	return plan
}

// madeUp has the numbers that are kept for films and forms: nobody's, but written where people are
// asked for theirs, and by those who try out a mask (NANPA; Ofcom, "Telephone numbers for use in drama").
var madeUp = map[int]string{
	1:  `555\d{7}`,
	44: `7700900\d{3}`,
}

// trunkRequired says that all ways to write a number of a region begin with the trunk prefix.
func trunkRequired(region *phonenumbers.PhoneMetadata) bool {
	trunk := region.GetNationalPrefix()
	for _, format := range region.GetNumberFormat() {
		if !strings.Contains(format.GetNationalPrefixFormattingRule(), trunk) || format.GetNationalPrefixOptionalWhenFormatting() {
			return false
		}
	}
	return trunk != "" && len(region.GetNumberFormat()) > 0
}

// compile builds the automaton by the subset construction (Rabin and Scott, 1959).
func (n *numberingPlan) compile(pattern string) error {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return fmt.Errorf("reading the patterns of a numbering plan: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return fmt.Errorf("compiling the patterns of a numbering plan: %w", err)
	}
	n.next, n.accept = make([][10]uint16, firstState), make([]bool, firstState)
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
			state = uint16(len(n.next))
			states[id] = state
			n.next, n.accept = append(n.next, [10]uint16{}), append(n.accept, accept)
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
			n.next[firstState+i][digit] = to
		}
	}
	return nil
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

// codeOf returns the country code that digits begin with, and how many digits it has; 0 if there is none.
// No code is the beginning of another (ITU-T E.164).
func codeOf(digits []byte) (code, size int) {
	for size = 1; size <= 3 && size <= len(digits); size++ {
		if code = code*10 + int(digits[size-1]-'0'); code == 0 {
			return 0, 0
		}
		if countryCodes()[code] {
			return code, size
		}
	}
	return 0, 0
}

var countryCodes = sync.OnceValue(func() (codes [1000]bool) {
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes[code] = true
	}
	return codes
})
