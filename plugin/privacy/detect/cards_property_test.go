package detect_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

// TestNoCardPasses writes cards between what people write before and after them: each of their digits is found,
// whatever a number beside them looks like, and whichever detectors look for it.
func TestNoCardPasses(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(8, 5))}
	scanners := []*detect.Scanner{scanner(t, "US"), scanner(t, "DE"), scanner(t, "", detect.Default()...), scanner(t, "US", "credit_card")}
	for range 3000 {
		before := pick(m, "", "use ", m.expiry()+" ", "exp "+m.expiry()+" ", "pin "+m.digits(4)+" ", m.digits(4)+" ", m.digits(3)+" ", "415-555-2671 ", "+1 415 555 2671 ",
			"+49 30 1234567 ", "030 1234567 ", m.card()+" ", m.card()+" "+m.card()+" ", "SSN 123-45-6789 ", "12.03.2026 ")
		after := pick(m, "", ".", ", ok", " "+m.expiry(), " "+m.expiry()+" "+m.digits(3), "/"+m.expiry(), "/"+m.expiry()+" "+m.digits(3), "-"+m.digits(3), " "+m.digits(3), " "+m.digits(4),
			".00", " 415-555-2671", " +1 415 555 2671", " 030 1234567", " "+m.card(), " "+m.card()+" "+m.digits(4), " 123-45-6789", " 12.03.2026", " (12/26)")
		card := m.card()
		text := before + card + after
		for _, s := range scanners {
			spans, left := s.Append(nil, text), []byte(text)
			for _, span := range spans {
				clear(left[span.Start:span.End])
			}
			assert.Falsef(t, hasDigit(string(left[len(before):len(before)+len(card)])), "%q of %q is found, which is %q", card, text, marked(text, spans))
		}
	}
}

// expiry returns when a card expires, as it is written.
func (m maker) expiry() string {
	return pick(m, "1226", "12/26", "0128", "01/28", "2026 12", "12 26", "12-26", "12/2026")
}

func hasDigit(text string) bool { return strings.IndexFunc(text, unicode.IsDigit) >= 0 }
