package duration_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/duration"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0s":   0,
		"30s":  30 * time.Second,
		"1.5h": 90 * time.Minute,
		"5m":   5 * time.Minute,
		"90d":  90 * 24 * time.Hour,
		"2w":   14 * 24 * time.Hour,
	} {
		got, err := duration.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "s", "30", "30x", "-3d", "d3", "1h30m", "infd", "NaNd", "1e400d", "99999999w", " 3d", "+3d", "0x1p3d"} {
		_, err := duration.Parse(text)
		assert.Error(t, err, text)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"90d", "1.5h", "0s", "0.5w", "9d9"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := duration.Parse(text); err == nil && got < 0 {
			t.Fatalf("%q gave %v", text, got)
		}
	})
}
