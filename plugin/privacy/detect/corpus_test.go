package detect_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

// score counts spans of a detector: those found exactly, those that are not there, those missed.
type score struct{ right, wrong, missed int }

func (s score) precision() float64 { return float64(s.right) / max(float64(s.right+s.wrong), 1) }
func (s score) recall() float64    { return float64(s.right) / max(float64(s.right+s.missed), 1) }

const (
	positives = 250 // texts of each detector
	negatives = 3000
)

// TestCorpus scans more than six thousand texts that were made with a known seed, with all detectors at
// once, and compares every span to the byte. Run it with -v for the table of README.md.
func TestCorpus(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(8, 3))}
	scanners, scores := map[string]*detect.Scanner{}, map[string]*score{}
	for _, name := range detect.Names() {
		scores[name] = &score{}
	}
	check := func(want, region string) {
		if scanners[region] == nil {
			scanners[region] = scanner(t, region)
		}
		text, spans := unmarked(want)
		found := scanners[region].Append(nil, text)
		right := true
		for _, span := range found {
			at := detect.Span{Start: span.Start, End: span.End, Detector: span.Detector}
			if _, ok := spans[at]; ok {
				delete(spans, at)
				scores[span.Detector].right++
			} else {
				scores[span.Detector].wrong++
				right = false
			}
		}
		for span := range spans {
			scores[span.Detector].missed++
			right = false
		}
		if !right {
			t.Logf("%s: %q, found %q", region, want, marked(text, found))
		}
	}
	for _, name := range detect.Names() {
		for range positives {
			check(m.labelled(name))
		}
	}
	for range negatives {
		check(m.negative())
	}

	checksum := []string{"credit_card", "iban", "crypto_address", "uk_nhs", "es_nif", "br_cpf", "in_aadhaar"}
	var table strings.Builder
	for _, name := range detect.Names() {
		s := scores[name]
		fmt.Fprintf(&table, "| %s | %d | %.3f | %.3f |\n", name, s.right+s.missed, s.precision(), s.recall())
		precision, recall := 0.97, 0.95
		if strings.Contains(strings.Join(checksum, " "), name) {
			precision, recall = 0.99, 0.97
		}
		assert.GreaterOrEqualf(t, s.precision(), precision, "the precision of %s", name)
		assert.GreaterOrEqualf(t, s.recall(), recall, "the recall of %s", name)
	}
	t.Logf("\n| detector | spans | precision | recall |\n|---|---|---|---|\n%s", table.String())
}

// unmarked takes the braces off a text, and returns where they were.
func unmarked(want string) (text string, spans map[detect.Span]struct{}) {
	spans = map[detect.Span]struct{}{}
	for {
		open, name := len(want), ""
		for _, n := range detect.Names() {
			if i := strings.Index(want, "{"+n+" "); i >= 0 && i < open {
				open, name = i, n
			}
		}
		if name == "" {
			return text + want, spans
		}
		text += want[:open]
		want = want[open+len("{"+name+" "):]
		end := strings.IndexByte(want, '}')
		spans[detect.Span{Start: len(text), End: len(text) + end, Detector: name}] = struct{}{}
		text, want = text+want[:end], want[end+1:]
	}
}
