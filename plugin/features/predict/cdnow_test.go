package predict

import (
	"bufio"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shared reads the lines of a file of the data that is shared, without the first if it is a
// header, and skips the test where that is not here.
func shared(t testing.TB, name string, header bool) (lines []string) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("CDNOW is not here")
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	scanner := bufio.NewScanner(unzipped)
	for scanner.Scan() {
		if header {
			header = false
			continue
		}
		lines = append(lines, scanner.Text())
	}
	require.NoError(t, scanner.Err())
	return lines
}

// sampleHistories are those of the papers' sample of CDNOW, in weeks.
func sampleHistories(t testing.TB) (sample []History) {
	t.Helper()
	for _, line := range shared(t, "cdnow_sample_summary.csv.gz", true) {
		var numbers [4]float64
		for i, word := range strings.Split(line, ",") {
			x, err := strconv.ParseFloat(word, 64)
			require.NoError(t, err)
			numbers[i] = x
		}
		sample = append(sample, History{Repeats: numbers[1], Recency: numbers[2], Age: numbers[3]})
	}
	return sample
}

// sampleDays are the values of the days on which each customer of the sample bought, in order,
// until the end of September 1997.
func sampleDays(t testing.TB) map[string][]float64 {
	t.Helper()
	end := time.Date(1997, 9, 30, 0, 0, 0, 0, time.UTC)
	days, last := map[string][]float64{}, map[string]string{}
	for _, line := range shared(t, "cdnow_sample.txt.gz", false) {
		words := strings.Fields(line)
		at, err := time.Parse("20060102", words[2])
		require.NoError(t, err)
		if at.After(end) {
			continue
		}
		value, err := strconv.ParseFloat(words[4], 64)
		require.NoError(t, err)
		customer := words[0]
		if n := len(days[customer]); n > 0 && last[customer] == words[2] {
			days[customer][n-1] += value
			continue
		}
		days[customer] = append(days[customer], value)
		last[customer] = words[2]
	}
	return days
}

// sampleSpending is what the repeat purchases of the sample are worth.
func sampleSpending(t testing.TB) (sample []Spending) {
	t.Helper()
	for _, values := range sampleDays(t) {
		s := Spending{Orders: float64(len(values) - 1)}
		for _, v := range values[1:] {
			s.Mean += v / s.Orders
		}
		sample = append(sample, s)
	}
	return sample
}
