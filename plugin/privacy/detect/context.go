package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	contextWordsAround = 5   // the number of words on either side that count
	contextReach       = 128 // bytes; words further away do not count
	maxWordBytes       = 48  // a longer word is no context
	wordsKept          = 256
)

// word is a run of letters or digits of the scanned text.
type word struct {
	start, end int
	topics     topics
	newLine    bool // a line ends before it, not in a colon
}

// wordWindow has the words around where the pass is. Each byte of the text is split into
// words twice at most, and only near candidates that ask for context.
type wordWindow struct {
	words []word
	done  int // the text before is split
}

func (w *wordWindow) reset(at int) { w.words, w.done = w.words[:0], at }

// near says that a word of a topic is among the five words before text[start:end] or after it.
func (p *pass) near(start, end int, topic topics) bool {
	return p.wordsBefore(start, contextWordsAround)&topic != 0 || p.wordsAfter(end, contextWordsAround)&topic != 0
}

// labelled says that one of the three words before start is a label of a topic.
func (p *pass) labelled(start int, topic topics) bool {
	return p.wordsBefore(start, 3)&topic != 0
}

// wordsBefore returns the topics of up to n words before start, on its line.
func (p *pass) wordsBefore(start, n int) topics { return p.wordsFrom(0, start, n) }

// wordsFrom is wordsBefore without the words that begin before from.
func (p *pass) wordsFrom(from, start, n int) (found topics) {
	p.split(start-contextReach, start)
	words := p.words.words
	i := len(words) - 1
	for i >= 0 && words[i].end > start {
		i--
	}
	if p.lineEnds(start, i) {
		return 0
	}
	for number := false; i >= 0 && words[i].start >= max(from, start-contextReach+1); i-- {
		if n -= p.counts(words[i], &number); n < 0 {
			break
		}
		if found |= words[i].topics; words[i].newLine {
			break
		}
	}
	return found
}

// lineEnds says that a line ends between word i and start.
func (p *pass) lineEnds(start, i int) bool {
	from := max(start-contextReach, 0)
	if i >= 0 {
		from = max(from, p.words.words[i].end)
	}
	return endsLine(p.text[from:max(from, start)])
}

// wordsAfter returns the topics of up to n words after end, on its line.
func (p *pass) wordsAfter(end, n int) (found topics) {
	p.split(end-contextReach, min(end+contextReach, len(p.text)))
	words := p.words.words
	i := len(words)
	for i > 0 && words[i-1].start >= end {
		i--
	}
	for number := false; i < len(words) && words[i].end < end+contextReach && !words[i].newLine; i++ {
		if n -= p.counts(words[i], &number); n < 0 {
			break
		}
		found |= words[i].topics
	}
	return found
}

// counts returns how many tokens a word is: groups of digits in a row are one together.
func (p *pass) counts(w word, number *bool) int {
	before := *number
	if *number = isDigit(p.text[w.start]); *number && before {
		return 0
	}
	return 1
}

// split makes sure that the words from one place to another are known.
func (p *pass) split(from, to int) {
	w := &p.words
	if w.done < from {
		from = max(from-contextReach/2, 0) // candidates of one place begin up to so much apart
		for from < len(p.text) && !utf8.RuneStart(p.text[from]) {
			from++
		}
		w.reset(from)
		if from > 0 && wordClass(before(p.text, from)) != noWord { // the rest of a word that began before
			w.done = wordEnd(p.text, from)
		}
	}
	for w.done < to {
		start := w.done
		for start < to {
			if c := p.text[start]; c >= utf8.RuneSelf && wordClass(after(p.text, start)) != noWord || c < utf8.RuneSelf && isAlnum(c) {
				break
			}
			start += size(p.text, start)
		}
		if start >= to {
			p.work += start - w.done
			// Only what is no word may be split again, so that a line's end is not lost.
			return
		}
		end := wordEnd(p.text, start)
		p.work += end - w.done
		if len(w.words) >= 2*wordsKept {
			w.words = append(w.words[:0], w.words[len(w.words)-wordsKept:]...)
		}
		w.words = append(w.words, word{start, end, p.topicsOf(p.text[start:end]), endsLine(p.text[w.done:start])})
		w.done = end
	}
}

// endsLine says that a line ends in what is between two words, and not in a colon.
func endsLine(gap string) bool {
	i := strings.IndexByte(gap, '\n')
	return i >= 0 && !strings.HasSuffix(strings.TrimRight(gap[:i], " \t\r"), ":")
}

// topicsOf returns what a word speaks of, whatever the case of its letters.
func (p *pass) topicsOf(text string) topics {
	if !p.lexicon.mayHave(text) {
		return 0
	}
	var buffer [2 * maxWordBytes]byte
	lower := buffer[:0]
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			return p.lexicon.topics[lowerCase(text)]
		}
		if isUpper(c) {
			c |= 0x20
		}
		lower = append(lower, c)
	}
	return p.lexicon.topics[string(lower)]
}

// lowerCase returns a word in small letters, with its marks on the letters (NFC).
func lowerCase(word string) string { return norm.NFC.String(strings.ToLower(word)) }

const (
	noWord = iota
	spacedWord
	unspacedWord
)

// wordClass says whether a rune is part of a word, and of which kind. Words of scripts without
// spaces end where the others begin.
func wordClass(r rune) int {
	switch {
	case r < 0x80:
		if isAlnum(byte(r)) {
			return spacedWord
		}
		return noWord
	case !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r):
		return noWord
	case unspaced(r):
		return unspacedWord
	default:
		return spacedWord
	}
}

// wordEnd returns where the word ends that is at i.
func wordEnd(text string, i int) int {
	class := wordClass(after(text, i))
	for i < len(text) {
		if c := text[i]; c < utf8.RuneSelf {
			if class != spacedWord || !isAlnum(c) {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		if wordClass(r) != class {
			return i
		}
		i += n
	}
	return i
}

// size is the number of bytes of the rune at i.
func size(text string, i int) int {
	if text[i] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(text[i:])
	return n
}
