package tests

import (
	"fmt"
	"os"
	"testing"
)

// With SHOAL_SOAK=n, what is done to processes is done n times as often:
//
//	SHOAL_SOAK=20 go test ./tests -run Kill -timeout 3h -v
//
// It ends by telling how many processes were killed.

// soak is a number of kills or customers, n times as many in a soak.
func soak(number int) int {
	var times int
	if n, _ := fmt.Sscan(os.Getenv("SHOAL_SOAK"), &times); n == 1 && times > 0 {
		return number * times
	}
	return number
}

// inRounds runs a test once, and n times in a soak, where it has nothing to kill any more once all
// is read: each round has a state and instants of its own.
func inRounds(t *testing.T, run func(t *testing.T, round uint64)) {
	t.Helper()
	for round := range soak(1) {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) { run(t, uint64(round)) })
	}
}
