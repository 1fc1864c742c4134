package laws

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Customers like nobody else, at any moment: among many or alone, while an engine warms up, and
// while a refinement is under way. What is saved has their numbers in it before they are
// erased, and not afterwards; those who stay add up as if they had never been there.
func whoIsErasedLeavesNoTrace(t *testing.T, make func() *Customers) {
	random, list := rand.New(rand.NewPCG(5, 0)), Points(6, 3000, 3, 6)
	found := 0
	for _, others := range []int{0, 1, 2, 30, 300, 600, 1100} {
		p, saved := make(), Records{}
		for i := range others {
			p.Move(t, i%400, list[i])
			if i%97 == 0 {
				p.Save(saved)
			}
		}
		for i := range 30 {
			const stranger = 1000
			x := []float64{7.1234567891 + float64(i), -8.2345678912 * float64(i%3), 900.3456789123 - 7*float64(i)}
			if i%5 == 4 {
				x[i%3] = math.NaN()
			}
			p.Move(t, stranger, x)
			for range random.IntN(3) * random.IntN(10) {
				if others > 0 {
					p.Move(t, random.IntN(min(others, 400)), list[random.IntN(len(list))])
				}
			}
			if i%2 == 0 {
				p.Save(saved)
				if saved.have(x) {
					found++
				}
			}
			p.Erase(t, stranger)
			p.Check(t)
			p.Save(saved)
			require.False(t, saved.have(x), "stranger %d, among %d others", i, others)
		}
	}
	assert.Greater(t, found, 50, "else this would find nothing")
}

// have tells that a number of a vector is in any record, to the bit: 0 is none.
func (r Records) have(x []float64) bool {
	for _, value := range r {
		for _, v := range x {
			if v != 0 && !math.IsNaN(v) && bytes.Contains([]byte(value), binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))) {
				return true
			}
		}
	}
	return false
}
