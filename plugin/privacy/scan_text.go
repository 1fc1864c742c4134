package privacy

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// truncatedTag stands for what is left of a text past the bytes that are scanned.
const truncatedTag = "<TRUNCATED>"

// overlap is how many bytes past the bound are looked at, so that what lies across it is
// found as a whole, and how many before it are given up where no white space is found: half
// of a long token is not recognised.
const overlap = 4 << 10

// text is a text without the personal data in its first bytes, and without the others.
func (w *walk) text(s *scan, text string, most int) (masked string, found bool, err error) {
	looked, end := text, len(text)
	if len(text) > most {
		end = cutBack(text, most)
		looked = text[:runeStart(text, min(len(text), most+overlap))]
	}
	truncated := end < len(text)
	w.find(s, looked)
	if len(w.spans) == 0 && !truncated {
		return text, false, nil
	}
	var out strings.Builder
	at := 0
	for _, span := range w.spans {
		if span.Start >= min(end+1, most) {
			break
		}
		w.tally.find(span.Detector)
		out.WriteString(text[at:span.Start])
		if err := s.write(&out, text[span.Start:span.End], span.Detector); err != nil {
			return "", true, err
		}
		at = span.End
	}
	if at < end {
		out.WriteString(text[at:end])
	}
	if truncated {
		out.WriteString(truncatedTag)
	}
	return out.String(), true, nil
}

// find finds the personal data in a text. Where a number in it may be told only by words
// near it, the names of the value are looked at as such: what they add is found as well,
// and nothing is lost by them.
func (w *walk) find(s *scan, text string) {
	w.spans = s.finder.Append(w.spans[:0], text)
	label, head := w.labels.before(w.trail, text)
	if head == "" {
		return
	}
	own := len(w.spans)
	w.scratch = append(append(w.scratch[:0], label...), head...)
	w.spans = s.finder.Append(w.spans, w.labels.texts.of(w.scratch))
	for i := own; i < len(w.spans); i++ {
		w.spans[i].Start = max(w.spans[i].Start-len(label), 0)
		w.spans[i].End -= len(label)
	}
	w.spans = unite(slices.DeleteFunc(w.spans, func(s detect.Span) bool { return s.End <= 0 }))
}

// unite makes one span of those that overlap, by the detector of the longest.
func unite(spans []detect.Span) []detect.Span {
	slices.SortStableFunc(spans, func(a, b detect.Span) int { return a.Start - b.Start })
	united := spans[:0]
	for _, next := range spans {
		if len(united) == 0 || united[len(united)-1].End <= next.Start {
			united = append(united, next)
			continue
		}
		last := &united[len(united)-1]
		if next.End-next.Start > last.End-last.Start {
			last.Detector = next.Detector
		}
		last.End = max(last.End, next.End)
	}
	return united
}

// write puts in what stands for personal data.
func (s *scan) write(out *strings.Builder, found, detector string) error {
	switch s.replace {
	case replaceTag:
		out.WriteString(detect.Tag(detector))
	case replaceMask:
		for range utf8.RuneCountInString(found) {
			out.WriteByte('*')
		}
	case replacePseudonym:
		action, ok := s.pseudonyms[detector]
		if !ok {
			action = s.pseudonyms[""]
		}
		canonical := canonicalOf(detector, found)
		if canonical == "" {
			return transform.ErrValue // all such would be one
		}
		token, err := action.Apply(canonical)
		if err != nil {
			return err
		}
		out.WriteString(token.(string))
	}
	return nil
}

// canonicalOf is what is found in one form for all ways to write it, for pseudonyms. The
// types that have normalisers of their own are left to them.
func canonicalOf(detector, found string) string {
	found = transform.Fold(found)
	switch detector {
	case "credit_card", "us_ssn", "uk_nhs", "br_cpf", "in_aadhaar":
		return only(found, unicode.IsDigit)
	case "es_nif", "mac_address":
		return strings.ToLower(only(found, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsLetter(r) }))
	case "ip_address":
		if address, err := netip.ParseAddr(found); err == nil {
			return address.Unmap().String()
		}
	}
	return found
}

func only(text string, keeps func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if keeps(r) {
			return r
		}
		return -1
	}, text)
}

const whiteSpace = " \t\n\v\f\r"

// cutBack is the last place up to a byte of a text before which white space is, or some
// way back if there is none.
func cutBack(text string, at int) int {
	if strings.IndexByte(whiteSpace, text[at]) >= 0 {
		return at
	}
	from := max(at-overlap, 0)
	if i := strings.LastIndexAny(text[from:at], whiteSpace); i >= 0 {
		return from + i + 1
	}
	return runeStart(text, from)
}

// runeStart is the last place up to a byte at which a character begins.
func runeStart(text string, at int) int {
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return at
}
