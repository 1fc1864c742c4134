package detect

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folding is a text in which what only looks different is the same: digits of all scripts and
// compatibility forms are those of NFKC, spaces and hyphens those of ASCII, and what
// cannot be seen is gone. Each piece knows where it was.
type folding struct {
	text   strings.Builder
	pieces []piece
}

// piece is where a part of the folded text begins, and the bytes of the original that it was.
type piece struct {
	folded, start, end int
	same               bool // taken over byte by byte; else it stands for one rune
}

// firstFold returns where the first rune is that folds; len(text) if there is none.
func firstFold(text string) int {
	for i := 0; i < len(text); {
		if i+8 <= len(text) && text[i]|text[i+1]|text[i+2]|text[i+3]|text[i+4]|text[i+5]|text[i+6]|text[i+7] < utf8.RuneSelf {
			i += 8
			continue
		}
		if text[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if folds(r) {
			return i
		}
		i += size
	}
	return len(text)
}

// fold returns the text folded. The first rune that folds is at first.
func (f *folding) fold(text string, first int) string {
	f.text.Reset()
	f.text.Grow(len(text))
	f.pieces = f.pieces[:0]
	f.copy(text, 0, first)
	for i := first; i < len(text); {
		j := i + firstFold(text[i:])
		f.copy(text, i, j)
		if i = j; i == len(text) {
			break
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		f.replace(r, i, i+size)
		i += size
	}
	return f.text.String()
}

// copy takes text[start:end] over as it is.
func (f *folding) copy(text string, start, end int) {
	if start < end {
		f.pieces = append(f.pieces, piece{f.text.Len(), start, end, true})
		f.text.WriteString(text[start:end])
	}
}

// replace takes over what stands for a rune, which was at start to end.
func (f *folding) replace(r rune, start, end int) {
	if invisible(r) {
		return
	}
	f.pieces = append(f.pieces, piece{f.text.Len(), start, end, false})
	switch {
	case isSpace(r):
		f.text.WriteByte(' ')
	case isHyphen(r):
		f.text.WriteByte('-')
	case isDecimal(r):
		f.text.WriteByte('0' + byte(decimal(r)))
	default:
		var buffer [2 * utf8.UTFMax]byte
		f.text.Write(norm.NFKC.AppendString(buffer[:0], string(r)))
	}
}

// original returns where text[start:end] of the folded text was.
func (f *folding) original(start, end int) (int, int) {
	first, last := f.at(start), f.at(end-1)
	from, to := first.start, last.end
	if first.same {
		from += start - first.folded
	}
	if last.same {
		to = last.start + end - last.folded
	}
	return from, to
}

// at returns the piece that a byte of the folded text is in.
func (f *folding) at(i int) piece {
	return f.pieces[sort.Search(len(f.pieces), func(k int) bool { return f.pieces[k].folded > i })-1]
}

func (f *folding) forget() {
	f.text.Reset()
	if cap(f.pieces) > maxKept {
		f.pieces = nil
	}
}

// folds says that a rune is another in the folded text, or none.
func folds(r rune) bool {
	switch {
	case r < 0xA0, r == utf8.RuneError:
		return false
	case r < 0x0300: // Latin: spaces, soft hyphens, small digits
		return r == 0xA0 || r == 0xAD || r == 0xB2 || r == 0xB3 || r == 0xB9
	case r < 0x1680:
		return invisible(r) || isDecimal(r)
	case r < 0x2000:
		return invisible(r) || isSpace(r) || isDecimal(r)
	case r < 0x2500: // punctuation, superscripts, letter-like, enclosed
		return invisible(r) || isSpace(r) || isHyphen(r) || changes(r)
	case r < 0x3000:
		return false
	case r < 0x3040, r >= 0x3200 && r < 0x3400:
		return isSpace(r) || changes(r)
	case r < 0xA620, r >= 0xAC00 && r < 0xF900: // Chinese, Japanese, Korean
		return false
	default:
		return invisible(r) || isDecimal(r) || isHyphen(r) || changes(r)
	}
}

// changes says that NFKC makes something else of a rune.
func changes(r rune) bool {
	var buffer [utf8.UTFMax]byte
	return !norm.NFKC.IsNormal(utf8.AppendRune(buffer[:0], r))
}

// invisible says that a rune has no width: joiners, marks of direction, soft hyphens, variation selectors.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x034F, r == 0x061C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r == 0x3164, r == 0xFEFF:
		return true
	case r >= 0x180B && r <= 0x180F, r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r >= 0x2060 && r <= 0x206F,
		r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF:
		return true
	}
	return false
}

func isSpace(r rune) bool {
	return r == 0xA0 || r == 0x1680 || r >= 0x2000 && r <= 0x200A || r == 0x202F || r == 0x205F || r == 0x3000
}

func isHyphen(r rune) bool {
	return r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0x2043 || r == 0xFE58 || r == 0xFE63 || r == 0xFF0D
}

// zeros has the digit zero of every script, in order: decimal digits come in tens (Unicode, chapter 4.6).
var zeros = func() (list []rune) {
	for _, t := range unicode.Nd.R16 {
		for r := rune(t.Lo); r <= rune(t.Hi); r += 10 {
			list = append(list, r)
		}
	}
	for _, t := range unicode.Nd.R32 {
		for r := rune(t.Lo); r <= rune(t.Hi); r += 10 {
			list = append(list, r)
		}
	}
	return list
}()

// decimal returns the value of a decimal digit of any script. It is none that does not lie between 0 and 9.
func decimal(r rune) rune {
	low, high := 0, len(zeros)
	for low < high {
		if mid := (low + high) / 2; zeros[mid] > r {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return r - zeros[max(low-1, 0)]
}

func isDecimal(r rune) bool { return uint32(decimal(r)) <= 9 }
