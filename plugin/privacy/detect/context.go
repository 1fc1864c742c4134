package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	contextWordsAround = 5 // the number of words on either side that count
	labelWords         = 3
	mostWords          = 12 // with groups of digits one by one
	contextReach       = 96 // bytes; words further away do not count
	contextSlack       = 48 // bytes; candidates of one place begin up to so much apart
	maxWordBytes       = 48 // a longer word is no context
	wordsKept          = 256
	maxAfterTitle      = 4 // bytes
	maxAbbreviation    = 4 // bytes
)

// word is a run of letters or digits of the scanned text.
type word struct {
	start, end int
	topics     topics
	number     bool // it begins with a digit
	newLine    bool // a line ends before it, not in a colon
}

// wordWindow has the words around where the pass is. Each byte of the text is split into
// words twice at most, and only near candidates that ask for context.
type wordWindow struct {
	words []word
	done  int // the text before is split
	said  int // the end of the last word that speaks of anything
}

func (w *wordWindow) reset(at int) { w.words, w.done, w.said = w.words[:0], at, 0 }

// firstAfter returns the index of the first word that ends after at.
func (w *wordWindow) firstAfter(at int) int {
	low, high := 0, len(w.words)
	for low < high {
		if mid := (low + high) / 2; w.words[mid].end > at {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// surroundings is what the words before and after a place speak of. Several detectors ask for those of one
// place, and some only for those before it.
type surroundings struct {
	start, end    int
	before, after topics // of the nearest five
	label         topics // of the nearest three before
	seenAfter     bool
}

// near says that a word of a topic is among the five words before text[start:end] or after it.
func (p *pass) near(start, end int, topic topics) bool {
	p.look(start, end)
	if p.here.before&topic != 0 {
		return true
	}
	if !p.here.seenAfter {
		p.here.after, p.here.seenAfter = p.wordsAfter(end), true
	}
	return p.here.after&topic != 0
}

// labelled says that one of the three words before text[start:end] is a label of a topic.
func (p *pass) labelled(start, end int, topic topics) bool {
	p.look(start, end)
	return p.here.label&topic != 0
}

// titled says that the word right before text[start:] is of a topic, with no more between than belongs to it:
// a space, a colon, quotes, the full stop of an abbreviation.
func (p *pass) titled(start int, topic topics) bool {
	p.split(start-contextReach, start)
	i := p.words.firstAfter(start) - 1
	if i < 0 || p.words.words[i].topics&topic == 0 {
		return false
	}
	w := p.words.words[i]
	between := p.text[w.end:start]
	if len(between) > maxAfterTitle {
		return false
	}
	if w.end-w.start <= maxAbbreviation {
		between = strings.TrimPrefix(between, ".")
	}
	return strings.Trim(between, " \t:=\"'([#*") == ""
}

// look turns to text[start:end].
func (p *pass) look(start, end int) {
	if p.here.start == start && p.here.end == end {
		return
	}
	p.here = surroundings{start: start, end: end}
	p.here.before, p.here.label = p.wordsBefore(0, start, 0)
}

// wordsAfter returns the topics of the nearest five words after end, on its line.
func (p *pass) wordsAfter(end int) (found topics) {
	counter := wordCounter{left: contextWordsAround}
	for i := p.firstWordAfter(end); p.haveWord(i, end+contextReach); i++ {
		w := p.words.words[i]
		if w.newLine || !counter.take(w) {
			break
		}
		found |= w.topics
		p.work++
	}
	return found
}

// firstWordAfter returns the index of the first word that ends after end, whether it is known or not.
func (p *pass) firstWordAfter(end int) int {
	p.split(end-contextReach, end)
	return p.words.firstAfter(end)
}

// haveWord says that there is a word i that ends before limit, and makes it known.
func (p *pass) haveWord(i, limit int) bool {
	w := &p.words
	return (i < len(w.words) || w.done < limit && p.nextWord(min(limit, len(p.text)))) && w.words[i].end < limit
}

// wordsBefore returns the topics of the words before start, on its line, that do not begin before from: of
// the nearest five, and of the nearest three. A word of the topics stop is the end of them.
func (p *pass) wordsBefore(from, start int, stop topics) (found, label topics) {
	p.split(start-contextReach, start)
	from = max(from, start-contextReach+1)
	if p.words.said <= from {
		return 0, 0
	}
	words := p.words.words
	i := p.words.firstAfter(start) - 1
	if p.lineEnds(start, i) {
		return 0, 0
	}
	for counter := (wordCounter{left: contextWordsAround}); i >= 0 && words[i].start >= from && counter.take(words[i]); i-- {
		p.work++
		if found |= words[i].topics; counter.left >= contextWordsAround-labelWords {
			label = found
		}
		if words[i].newLine || words[i].topics&stop != 0 {
			break
		}
	}
	return found, label
}

// wordCounter counts words up to some number. Groups of digits in a row are one word together.
type wordCounter struct {
	left, taken int
	number      bool
}

func (c *wordCounter) take(w word) bool {
	if !w.number || !c.number {
		c.left--
	}
	c.number = w.number
	c.taken++
	return c.left >= 0 && c.taken <= mostWords
}

// lineEnds says that a line ends between word i and start.
func (p *pass) lineEnds(start, i int) bool {
	from := max(start-contextReach, 0)
	if i >= 0 {
		from = max(from, p.words.words[i].end)
	}
	return endsLine(p.text[from:max(from, start)])
}

// split makes sure that the words from one place to another are known.
func (p *pass) split(from, to int) {
	w := &p.words
	if w.done < from {
		from = max(from-contextSlack, 0)
		for from < len(p.text) && !utf8.RuneStart(p.text[from]) {
			from++
		}
		w.reset(from)
		if from > 0 && wordClass(before(p.text, from)) != noWord { // the rest of a word that began before
			w.done = wordEnd(p.text, from)
		}
	}
	if len(w.words) >= 2*wordsKept {
		w.words = append(w.words[:0], w.words[len(w.words)-wordsKept:]...)
	}
	for w.done < to && p.nextWord(to) {
		continue
	}
}

// nextWord makes the next word known, if it begins before to. What is between words is looked at again
// if it does not, so that the end of a line in it is not lost.
func (p *pass) nextWord(to int) bool {
	w := &p.words
	start, breaks := w.done, false
	for start < to {
		c := p.text[start]
		if c < utf8.RuneSelf {
			if isAlnum(c) {
				break
			}
			breaks = breaks || c == '\n'
			start++
			continue
		}
		r, n := utf8.DecodeRuneInString(p.text[start:])
		if wordClass(r) != noWord {
			break
		}
		start += n
	}
	if start >= to {
		p.work += start - w.done
		return false
	}
	end := wordEnd(p.text, start)
	p.work += end - w.done
	speaksOf := p.topicsOf(p.text[start:end])
	if w.words = append(w.words, word{start, end, speaksOf, isDigit(p.text[start]), breaks && endsLine(p.text[w.done:start])}); speaksOf != 0 {
		w.said = end
	}
	w.done = end
	return true
}

// endsLine says that a line ends in what is between two words, and not in a colon.
func endsLine(gap string) bool {
	i := strings.IndexByte(gap, '\n')
	return i >= 0 && !strings.HasSuffix(strings.TrimRight(gap[:i], " \t\r"), ":")
}

// topicsOf returns what a word speaks of, whatever the case of its letters.
func (p *pass) topicsOf(text string) topics {
	if text[0] >= utf8.RuneSelf && unspaced(after(text, 0)) {
		return p.lexicon.within(text)
	}
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
