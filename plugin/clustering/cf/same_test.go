package cf

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSame(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, test := range []struct {
		x, y []float64
		want bool
	}{
		{[]float64{1, 2}, []float64{1, 2}, true},
		{[]float64{1, 2}, []float64{1, 2 + 1e-12}, true},
		{[]float64{1, 2}, []float64{1, 2.001}, false},
		{[]float64{0, 0}, []float64{0, 0}, true},
		{[]float64{0}, []float64{1e-300}, false},
		{[]float64{1, nan}, []float64{1, 2}, true},
		{[]float64{1}, []float64{1, 2}, true},
		{[]float64{nan, 1}, []float64{1, nan}, false},
		{nil, []float64{1}, false},
	} {
		assert.Equal(t, test.want, Same(test.x, test.y), "%v %v", test.x, test.y)
		assert.Equal(t, test.want, Same(test.y, test.x), "%v %v", test.y, test.x)
	}
}
