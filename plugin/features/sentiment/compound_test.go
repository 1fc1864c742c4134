package sentiment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/features/sentiment"
)

// scored is a text with the compound that the authors' program gives.
type scored struct {
	text     string
	compound float64
}

// published are the examples in the README of vaderSentiment.
var published = []scored{
	{"VADER is smart, handsome, and funny.", 0.8316},
	{"VADER is smart, handsome, and funny!", 0.8439},
	{"VADER is very smart, handsome, and funny.", 0.8545},
	{"VADER is VERY SMART, handsome, and FUNNY.", 0.9227},
	{"VADER is VERY SMART, handsome, and FUNNY!!!", 0.9342},
	{"VADER is VERY SMART, uber handsome, and FRIGGIN FUNNY!!!", 0.9469},
	{"VADER is not smart, handsome, nor funny.", -0.7424},
	{"The book was good.", 0.4404},
	{"At least it isn't a horrible book.", 0.431},
	{"The book was only kind of good.", 0.3832},
	{"The plot was good, but the characters are uncompelling and the dialog is not great.", -0.7042},
	{"Today SUX!", -0.5461},
	{"Today only kinda sux! But I'll get by, lol", 0.5249},
	{"Make sure you :) or :D today!", 0.8633},
	{"Catch utf-8 emoji such as 💘 and 💋 and 😁", 0.7003},
	{"Not bad at all", 0.431},
}

// tricky are the second list of the demonstration that comes with the program.
var tricky = []scored{
	{"Sentiment analysis has never been good.", -0.3412},
	{"Sentiment analysis has never been this good!", 0.5672},
	{"Most automated sentiment analysis tools are shit.", -0.5574},
	{"With VADER, sentiment analysis is the shit!", 0.6476},
	{"Other sentiment analysis tools can be quite bad.", -0.5849},
	{"On the other hand, VADER is quite bad ass", 0.802},
	{"VADER is such a badass!", 0.4003},
	{"Without a doubt, excellent idea.", 0.7013},
	{"Roger Dodger is one of the most compelling variations on this theme.", 0.2944},
	{"Roger Dodger is at least compelling as a variation on the theme.", 0.2263},
	{"Roger Dodger is one of the least compelling variations on this theme.", -0.1695},
	{"Not such a badass after all.", -0.2584},
	{"Without a doubt, an excellent idea.", 0.7013},
}

// rules has texts for what the lists above do not show, with what the program gives for them.
var rules = []scored{
	{"happy birthday", 0.5719},
	{"friends", 0.4767},
	{"riot", -0.5574},
	{"war", -0.5994},
	{"It was one of the worst movies I've seen, despite good reviews.", -0.7584},
	{"Unbelievably bad acting!!", -0.6572},
	{"Poor direction.", -0.4767},
	{"VERY poor production.", -0.6281},
	{"The movie was bad.", -0.5423},
	{"Very bad movie.", -0.5849},
	{"VERY BAD movie!", -0.7616},
	{"This camera is so good", 0.5777},
	{"The service was good\nbut the food was bad", -0.5859},
	{"The service  was\t not good", -0.3412},
	{"LEAST favourite good thing: LEAST good", 0.1265},
	{"No good, no bad or ugly", 0.6167},
	{"Bad is good GREAT", 0.6408},
	{"Is it good??", 0.504},
	{"Is it good????", 0.594},
	{"He ISN'T HAPPY", -0.5485},
	{"Ärger. GOOD", 0.5622},
	{"good❤great", 0.4404},
	{"😁😁!", 0.7424},
	{"😁good", 0.4588},
	{"It is sort of a bomb, sort of good", -0.1513},
	{"This is the kiss of death, yeah right", -0.4215},
	{"a cake to die for", -0.5994},
	{"NOT good AT ALL", -0.3412},
	{"good but good but bad", 0.0129},
	{"never so bad", -0.6696},
	{"without doubt the best", 0.7438},
	{"¡No!", 0.0},
	{"хорошо, GOOD ХОРОШО", 0.5622},
	{"ok ", 0.296},
	{":) :( :D <3 :-P", 0.8825},
}

func TestAsTheAuthorsHaveIt(t *testing.T) {
	t.Parallel()
	for name, list := range map[string][]scored{"published": published, "tricky": tricky, "rules": rules} {
		for _, each := range list {
			assert.Equal(t, fmt.Sprintf("%.4f", each.compound), fmt.Sprintf("%.4f", sentiment.Compound(each.text)), "%s: %q", name, each.text)
		}
	}
}

// A but weighs the first word that sounds as strong as each: the compounds are those of the
// authors' program, by hand.
func TestBut(t *testing.T) {
	t.Parallel()
	for text, sum := range map[string]float64{
		"The staff is helpful, but the rooms are warm": 1.8*0.5*0.5 + 0.9, // warm is 0.9, as helpful is by then
		"good, but good":             1.9*0.5 + 1.9*1.5,
		"good good, but good":        1.9*0.5 + 1.9*0.5 + 1.9*1.5,
		"The rooms are warm, but ok": 0.9*0.5 + 1.2*1.5,
		"bad warm but helpful good":  -2.5*0.5 + 0.9*0.5 + 1.8*1.5 + 1.9*1.5,
	} {
		assert.InDelta(t, sum/math.Sqrt(sum*sum+15), sentiment.Compound(text), 5e-5+1e-9, text)
	}
	long := strings.Repeat("helpful but warm ", 20_000)
	assert.InDelta(t, 1, sentiment.Compound(long), 1e-9, "in no time")
}

func TestNothingToSay(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "\n\t\u00a0", "...", "!?", "qqq", "The table has four legs.", "\xff\xfe", strings.Repeat("good", sentiment.MaxBytes)} {
		assert.Equal(t, "0", fmt.Sprint(sentiment.Compound(text)), "%.20q", text)
	}
}

// White space of any kind and number is the same.
func TestWhiteSpace(t *testing.T) {
	t.Parallel()
	for _, each := range append(published, tricky...) {
		for _, space := range []string{"  ", "\n", "\t \r\n", "\u00a0", "\u3000"} {
			assert.InDelta(t, each.compound, sentiment.Compound(space+strings.ReplaceAll(each.text, " ", space)+space), 1e-9, each.text)
		}
	}
}

// Of a long text the whole words count that its first bytes hold: hello is cut here, and
// not taken for hell.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	filling := "good " + strings.Repeat("table ", sentiment.MaxBytes/6)
	for cut := range 8 {
		text := filling[:sentiment.MaxBytes-cut-1] + " hello"
		assert.InDelta(t, 0.4404, sentiment.Compound(text), 1e-9, cut)
		assert.InDelta(t, 0.4404, sentiment.Compound(text+" good great wonderful"), 1e-9, cut)
	}
	assert.InDelta(t, 1, sentiment.Compound(strings.Repeat("good ", sentiment.MaxBytes)), 0)
	assert.InDelta(t, -1, sentiment.Compound(strings.Repeat("bad ", sentiment.MaxBytes)), 0)
}

// Texts of words that rules are about, in any order and case: a number within bounds, the
// same each time, whoever else is at it.
func TestAnyWords(t *testing.T) {
	t.Parallel()
	words := strings.Fields("good bad GREAT not never so this without doubt least at very no or nor kind of but the shit bomb 😁 ! ??? isn't extremely KINDA yeah right :)")
	random := rand.New(rand.NewPCG(1, 2))
	for range 8 {
		var texts []string
		var compounds []float64
		for range 300 {
			picked := make([]string, random.IntN(12))
			for i := range picked {
				picked[i] = words[random.IntN(len(words))]
			}
			text := strings.Join(picked, " ")
			texts = append(texts, text)
			compounds = append(compounds, sentiment.Compound(text))
			require.LessOrEqual(t, math.Abs(compounds[len(compounds)-1]), 1.0, text)
		}
		t.Run("again", func(t *testing.T) {
			t.Parallel()
			for i, text := range texts {
				require.InDelta(t, compounds[i], sentiment.Compound(text), 0, text)
			}
		})
	}
}

func FuzzCompound(f *testing.F) {
	for _, each := range append(append(published, tricky...), rules...) {
		f.Add(each.text)
	}
	f.Add("\xf0\x9f\x98")
	f.Add(strings.Repeat("❤", 300))
	f.Fuzz(func(t *testing.T, text string) {
		compound := sentiment.Compound(text)
		if !(compound >= -1 && compound <= 1) {
			t.Fatalf("%q has the compound %v", text, compound)
		}
		if again := sentiment.Compound(text + "\n"); len(text) < sentiment.MaxBytes && again != compound {
			t.Fatalf("%q has the compound %v, and %v with a line end", text, compound, again)
		}
	})
}

func ExampleCompound() {
	fmt.Println(sentiment.Compound("Fast delivery, and the shoes are GREAT!"))
	fmt.Println(sentiment.Compound("The shoes are not great, and nobody answers."))
	// Output:
	// 0.729
	// -0.5096
}

// Megabytes a second of review-like texts, of one long text, and of what is worst.
func BenchmarkCompound(b *testing.B) {
	review := strings.Repeat("The plot was good, but the characters are uncompelling and the dialog is not great. ", 5)
	for name, text := range map[string]string{
		"sentence":  published[0].text,
		"review":    review,
		"long":      strings.Repeat(review, 100),
		"emojis":    strings.Repeat("😁", sentiment.MaxBytes/4),
		"emoticons": strings.Repeat(":) ", sentiment.MaxBytes/3),
		"one word":  strings.Repeat("x", sentiment.MaxBytes),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(min(len(text), sentiment.MaxBytes)))
			b.ReportAllocs()
			for b.Loop() {
				sentiment.Compound(text)
			}
		})
	}
}
