package store

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The memory of a process that does nothing but write stays near the budget.
func TestMemoryBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("there is no /proc here to read the memory of a process from")
	}
	t.Parallel()
	const budget = DefaultMemoryBudget
	filled, out := process(t, "fill", filepath.Join(t.TempDir(), "state"), "BUDGET="+strconv.Itoa(budget))
	resident := int64(lastNumber(t, out)) << 10
	require.NoError(t, filled.Wait())
	t.Logf("a budget of %d MiB: %d MiB resident", budget>>20, resident>>20)
	assert.Less(t, resident, int64(budget+budget/2))
}
