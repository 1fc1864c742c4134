package detect_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

// plain is what customers write, with numbers and marks but nothing personal.
const plain = "Hello, I ordered the blue running shoes (size 42) on Monday and they have not arrived yet. " +
	"Order no. A-20931 says that it was shipped from the warehouse in Leipzig at 14:35; the price was 89.90 EUR. " +
	"Could you please check what happened? I would rather have a refund than wait for another two weeks. " +
	"Version 2.4.1 of your app also crashes when I open the page \"My orders\" - I have tried it 3 times. Thanks!\n"

// dense has something personal in nearly every line, in the forms of all detectors.
const dense = "Mail ann.lee@example.com or call +49 30 1234567, card 4111 1111 1111 1111 exp 12/27.\n" +
	"IBAN DE89 3704 0044 0532 0130 00, SSN 123-45-6789, from 203.0.113.77 via 2001:db8::ff00:42:8329.\n" +
	"Call me at (415) 555-2671, born 12/03/1980, device 00:1A:2B:3C:4D:5E, wallet bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n" +
	"https://bob:secret@example.com/a?token=abc&user=7 key AKIAIOSFODNN7EXAMPLE, NHS 943 476 5919, DNI 12345678Z\n"

func benchmark(b *testing.B, text string, names []string) {
	s, err := detect.New(detect.Options{Detectors: names, Region: "US"})
	require.NoError(b, err)
	var spans []detect.Span
	spans = s.Append(spans[:0], text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		spans = s.Append(spans[:0], text)
	}
	b.ReportMetric(float64(len(spans)), "spans")
}

// mixedFields are lines of text of which one in n has something personal in it.
func mixedFields(n int) string {
	lines := []string{}
	personal, others := strings.SplitAfter(dense, "\n"), strings.SplitAfter(plain, ". ")
	for i := range 400 {
		if i%n == 0 {
			lines = append(lines, strings.SplitAfter(personal[i/n%4], ", ")[i/n%2])
		} else {
			lines = append(lines, others[i%len(others)])
		}
	}
	return strings.Join(lines, "\n")
}

func BenchmarkScan(b *testing.B) {
	german := strings.NewReplacer("shoes", "Schuhgröße", "they", "Grüße über").Replace(plain)
	for _, c := range []struct {
		name, text string
		detectors  []string
	}{
		{"plain_all", strings.Repeat(plain, 40), detect.Names()},
		{"plain_default", strings.Repeat(plain, 40), detect.Default()},
		{"plain_short", plain, detect.Names()},
		{"plain_letters", strings.Repeat("the quick brown fox jumps over the lazy dog ", 300), detect.Names()},
		{"one_in_five", strings.Repeat(mixedFields(5), 4), detect.Names()},
		{"one_in_hundred", mixedFields(100), detect.Names()},
		{"plain_umlauts", strings.Repeat(german, 40), detect.Names()},
		{"plain_fields", strings.Repeat("Berlin ", 1), detect.Names()},
		{"dense_all", strings.Repeat(dense, 40), detect.Names()},
		{"dense_default", strings.Repeat(dense, 40), detect.Default()},
		{"dense_short", dense, detect.Names()},
	} {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c.text, c.detectors) })
	}
}
