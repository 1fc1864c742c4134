package sentiment

import (
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// MaxBytes is how much of a text counts: what is a sentence or two to VADER has some
// hundreds, and the compound of this much is as good as always -1 or 1.
const MaxBytes = 64 << 10

// Strengths of the rules, which the authors measured.
const (
	capitals        = 0.733 // of a word in upper case among others
	negation        = -0.74
	never           = 1.25 // of "never so" and "never this"
	secondBefore    = 0.95 // of a booster two places before
	thirdBefore     = 0.9
	beforeBut       = 0.5
	afterBut        = 1.5
	exclamation     = 0.292
	maxExclamations = 4
	question        = 0.18 // of each of two or three
	manyQuestions   = 0.96
	spread          = 15 // of the sum of valences over compounds
)

var readings = sync.Pool{New: func() any { return &reading{} }}

// Compound is the sentiment of a text: from -1 over 0, which is neutral, to 1, to four
// decimals. Of a text that is longer than [MaxBytes] the whole words before count. It is
// safe for concurrent use.
func Compound(text string) float64 {
	l := theLexicon()
	r := readings.Get().(*reading)
	defer readings.Put(r)
	text = r.spell(l, first(text))
	r.split(l, text)
	sum := r.sum(l)
	switch emphasis := emphasis(text); {
	case sum > 0:
		sum += emphasis
	case sum < 0:
		sum -= emphasis
	}
	return math.Round(1e4*sum/math.Sqrt(sum*sum+spread))/1e4 + 0 // of the two zeros, +0
}

// first is what counts of a text. A word that is cut may be another: of hello, hell.
func first(text string) string {
	if len(text) <= MaxBytes {
		return text
	}
	text = text[:MaxBytes+1]
	return text[:max(0, strings.LastIndexFunc(text, unicode.IsSpace))]
}

// emphasis is what exclamation and question marks add.
func emphasis(text string) float64 {
	added := exclamation * float64(min(strings.Count(text, "!"), maxExclamations))
	switch n := strings.Count(text, "?"); {
	case n > 3:
		added += manyQuestions
	case n > 1:
		added += question * float64(n)
	}
	return added
}

// sum adds up the valences of the tokens. What is before the first "but" counts less than
// what is after it.
func (r *reading) sum(l *lexicon) (sum float64) {
	uppers, but := 0, len(r.tokens)
	for i, t := range r.tokens {
		if t.upper {
			uppers++
		}
		if t.id == l.but && but == len(r.tokens) {
			but = i
		}
	}
	mixed := 0 < uppers && uppers < len(r.tokens)
	r.sounding = r.sounding[:0]
	for i := range r.tokens {
		if valence := r.valence(l, i, mixed); valence != 0 {
			r.sounding = append(r.sounding, sound{i, valence})
		}
	}
	if but < len(r.tokens) {
		r.weigh(but)
	}
	for _, s := range r.sounding {
		sum += s.valence
	}
	return sum
}

// sound is a token that is not neutral.
type sound struct {
	at      int
	valence float64
}

// mostWeighed bounds the time that weigh takes. No sentence has so many words that sound, and a
// text that has is as good as always -1 or 1.
const mostWeighed = 256

// weigh applies a "but", as the authors' program does: word by word, it weighs the first one
// that sounds as strong as this one does by then. So where two are equal, one may be weighed
// twice and the other not at all.
func (r *reading) weigh(but int) {
	for i := range r.sounding {
		first := i
		if len(r.sounding) <= mostWeighed {
			first = slices.IndexFunc(r.sounding, func(s sound) bool { return s.valence == r.sounding[i].valence })
		}
		switch s := &r.sounding[first]; {
		case s.at < but:
			s.valence *= beforeBut
		case s.at > but:
			s.valence *= afterBut
		}
	}
}
