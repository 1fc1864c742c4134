package privacy

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

func TestUnescaped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`jane\u0040example.org`:       `jane@example.org`,
		`jane\\u0040x \\\u0040 \/ \\`: `jane@x @ / \\`,
		`\u0022 \u005c \u000a \u0`:    `\u0022 \u005c \u000a \u0`,
		`\ud835\udfdc \ud835 \udfdc`:  `𝟜 \ud835 \udfdc`,
		`\\ud835\\udfdc`:              `𝟜`,
		`\ud835\u0040\ufffd\`:         `\ud835@\ufffd\`,
		`\n\"\users`:                  `\n\"\users`,
	} {
		assert.Equal(t, want, unescaped(in), in)
	}
}

// JSON means the same without escapes that are not needed, and has none of them left.
func FuzzUnescaped(f *testing.F) {
	f.Add(`{"a":"jane\u0040example.org\/\ud83d\ude00\u0022\ud83d"}`)
	f.Fuzz(func(t *testing.T, text string) {
		got := unescaped(text)
		assert.LessOrEqual(t, len(got), len(text))
		assert.Equal(t, got, unescaped(got))
		var before, after any
		if strings.Contains(text, `\\`) || json.Unmarshal([]byte(text), &before) != nil {
			return
		}
		require.NoError(t, json.Unmarshal([]byte(got), &after))
		assert.Equal(t, before, after)
	})
}

// Names of any form give words of letters with one space between, which hold no number.
func FuzzWordsOfNames(f *testing.F) {
	f.Add("customerPhoneNo2", "IPAddress")
	f.Fuzz(func(t *testing.T, outer, name string) {
		var l labels
		label := l.of(trail{outer, name})
		assert.Equal(t, label, l.of(trail{outer, name}))
		if label == "" {
			return
		}
		words, ended := strings.CutSuffix(label, ":\n")
		require.True(t, ended)
		for word := range strings.SplitSeq(words, " ") {
			assert.NotEmpty(t, word)
			for _, r := range word {
				assert.True(t, isWordRune(r) && r != utf8.RuneError, "%q", label)
			}
		}
	})
}

// What is united covers the same bytes, in order and without overlaps.
func FuzzUnite(f *testing.F) {
	f.Add([]byte{0, 3, 2, 2, 9, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var spans []detect.Span
		var covered [512]bool
		for ; len(raw) > 1; raw = raw[2:] {
			start, end := int(raw[0]), int(raw[0])+1+int(raw[1])
			spans = append(spans, detect.Span{Start: start, End: end})
			for i := start; i < end; i++ {
				covered[i] = true
			}
		}
		at := 0
		for _, s := range unite(spans) {
			require.GreaterOrEqual(t, s.Start, at)
			require.Greater(t, s.End, s.Start)
			for ; at < s.Start; at++ {
				require.False(t, covered[at])
			}
			for ; at < s.End; at++ {
				require.True(t, covered[at])
			}
		}
		for ; at < len(covered); at++ {
			require.False(t, covered[at])
		}
	})
}
