package detect

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// accepts says that the plan of a country code gives out a number.
func (n *numberingPlan) accepts(digits string) bool {
	return n.numbers.accepts([]byte(digits)) && n.lengths>>len(digits)&1 == 1
}

// valid asks the library, which panics at some texts.
func valid(digits string) (ok bool) {
	defer func() { _ = recover() }()
	parsed, err := phonenumbers.Parse("+"+digits, "ZZ")
	return err == nil && phonenumbers.IsValidNumber(parsed)
}

// TestPlansAgreeWithTheLibrary compares the plan of every country code with the library that it comes from: on
// the example of each kind of number, and on numbers a digit or two away from one.
func TestPlansAgreeWithTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	compared, differ := 0, 0
	for _, code := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedCallingCodes())) {
		plan := planOf(code)
		require.NotNilf(t, plan, "+%d has a plan", code)
		for _, region := range append(phonenumbers.GetRegionCodesForCountryCode(code), "001") {
			for kind := range phonenumbers.PhoneNumberType(11) {
				example := phonenumbers.GetExampleNumberForType(region, kind)
				if region == "001" {
					example = phonenumbers.GetExampleNumberForNonGeoEntity(code)
				}
				if example == nil || int(example.GetCountryCode()) != code {
					continue
				}
				number := phonenumbers.GetNationalSignificantNumber(example)
				assert.Truef(t, plan.accepts(number), "an example of +%d, %s", code, region)
				for range 3 {
					changed := []byte(number)
					for range 1 + r.IntN(2) {
						changed[r.IntN(len(changed))] = byte('0' + r.IntN(10))
					}
					if r.IntN(4) == 0 {
						changed = changed[:len(changed)-1]
					}
					if changed[0] == '0' && plan.trunk == "0" || plan.trunk != "" && string(changed[:1]) == plan.trunk {
						continue // the library takes the trunk prefix off
					}
					compared++
					if got, want := plan.accepts(string(changed)), valid(strconv.Itoa(code)+string(changed)); got != want && !isMadeUp(code, string(changed)) {
						differ++
						t.Logf("+%d %s: plan %v, library %v", code, changed, got, want)
					}
				}
			}
		}
	}
	assert.Greater(t, compared, 3000)
	assert.LessOrEqual(t, float64(differ), 0.001*float64(compared), "at most one in a thousand differs")
}

func isMadeUp(code int, number string) bool {
	return code == 1 && number[:3] == "555" || code == 44 && len(number) > 7 && number[:7] == "7700900"
}

func TestCodeOf(t *testing.T) {
	for digits, want := range map[string][2]int{
		"14155552671": {1, 1}, "4930123": {49, 2}, "35312345": {353, 3}, "0123": {0, 0}, "999123": {0, 0}, "": {0, 0}, "4": {0, 0},
	} {
		code, size := codeOf([]byte(digits))
		assert.Equalf(t, want, [2]int{code, size}, "the code of %s", digits)
	}
}
