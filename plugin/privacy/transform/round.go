package transform

import "bytes"

// Limits of [Round].
const (
	MinDecimals = -15
	MaxDecimals = 15
)

// Round rounds a number to decimals, half away from zero as it is written: 2.675 becomes
// 2.68 with 2 decimals. Negative decimals round to tens, hundreds and so on. A number stays
// a number, and one in a string stays in a string. No zeros are left after the last
// decimal.
type Round struct {
	Decimals int // from MinDecimals to MaxDecimals
}

// Apply implements [Action].
func (r Round) Apply(value any) (any, error) { return applied(r, value) }

// Append implements [Appender].
func (r Round) Append(dst []byte, value any) (out []byte, number bool, err error) {
	written, number, err := writtenNumber(value)
	if err != nil {
		return nil, false, err
	}
	if dst = r.round(dst, written); dst == nil {
		return nil, false, ErrValue
	}
	return dst, number, nil
}

// round works on the digits, as the nearest float64 of 2.675 is below it. It gives nil for
// what is no number.
func (r Round) round(dst []byte, written string) []byte {
	negative, whole, fraction, ok := cutNumber(written)
	if !ok {
		return nil
	}
	begin := len(dst)
	dst = append(dst, "-.0"...) // room for a sign, a point, and what is carried
	dst = append(append(dst, whole...), fraction...)
	all := dst[begin+2:]
	cut := 1 + len(whole) + r.Decimals // digits that are kept
	if cut <= 0 {
		return append(dst[:begin], '0')
	}
	roundUp(all, cut)
	units, decimals := all[:1+len(whole)], bytes.TrimRight(all[1+len(whole):], "0")
	if trimmed := bytes.TrimLeft(units, "0"); len(trimmed) > 0 {
		units = trimmed
	} else {
		units = units[:1]
	}
	out := dst[:begin] // what is written is never ahead of what is read
	if negative && (units[0] != '0' || len(decimals) > 0) {
		out = append(out, '-')
	}
	out = append(out, units...)
	if len(decimals) > 0 {
		out = append(append(out, '.'), decimals...)
	}
	return out
}

// roundUp sets the digits from a place on to zero, and carries if the first of them was
// five or more. The first digit of all is a zero.
func roundUp(digits []byte, from int) {
	if from >= len(digits) {
		return
	}
	carry := digits[from] >= '5'
	for i := from; i < len(digits); i++ {
		digits[i] = '0'
	}
	for i := from - 1; carry; i-- {
		digits[i]++
		if carry = digits[i] > '9'; carry {
			digits[i] = '0'
		}
	}
}

func allDigits(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return true
}
