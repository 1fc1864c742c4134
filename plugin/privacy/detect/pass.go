package detect

import "unicode/utf8"

// pass is one pass over one text, and the memory for it that scanners use again.
type pass struct {
	*Scanner
	text  string      // as scanned: folded, if there was anything to fold
	found []candidate // by start, unless unsorted
	kept  []candidate // those that stay
	words wordWindow
	here  surroundings // of the place that was asked for last
	seq   sequence
	fold  folding
	taken []uint64 // the bytes of a group of candidates that one of them has
	work  int      // bytes looked at beyond the gate, for the proof that this is linear

	numbersDone int // up to where numbers were looked for
	tokenDone   int // up to where tokens were
	colonDone   int // up to where groups between colons were
	atDone      int // the end of the last at sign that is written as in a URL
	urlEnd      int // the end of the URL that the gate is in
	lastDate    int // the end of the last date
	unsorted    bool
}

// candidate is a span of the scanned text before overlaps are resolved.
type candidate struct {
	start, end int
	confidence float64
	detector   detector
	byContext  bool // it would not be here without what is around it
	rest       bool // it has a part of a number that a better candidate cuts
}

// maxKept is the capacity of what a pass keeps for the next text.
const maxKept = 1 << 16

// run appends the spans of text to dst. The gate has found nothing before first, and nothing folds
// before hidden.
func (p *pass) run(s *Scanner, dst []Span, text string, first, hidden int) []Span {
	p.Scanner, p.text = s, text
	folded := hidden < len(text)
	if folded {
		p.text = p.fold.fold(text, hidden)
		first = min(first, hidden)
	}
	p.scan(first)
	p.scanCustom()
	last := 0
	for _, c := range p.resolve() {
		if folded {
			c.start, c.end = p.fold.original(c.start, c.end)
			if c.start = max(c.start, last); c.start >= c.end {
				continue // of one rune that folds to two numbers
			}
			last = c.end
		}
		dst = append(dst, Span{Start: c.start, End: c.end, Detector: s.name(c.detector), Confidence: c.confidence})
	}
	p.forget()
	return dst
}

// forget lets go of the text, and of memory that an uncommonly large one needed.
func (p *pass) forget() {
	found, kept, words, fold, taken := p.found[:0], p.kept[:0], p.words, p.fold, p.taken
	words.reset(0)
	if cap(found) > maxKept {
		found = nil
	}
	if cap(kept) > maxKept {
		kept = nil
	}
	if cap(taken) > maxKept {
		taken = nil
	}
	fold.forget()
	p.Scanner, p.text = nil, ""
	p.found, p.kept, p.words, p.fold, p.taken = found, kept, words, fold, taken
	p.unsorted = false
	p.here, p.work, p.numbersDone, p.tokenDone, p.colonDone, p.atDone, p.urlEnd, p.lastDate = surroundings{}, 0, 0, 0, 0, 0, 0, 0
}

// scan calls a detector wherever the gate stops.
func (p *pass) scan(first int) {
	text := p.text
	for i := gate(text, first); i < len(text); i = gate(text, i) {
		switch text[i] {
		case '@':
			p.email(i, 1)
			i++
		case ':':
			p.colon(i)
			i++
		case '-':
			if i > 0 && isAlpha(text[i-1]) || i+1 < len(text) && isAlpha(text[i+1]) {
				p.token(i)
			}
			p.mac(i-2, '-')
			i++
		case '.':
			if i > 1 && text[i-1] == 'G' && text[i-2] == 'S' { // SG. begins a key
				p.token(i + 1)
			}
			p.macOfThree(i - 4)
			i++
		case '_':
			p.token(i)
			i++
		case 'K', 'S', 'J', 'z':
			if startsKey(text, i) {
				p.token(i)
			}
			i++
		default:
			i = p.digits(i)
		}
	}
}

// add keeps a candidate that is sure enough, in its place by start if that is not far.
func (p *pass) add(d detector, start, end int, confidence float64, byContext bool) {
	if confidence < p.minConfidence {
		return
	}
	p.found = append(p.found, candidate{start, end, confidence, d, byContext, false})
	i, far := len(p.found)-1, max(len(p.found)-8, 0)
	for ; i > far && p.found[i-1].start > start; i-- {
		p.found[i-1], p.found[i] = p.found[i], p.found[i-1]
	}
	p.unsorted = p.unsorted || i > 0 && p.found[i-1].start > start
}

// addNear adds a candidate that is as sure as base, and by bonus more with a word of its topic nearby. Where
// base is sure enough, nobody looks for one.
func (p *pass) addNear(d detector, start, end int, base, bonus float64) {
	confidence := base
	if base < sure && p.near(start, end, topicOf(d)) {
		confidence = min(base+bonus, certain)
	}
	p.add(d, start, end, confidence, base < p.minConfidence)
}

const (
	sure    = 0.9  // needs no word nearby
	certain = 0.99 // is the highest confidence
)

// done says that nothing else is looked for before end.
func (p *pass) done(end int) {
	p.numbersDone, p.tokenDone, p.colonDone = max(p.numbersDone, end), max(p.tokenDone, end), max(p.colonDone, end)
}

// before is the rune that ends at i, and after the one that begins there; neither at an end of the text.
func before(text string, i int) rune {
	if i <= 0 {
		return ' '
	}
	if c := text[i-1]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return r
}

func after(text string, i int) rune {
	if i >= len(text) {
		return ' '
	}
	if c := text[i]; c < utf8.RuneSelf {
		return rune(c)
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	return r
}
