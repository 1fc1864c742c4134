package cf

import "math"

// rounding is what two numbers differ by that are the same but for a few operations.
const rounding = 1e-9

// SameNumber tells that two numbers are the same but for rounding, and neither missing nor 0,
// which tells nothing of anybody.
func SameNumber(x, y float64) bool {
	return x != 0 && !Missing(x) && !Missing(y) && math.Abs(x-y) <= rounding*max(math.Abs(x), math.Abs(y))
}

// Same tells that two vectors are the same but for rounding, in the dimensions that both
// have, of which there is at least one. O(d).
func Same(x, y []float64) bool {
	common := false
	for j := range min(len(x), len(y)) {
		if Missing(x[j]) || Missing(y[j]) {
			continue
		}
		if math.Abs(x[j]-y[j]) > rounding*max(math.Abs(x[j]), math.Abs(y[j])) {
			return false
		}
		common = true
	}
	return common
}
