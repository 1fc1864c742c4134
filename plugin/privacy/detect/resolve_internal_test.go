package detect

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestResolve compares what stays of random candidates with a look at each byte: the best candidates win, the
// bytes of numbers that lose are found all the same, and nothing else is.
func TestResolve(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 6))
	text := strings.Repeat("1234 567-", 12)
	for range 5000 {
		p := &pass{Scanner: &Scanner{minConfidence: 0.1}, text: text}
		var all []candidate
		for range 1 + r.IntN(6) {
			start := r.IntN(90)
			c := candidate{start: start, end: start + 1 + r.IntN(15), confidence: 0.5 + float64(r.IntN(4))/10, detector: []detector{phone, creditCard, email, ipAddress}[r.IntN(4)]}
			all = append(all, c)
			p.add(c.detector, c.start, c.end, c.confidence, false)
		}

		owner := make([]int, len(text)) // 1 + the candidate that has a byte
		slices.SortFunc(all, better)
		var winners []candidate
		for i, c := range all {
			if slices.Max(owner[c.start:c.end]) == 0 {
				winners = append(winners, c)
				for at := c.start; at < c.end; at++ {
					owner[at] = i + 1
				}
			}
		}
		mayHave := make([]bool, len(text))
		for _, c := range all {
			for at := c.start; at < c.end && (c.detector.isNumber() || slices.Contains(winners, c)); at++ {
				mayHave[at] = true
			}
		}

		kept, end, has := p.resolve(), 0, make([]bool, len(text))
		for _, c := range kept {
			require.GreaterOrEqual(t, c.start, end, "spans are sorted and do not overlap")
			require.Less(t, c.start, c.end)
			end = c.end
			for at := c.start; at < c.end; at++ {
				has[at] = true
				require.Truef(t, mayHave[at] || !isDigit(text[at]), "byte %d is of no candidate of %v", at, all)
			}
		}
		for at := range text {
			require.Truef(t, has[at] || !mayHave[at] || !isDigit(text[at]), "byte %d of %v is found: %v", at, all, kept)
		}
		for _, c := range winners {
			require.Truef(t, slices.ContainsFunc(kept, func(k candidate) bool { return k.detector == c.detector && k.start <= c.start && k.end >= c.end }), "%v stays: %v", c, kept)
		}
	}
}
