package streams

// WindowARI is the ARI of each window of n points, and their mean. The last window takes along
// what is left.
func WindowARI(truth, found []int, n int) (windows []float64, mean float64) {
	if len(truth) != len(found) {
		panic("streams: labellings of different length")
	}
	if n <= 0 {
		panic("streams: a window of no points")
	}
	for from := 0; from < len(truth); {
		to := from + n
		if to+n > len(truth) {
			to = len(truth)
		}
		windows = append(windows, ARI(truth[from:to], found[from:to]))
		mean += windows[len(windows)-1]
		from = to
	}
	return windows, mean / float64(max(len(windows), 1))
}
