package detect

import (
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// numberingPlan tells which digits are a phone number behind one country code. It is built from the
// patterns that libphonenumber has for it, turned into one automaton over digits, so
// that a number costs a table look-up a digit where parsing one costs 18 µs.
type numberingPlan struct {
	numbers automaton
	lengths uint32 // bit n: numbers of n digits are given out
	trunk   string // dialled before a number within the country, such as 0
	formats []numberFormat
}

// numberFormat is a way to write the numbers that begin with certain digits; the first that fits is that
// of a number.
type numberFormat struct {
	leading, whole automaton
	trunk          bool // with the trunk prefix, always
}

// needsTrunk says that people write a number with the trunk prefix before it.
func (n *numberingPlan) needsTrunk(digits []byte) bool {
	for i := range n.formats {
		if f := &n.formats[i]; f.leading.accepts(digits) && f.whole.accepts(digits) {
			return f.trunk
		}
	}
	return false
}

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
		if region.GetMainCountryForCode() || len(plan.formats) == 0 {
			plan.trunk = region.GetNationalPrefix()
			if plan.formats, err = formatsOf(region); err != nil {
				return nil
			}
		}
	}
	if pattern, ok := madeUp[code]; ok {
		patterns = append(patterns, pattern)
	}
	plan.numbers, err = compile(strings.Join(patterns, "|"))
	if err != nil || len(patterns) == 0 {
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

func formatsOf(region *phonenumbers.PhoneMetadata) (formats []numberFormat, err error) {
	trunk := region.GetNationalPrefix()
	for _, format := range region.GetNumberFormat() {
		rule := format.GetNationalPrefixFormattingRule()
		f := numberFormat{trunk: trunk != "" && strings.Contains(rule, trunk) && !format.GetNationalPrefixOptionalWhenFormatting()}
		leading := ""
		if patterns := format.GetLeadingDigitsPattern(); len(patterns) > 0 {
			leading = patterns[len(patterns)-1] // the most exact
		}
		if f.leading, err = compile("(?:" + leading + `)\d*`); err != nil {
			return nil, err
		}
		if f.whole, err = compile(format.GetPattern()); err != nil {
			return nil, err
		}
		formats = append(formats, f)
	}
	return formats, nil
}

// codeOf returns the country code that digits begin with, and how many digits it has; 0 if there is none.
// No code is the beginning of another (ITU-T E.164).
func codeOf(digits []byte) (code, size int) {
	for size = 1; size <= 3 && size <= len(digits); size++ {
		if code = code*10 + int(digits[size-1]-'0'); code == 0 {
			return 0, 0
		}
		if countryCodes[code] {
			return code, size
		}
	}
	return 0, 0
}

var countryCodes = func() (codes [1000]bool) {
	for code := range phonenumbers.GetSupportedCallingCodes() {
		codes[code] = true
	}
	return codes
}()
