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
	c := newCorpus(t)
	for _, name := range detect.Names() {
		for range positives {
			c.check(m.labelled(name))
		}
	}
	for range negatives {
		c.check(m.negative())
	}

	checksum := []string{"credit_card", "iban", "crypto_address", "uk_nhs", "es_nif", "br_cpf", "in_aadhaar"}
	var table strings.Builder
	for _, name := range detect.Names() {
		s := c.scores[name]
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

// TestWrittenTexts scans texts that were written by hand, and compares every span.
func TestWrittenTexts(t *testing.T) {
	c := newCorpus(t)
	for region, texts := range written {
		for _, text := range texts {
			c.check(text, region)
		}
	}
	var all score
	for _, s := range c.scores {
		all.right, all.wrong, all.missed = all.right+s.right, all.wrong+s.wrong, all.missed+s.missed
	}
	assert.GreaterOrEqual(t, all.precision(), 0.97)
	assert.GreaterOrEqual(t, all.recall(), 0.95)
	t.Logf("%d spans, precision %.3f, recall %.3f", all.right+all.missed, all.precision(), all.recall())
}

// corpus counts what is found in texts whose spans are known.
type corpus struct {
	t        *testing.T
	scanners map[string]*detect.Scanner // by region, with all detectors
	scores   map[string]*score          // by detector
}

func newCorpus(t *testing.T) *corpus {
	c := &corpus{t, map[string]*detect.Scanner{}, map[string]*score{}}
	for _, name := range detect.Names() {
		c.scores[name] = &score{}
	}
	return c
}

// check compares what is found in a text with what is in braces.
func (c *corpus) check(want, region string) {
	if c.scanners[region] == nil {
		c.scanners[region] = scanner(c.t, region)
	}
	text, spans := unmarked(want)
	found := c.scanners[region].Append(nil, text)
	right := true
	for _, span := range found {
		span.Confidence = 0
		if _, ok := spans[span]; ok {
			delete(spans, span)
			c.scores[span.Detector].right++
		} else {
			c.scores[span.Detector].wrong++
			right = false
		}
	}
	for span := range spans {
		c.scores[span.Detector].missed++
		right = false
	}
	if !right {
		c.t.Logf("%s: %q, found %q", region, want, marked(text, found))
	}
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
