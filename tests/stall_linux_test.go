package tests

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A process that stands still amid its batches, for longer than its group waits for it, as on a
// disk that does not answer or a machine that is put to sleep, goes on where it was: what is
// delivered again is known.
func TestAProcessThatStandsStill(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	f := newFault(t, 500, 6000)
	random := rand.New(rand.NewPCG(6, 0))
	p := start(t, f.dir, f.config())
	stops := 0
	for ; stops < soak(5) && len(f.out.seen) < f.messages; stops++ {
		awaitNews(t, p, f.out)
		time.Sleep(time.Duration(random.IntN(50)) * time.Millisecond)
		require.NoError(t, p.Process.Signal(syscall.SIGSTOP))
		time.Sleep(time.Duration(300+random.IntN(900)) * time.Millisecond) // its group waits for 600 ms
		require.NoError(t, p.Process.Signal(syscall.SIGCONT))
		f.out.look(t)
	}
	await(t, p, f.out, f.messages)
	p.stop(t)
	t.Logf("it stood still %d times", stops)
	require.Positive(t, stops)
	f.compare(t)
}
