package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// date returns the last group of the date that begins with group a: day, month and year in any
// order that is used, with one mark between, or eight digits.
func (s *sequence) date(a int) (b int, ok bool) {
	if s.size(a) == 8 {
		d := s.of(a, a)
		return a, isDay(d[6:], d[4:6], d[:4]) || isDay(d[:2], d[2:4], d[4:])
	}
	b = a + 2
	if b >= len(s.groups) {
		return 0, false
	}
	kind, uniform := s.gaps(a, b)
	if !uniform || kind == paren || b+1 < len(s.groups) && s.groups[b+1].gap == kind || a > 0 && s.groups[a].gap == kind {
		return 0, false // no date, or a longer number
	}
	first, second, third := s.of(a, a), s.of(a+1, a+1), s.of(b, b)
	if len(first) == 4 && len(third) <= 2 {
		return b, isDay(third, second, first)
	}
	return b, len(third) != 3 && len(third) <= 4 && isDay(first, second, third)
}

// isDay says that digits are a day, a month (either first) and a year of two digits or of four.
func isDay(day, month, year []byte) bool {
	if len(day) > 2 || len(month) > 2 || len(year) != 2 && !isYear(string(year)) {
		return false
	}
	d, m := number(day), number(month)
	return d >= 1 && m >= 1 && d <= 31 && m <= 31 && (d <= 12 || m <= 12)
}

func isYear(text string) bool {
	return len(text) == 4 && (strings.HasPrefix(text, "19") || strings.HasPrefix(text, "20"))
}

func number(digits []byte) (n int) {
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}

// namedDate returns where the date begins and ends whose year is from i to end and whose month is in
// letters: 12 March 1980, March 12th, 1980, 12. März 1980, 12 de marzo de 1980, 12-Mar-1980, 12MAR1980,
// 12 Mar '80; or 1980年3月12日.
func namedDate(text string, i, end int) (first, last int, ok bool) {
	if end-i == 4 && !isYear(text[i:end]) || end-i == 2 && (i == 0 || text[i-1] != '\'') {
		return 0, 0, false
	}
	if strings.HasPrefix(text[end:], "年") {
		return eastAsianDate(text, i, end)
	}
	if end-i == 2 {
		i--
	}
	at := beforeGap(text, i)
	if at == 0 {
		return 0, 0, false
	}
	if !isDigit(text[at-1]) {
		if start := lettersBefore(text, at); isMonth(text[start:at]) { // 12th of March 1980
			day := dayBefore(text, beforeOrdinal(text, beforeGap(text, start)))
			return day, end, day >= 0
		}
	}
	day := dayBefore(text, beforeOrdinal(text, at)) // March 12th, 1980
	if day < 1 || at == i {
		return 0, 0, false
	}
	stop := beforeGap(text, day)
	start := lettersBefore(text, stop)
	return start, end, stop < day && isMonth(text[start:stop])
}

// dayBefore returns where the one or two digits begin that end at i; -1 if there are none.
func dayBefore(text string, i int) int {
	start := i
	for start > 0 && i-start < 3 && isDigit(text[start-1]) {
		start--
	}
	if start == i || i-start > 2 {
		return -1
	}
	return start
}

// beforeOrdinal returns the place before the ending of an ordinal number that ends at i.
func beforeOrdinal(text string, i int) int {
	for _, ending := range []string{"st", "nd", "rd", "th", "er", "º"} {
		if strings.HasSuffix(text[:i], ending) {
			return i - len(ending)
		}
	}
	return i
}

// beforeGap returns the place before the marks and spaces that end at i, and before a word that only joins
// the parts of a date.
func beforeGap(text string, i int) int {
	skip := func() {
		for n := 0; n < 2 && i > 0 && strings.IndexByte(" ,.-/", text[i-1]) >= 0; n++ {
			i--
		}
	}
	skip()
	for _, joint := range []string{" de", " del", " of", " do"} {
		if strings.HasSuffix(text[:i], joint) {
			i -= len(joint) - 1
			break
		}
	}
	skip()
	return i
}

// lettersBefore returns where the run of letters begins that ends at i, or where it is too long for a month.
func lettersBefore(text string, i int) int {
	start := i
	for start > 0 && i-start < 2*maxMonth {
		r, n := utf8.DecodeLastRuneInString(text[:start])
		if !unicode.IsLetter(r) && !unicode.IsMark(r) {
			break
		}
		start -= n
	}
	return start
}

// eastAsianDate returns the date whose year is from i to end, as in 1980年3月12日.
func eastAsianDate(text string, i, end int) (first, last int, ok bool) {
	for _, unit := range []string{"年", "月", "日"} {
		if !strings.HasPrefix(text[end:], unit) {
			return 0, 0, false
		}
		if end += len(unit); unit == "日" {
			break
		}
		start := end
		for end < len(text) && end-start < 2 && isDigit(text[end]) {
			end++
		}
		if end == start {
			return 0, 0, false
		}
	}
	return i, end, true
}

const maxMonth = 16 // bytes of the longest name

func isMonth(name string) bool {
	if len(name) < 3 || len(name) > 2*maxMonth {
		return false
	}
	var buffer [4 * maxMonth]byte
	lower := buffer[:0]
	for _, r := range name {
		lower = utf8.AppendRune(lower, unicode.ToLower(r))
	}
	_, ok := months[string(lower)]
	return ok
}

var months = func() map[string]struct{} {
	names := map[string]struct{}{}
	for name := range strings.FieldsSeq(`
		january february march april may june july august september october november december
		jan feb mar apr jun jul aug sep sept oct nov dec
		januar jänner februar feber märz mai juni juli oktober dezember mrz okt dez
		janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr fév avr juil déc
		enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ene abr ago dic
		janeiro fevereiro março maio junho julho setembro outubro novembro dezembro fev out
		gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre gen mag giu lug set ott
		januari februari maart mei augustus
		जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर
		января февраля марта апреля мая июня июля августа сентября октября ноября декабря`) {
		names[name] = struct{}{}
	}
	return names
}()
