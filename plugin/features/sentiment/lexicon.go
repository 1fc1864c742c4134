package sentiment

import (
	"strings"
	"sync"

	"github.com/jonreiter/govader"
)

// word is what the rules know of one spelling, in lower case.
type word struct {
	valence float64 // how it sounds, from -4 to 4
	rated   bool    // it has a valence, if only 0
	boost   float64 // what it adds to a positive word up to three places later
	boosts  bool
	negates bool
	id      id // of words that rules or phrases name; 0 for all others
}

// unknown are all other words.
var unknown word

// id stands for a word that is named by a rule or is part of a phrase.
type id uint8

// phrase is two or three words in a row; the last of two is 0.
type phrase [3]id

// lexicon is what is known of words. It is immutable, and built on first use: it takes a
// megabyte and some 10 ms, and few pipelines need it.
type lexicon struct {
	words   map[string]*word
	longest int             // spelling, in bytes
	emojis  map[rune]string // in words
	idioms  map[phrase]float64
	boosts  map[phrase]float64

	never, so, this, without, doubt, least, at, very, no, or, nor, kind, of, but id
}

var theLexicon = sync.OnceValue(newLexicon)

func newLexicon() *lexicon {
	source := govader.NewSentimentIntensityAnalyzer()
	l := &lexicon{
		words:  make(map[string]*word, len(source.Lexicon)+len(source.Constants.BoosterDict)),
		emojis: make(map[rune]string, len(source.EmojiDict)),
		idioms: map[phrase]float64{},
		boosts: map[phrase]float64{},
	}
	for spelling, valence := range source.Lexicon {
		l.change(spelling, func(w *word) { w.valence, w.rated = valence, true })
	}
	for _, spelling := range source.Constants.NegateList {
		l.change(spelling, func(w *word) { w.negates = true })
	}
	ids := map[string]id{}
	identify := func(spelling string) id {
		if _, known := ids[spelling]; !known {
			ids[spelling] = id(len(ids) + 1)
			l.change(spelling, func(w *word) { w.id = ids[spelling] })
		}
		return ids[spelling]
	}
	phraseOf := func(text string) (p phrase) {
		for i, spelling := range strings.Fields(text) {
			p[i] = identify(spelling)
		}
		return p
	}
	for text, boost := range source.Constants.BoosterDict {
		if strings.Contains(text, " ") {
			l.boosts[phraseOf(text)] = boost
		} else {
			l.change(text, func(w *word) { w.boost, w.boosts = boost, true })
		}
	}
	for text, valence := range source.Constants.SpecialCaseIdioms {
		if strings.Contains(text, " ") { // the authors look for no single word
			l.idioms[phraseOf(text)] = valence
		}
	}
	for emoji, description := range source.EmojiDict {
		if runes := []rune(emoji); len(runes) == 1 { // the authors look for no sequences
			l.emojis[runes[0]] = description
		}
	}
	for spelling, named := range map[string]*id{
		"never": &l.never, "so": &l.so, "this": &l.this, "without": &l.without, "doubt": &l.doubt,
		"least": &l.least, "at": &l.at, "very": &l.very, "no": &l.no, "or": &l.or, "nor": &l.nor,
		"kind": &l.kind, "of": &l.of, "but": &l.but,
	} {
		*named = identify(spelling)
	}
	return l
}

func (l *lexicon) change(spelling string, change func(*word)) {
	if l.words[spelling] == nil {
		l.words[spelling] = &word{}
	}
	change(l.words[spelling])
	l.longest = max(l.longest, len(spelling))
}
