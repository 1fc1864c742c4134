package detect

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func newScanner(t testing.TB, region string, names ...string) *Scanner {
	t.Helper()
	s, err := New(Options{Detectors: names, Region: region})
	require.NoError(t, err)
	return s
}

// candidates returns what a scanner finds, with what it knows of it.
func candidates(s *Scanner, text string) []candidate {
	p := new(pass)
	p.Scanner, p.text = s, text
	if hidden := firstFold(text); hidden < len(text) {
		p.text = p.fold.fold(text, hidden)
	}
	p.scan(0)
	p.scanCustom()
	return p.resolve()
}

// checkLaws checks what holds for every text.
func checkLaws(t *testing.T, s *Scanner, alone map[string]*Scanner, text, before string) {
	t.Helper()
	spans := s.Append(nil, text)
	end := 0
	for _, span := range spans {
		require.GreaterOrEqual(t, span.Start, end, "spans are sorted and do not overlap")
		require.Less(t, span.Start, span.End)
		require.LessOrEqual(t, span.End, len(text))
		require.Truef(t, onBoundary(text, span.Start) && onBoundary(text, span.End), "%v is on rune boundaries of %q", span, text)
		require.GreaterOrEqual(t, span.Confidence, DefaultMinConfidence)
		require.LessOrEqual(t, span.Confidence, 1.0)
		end = span.End
	}

	prefix := before + ".\n"
	var after []Span
	for _, span := range s.Append(nil, prefix+text) {
		if span.Start >= len(prefix) {
			span.Start, span.End = span.Start-len(prefix), span.End-len(prefix)
			after = append(after, span)
		} else {
			require.LessOrEqualf(t, span.End, len(prefix), "no span reaches over a line of %q", prefix+text)
		}
	}
	if strings.Count(text, ":\n") == 0 { // a colon at the end of the first line is all that lines have to do with each other
		require.Equalf(t, spans, after, "%q is the same after %q", text, prefix)
	}

	known := candidates(s, text)
	require.Len(t, known, len(spans))
	for i, span := range spans {
		if known[i].byContext || span.Detector == "url" { // a value is none without the URL around it
			continue
		}
		part := text[span.Start:span.End]
		found := alone[span.Detector].Append(nil, part)
		require.Lenf(t, found, 1, "%q of %q is %s by itself", part, text, span.Detector)
		require.Equalf(t, [2]int{0, len(part)}, [2]int{found[0].Start, found[0].End}, "%q of %q is %s by itself", part, text, span.Detector)
	}
}

// onBoundary says that no rune of a text is cut at i. Bytes that are no UTF-8 are runes of their own.
func onBoundary(text string, i int) bool {
	for at := max(i-utf8.UTFMax+1, 0); at < i; at++ {
		if r, n := utf8.DecodeRuneInString(text[at:]); r != utf8.RuneError && at+n > i {
			return false
		}
	}
	return true
}

func lawScanners(t testing.TB, region string) (*Scanner, map[string]*Scanner) {
	alone := map[string]*Scanner{}
	for _, name := range Names() {
		alone[name] = newScanner(t, region, name)
	}
	return newScanner(t, region, Names()...), alone
}

func FuzzAppend(f *testing.F) {
	for _, seed := range seeds {
		f.Add(seed, "Mail ann@example.com, born in", byte(0))
	}
	regions := []string{"US", "DE", "FR", "IN", ""}
	scanners, alone := make([]*Scanner, len(regions)), make([]map[string]*Scanner, len(regions))
	for i, region := range regions {
		scanners[i], alone[i] = lawScanners(f, region)
	}
	f.Fuzz(func(t *testing.T, text, before string, region byte) {
		i := int(region) % len(regions)
		checkLaws(t, scanners[i], alone[i], text, before)
	})
}

// seeds have all detectors in them, to be cut and put together.
var seeds = []string{
	"Mail \"a b\"@example.com or ann.lee+x@example.co.uk, +49 (0)30 1234567 ext. 12, card 4111 1111 1111 1111 exp 12/27.",
	"IBAN DE89 3704 0044 0532 0130 00, SSN 123-45-6789, from 203.0.113.77 via ::ffff:203.0.113.77%eth0, 00-1A-2B-3C-4D-5E 00:1a:2b:3c:4d:5e 001a.2b3c.4d5e",
	"(415) 555-2671, 1-415-555-2671, born 12/03/1980, März 3, 1980, 3 de mayo de 1980, 1980年3月12日, Geburtsdatum:\n01.02.1990",
	"https://bob:secret@example.com/a?token=abc&user=7#x=y AKIAIOSFODNN7EXAMPLE, NHS 943 476 5919, DNI 12.345.678-Z, X-1234567-L",
	"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	"CPF 529.982.247-25 आधार 2341 2341 2346 order 4111111111111111, ４１１１１１１１１１１１１１１１ 4111\u200b1111\u00ad1111\u00a01111…½",
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4 ghp_16C7e42F292c6912E7710c838347Ae178B4a SG.aaaaaaaaaaaaaaaaaaaaa1.b",
}

// TestLaws cuts texts up and puts the pieces together at random.
func TestLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	for _, region := range []string{"US", "DE", "IN", ""} {
		s, alone := lawScanners(t, region)
		for range 3000 {
			var text [2]strings.Builder
			for i := range text {
				for range 1 + r.IntN(4) {
					seed := seeds[r.IntN(len(seeds))]
					from := r.IntN(len(seed))
					text[i].WriteString(seed[from : from+r.IntN(len(seed)-from)])
					text[i].WriteString([]string{"", " ", "\n", "-", ".", ":", "/", "1", "a", "é", "\u200b", "\xff", "電", "１"}[r.IntN(14)])
				}
			}
			checkLaws(t, s, alone, text[0].String(), text[1].String())
		}
	}
}

// TestScannersAreShared has many goroutines scan with one scanner, to be run with the race detector.
func TestScannersAreShared(t *testing.T) {
	s := newScanner(t, "US", Names()...)
	want := make([][]Span, len(seeds))
	for i, seed := range seeds {
		want[i] = newScanner(t, "US", Names()...).Append(nil, seed)
	}
	done := make(chan bool)
	for worker := range 4 {
		go func() {
			same := true
			for i := range 200 {
				k := (i + worker) % len(seeds)
				same = same && assert.ObjectsAreEqual(want[k], s.Append(nil, seeds[k]))
			}
			done <- same
		}()
	}
	for range 4 {
		assert.True(t, <-done)
	}
}

// TestNothingHides writes digits in other scripts, and puts what cannot be seen within words: the same is found.
func TestNothingHides(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 4))
	s := newScanner(t, "US", Names()...)
	for _, seed := range seeds[:6] {
		plain := s.Append(nil, seed)
		require.NotEmpty(t, plain)
		for range 200 {
			var text strings.Builder
			at := make([]int, len(seed)+1) // where each byte of the seed is in the text
			zero := []rune{'0', '０', '٠', '०', '𝟎', '𝟬'}[r.IntN(6)]
			for i, c := range seed {
				if inner := i > 0 && isAlnum(seed[i-1]) && isAlnum(seed[i]); inner && r.IntN(4) == 0 {
					text.WriteRune([]rune{0x200B, 0xAD, 0x2060, 0xFEFF, 0xFE0F}[r.IntN(5)])
				}
				for k := range utf8.RuneLen(c) {
					at[i+k] = text.Len()
				}
				if c >= '0' && c <= '9' && r.IntN(2) == 0 {
					c += zero - '0'
				}
				text.WriteRune(c)
			}
			at[len(seed)] = text.Len()
			found := s.Append(nil, text.String())
			require.Lenf(t, found, len(plain), "%q", text.String())
			for i, span := range found {
				assert.Equalf(t, plain[i].Detector, span.Detector, "%q", text.String())
				assert.Equalf(t, at[plain[i].Start], span.Start, "%s in %q", span.Detector, text.String())
				end := at[plain[i].End]
				assert.Equalf(t, strings.TrimRight(text.String()[:end], "\u200b\u00ad\u2060\ufeff\ufe0f"), text.String()[:span.End], "%s in %q", span.Detector, text.String())
			}
		}
	}
}
