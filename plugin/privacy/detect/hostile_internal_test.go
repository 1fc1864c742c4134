package detect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// hostile are texts to repeat: each makes some detector begin over and over.
var hostile = []string{
	"1", "1 ", "11 ", "22 ", "222 ", "1-", "1.", "1/", "(1)", "4111 ", "41-", "+1", "+49 ", "+4930123", "0", "00 ", "0049 30 ",
	"@", "a@", "a@b.", "a@b.c ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@", ".", "..", "a.", "a@a.a@",
	":", "::", "a:", "1:", "ab:", "ffff:", "://", "a://", "a://b?c=d&", "a://b@", "http://a?u=", "?", "#", "&", "=", "?a=", ";",
	"(", "((", "- ", "-", "a-", "00-", "_", "a_", "K", "AK", "AKIA", "eyJ", "eyJa.", "eyJhbGciOjAw.a.a ", "sk-", "ghp_1",
	"a1", "a1 ", "1a ", "DE89 ", "de89", "DE89370400440532013001 ", "GB29 ", "0x", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 ",
	"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5 ", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD ", "12345678A ",
	"1/1/80 ", "born 1/1/80 ", "1 May 80 ", "May 1, ", "1.1.1.1 ", "1.2.3.4.", "123-45-6789 ", "123456789 ", "2025550123 ",
	"aaaaaaaaaaaaaaaaaaaaaaaa ", "１", "\u200b1", "é", "\u200b", "١ ", "年1", "\xff1",
	"4111 1111 1111 1111 ", "4111111111111111 ", "943 476 5919 ", "2341 2341 2346 ", "a@b.com ", "\"a\"@b.com ", "a@[1.1.1.1]",
	"a%40", "a%40b.c", "%40", "%2540", "a%3D%40", "\uFFFD@", "4111-", "4111/", "5018 ", "5018-", "5018.", "501850185018 ", "2671 4111 1111 1111 1111 ", "4111 1111 1111 1111 110 ",
	"+49 30 1234567 4111 1111 1111 1111 ", "4111111111111111/12/26 ", "1226/4111111111111111 ", "card 4111 ", "v 10.2.3.4 ", "Chrome/120.1.0.1 ", "ip/10.2.0.0 ", "203.000.113.007 ",
	"phone 2025550123 ", "1\n", "\n", "1980年3月",
}

// workOn returns how many bytes a scanner looks at in a text, the gate and the folding aside.
func workOn(s *Scanner, text string) int {
	p := new(pass)
	p.Scanner, p.text = s, text
	if hidden := firstFold(text); hidden < len(text) {
		p.text = p.fold.fold(text, hidden)
	}
	p.scan(0)
	p.resolve()
	return p.work
}

// mostWork is how many bytes are looked at again for each byte of the worst text.
const mostWork = 12

// TestHostileTexts counts the bytes that are looked at again: no more than a few for each byte, and no more
// than eight times as many in a text eight times as long. The benchmark of these texts has what they cost.
func TestHostileTexts(t *testing.T) {
	for _, region := range []string{"US", "IN"} {
		s := newScanner(t, region, Names()...)
		for _, text := range hostile {
			for _, start := range []string{"", "http://a", "http://a/?b=", "born a@"} {
				once := workOn(s, start+strings.Repeat(text, 1<<12/len(text)))
				more := workOn(s, start+strings.Repeat(text, 1<<15/len(text)))
				assert.LessOrEqualf(t, float64(more), 8.2*float64(once)+1000, "%q and then %q is linear", start, text)
				assert.LessOrEqualf(t, float64(more)/(1<<15), float64(mostWork), "%q and then %q is bounded", start, text)
			}
		}
	}
}

func BenchmarkHostile(b *testing.B) {
	s := newScanner(b, "US", Names()...)
	for _, text := range hostile {
		b.Run(text[:min(len(text), 20)], func(b *testing.B) {
			text := strings.Repeat(text, 1<<16/len(text))
			b.SetBytes(int64(len(text)))
			var spans []Span
			for b.Loop() {
				spans = s.Append(spans[:0], text)
			}
		})
	}
}
