package tests

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// visitors come for ever: two groups, and one in fifty who is like nobody. After some
// seconds one of the groups is elsewhere.
const visitors = `
http: { address: "%s" }
metrics: { prometheus: {} }
logger: { level: ERROR }
input:
  generate:
    interval: 1ms
    batch_size: 20
    mapping: |
      let i = counter()
      let who = random_int(seed: 1, max: 400)
      root.customer = "visitor-%%d".format($who)
      let at = if $who %% 50 == 0 { 30 } else if $who %% 2 == 0 { 0 } else if $i > 20000 { 25 } else { 10 }
      let far = if $who %% 50 == 0 { $who - 200 } else { 1 }
      root.features.visits = $at + random_int(max: 1000) / 500 * $far
      root.features.spend = $at + random_int(max: 1000) / 500
pipeline:
  threads: 1
  processors:
    - segment_assign: { store: customers, key: this.customer, density: {} }
output:
  drop: {}
`

// gauges are the metrics of segments that a process shows, by their name and labels.
func gauges(t *testing.T, address string) map[string]float64 {
	t.Helper()
	response, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return nil // it is not up yet
	}
	defer func() { _ = response.Body.Close() }()
	list := map[string]float64{}
	for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
		if name, value, found := strings.Cut(scanner.Text(), "} "); found && strings.HasPrefix(name, "segment_") {
			number, err := strconv.ParseFloat(value, 64)
			require.NoError(t, err)
			list[strings.ReplaceAll(name, `label="",model="default",path="root.pipeline.processors.0"`, "")] = number
		}
	}
	return list
}

// An operator sees how good the segments are, that outliers are counted apart, and the alarm
// of a drift.
func TestMetrics(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), free(t)
	p := start(t, dir, fmt.Sprintf(visitors, address)+storeResource)
	var shown map[string]float64
	require.Eventually(t, func() bool {
		shown = gauges(t, address)
		alarms, recent := 0.0, 0.0
		for name, value := range shown {
			switch {
			case strings.HasPrefix(name, "segment_drift_alarms"):
				alarms += value
			case strings.HasPrefix(name, `segment_quality{index="recent_inertia"`):
				recent = value
			}
		}
		return alarms > 0 && recent > 0 // which is told once a second
	}, 60*time.Second, 200*time.Millisecond, "no drift was noticed: %v", shown)
	p.stop(t)
	gauge := func(name string) float64 {
		key := name + "{"
		require.Contains(t, shown, key)
		return shown[key]
	}
	index := func(name string) float64 {
		key := `segment_quality{index="` + name + `",`
		require.Contains(t, shown, key)
		return shown[key]
	}
	for _, name := range []string{"inertia", "davies_bouldin", "calinski_harabasz", "xie_beni", "recent_inertia"} {
		assert.Positive(t, index(name), name)
	}
	assert.Greater(t, index("silhouette"), 0.5)
	assert.Greater(t, index("recent_silhouette"), 0.5)
	assert.GreaterOrEqual(t, index("churn"), 0.0)
	customers, outliers := gauge("segment_customers"), gauge("segment_outliers")
	assert.InDelta(t, outliers/customers, index("outlier_share"), 0.02)
	members, share := outliers, index("outlier_share")
	for name, value := range shown {
		switch {
		case strings.HasPrefix(name, "segment_size{"):
			members += value
		case strings.HasPrefix(name, "segment_share{"):
			share += value
		}
	}
	assert.InDelta(t, customers, members, 0)
	assert.InDelta(t, 1, share, 1e-9)
}
