package aggregate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	names := []string{"max", "spend", "spend.week", "taste", "taste.a", "é"}
	for text, want := range map[string][]string{
		"this.spend / 2":                  {"spend"},
		"this.spend.week * 4":             {"spend.week"},
		"this.spend.week + this.spend":    {"spend.week", "spend"},
		`this."taste.a"`:                  {"taste.a"},
		`this.taste."a"`:                  {"taste"},
		"[this.spending, this.x].max()":   nil,
		"this.max.max()":                  {"max"},
		"this.my_spend + this.spend2 + é": {"é"},
		"spend/max":                       {"spend", "max"},
		"":                                nil,
	} {
		assert.Equal(t, want, aggregate.Named(text, names), text)
	}
}
