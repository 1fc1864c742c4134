package detect

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestIssuedByPrefix compares the table with a look at each range, for all first digits and lengths.
func TestIssuedByPrefix(t *testing.T) {
	for prefix := range 10000 {
		first := fmt.Sprintf("%04d", prefix)
		var want issued
		for _, r := range issuers {
			head, err := strconv.Atoi(first[:len(strconv.Itoa(r.to))])
			require.NoError(t, err)
			if head < r.from || head > r.to {
				continue
			}
			for _, n := range r.lengths {
				want[n] = max(want[n], r.confidence)
			}
		}
		got := issuedTo([]byte(first))
		if want == (issued{}) {
			require.Nilf(t, got, "cards that begin with %s", first)
			continue
		}
		require.NotNilf(t, got, "cards that begin with %s", first)
		require.Equalf(t, want, *got, "cards that begin with %s", first)
	}
}
