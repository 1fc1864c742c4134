package features

import (
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/bloblang"

	"github.com/shoal-stream/shoal/plugin/features/sentiment"
	"github.com/shoal-stream/shoal/plugin/message"
)

// RegisterMethods adds the Bloblang method vader_sentiment to an environment.
func RegisterMethods(env *bloblang.Environment) error {
	return env.RegisterMethodV2("vader_sentiment", sentimentSpec(), func(*bloblang.ParsedParams) (bloblang.Method, error) {
		return vaderSentiment, nil
	})
}

func sentimentSpec() *bloblang.PluginSpec {
	return bloblang.NewPluginSpec().
		Category("String Manipulation").
		Description("How a text in English sounds: the compound of VADER, from -1, very bad, over 0, neutral, to 1, very good, to four decimals. Emoticons and emojis count, capitals and exclamation marks emphasise; texts in other languages are mostly neutral. Of a text beyond 64 KiB the beginning is read. The aggregate `sentiment` of `feature_extract` is the average of these.").
		Example("", `root.mood = this.review.vader_sentiment()`,
			[2]string{`{"review":"VADER is smart, handsome, and funny."}`, `{"mood":0.8316}`},
			[2]string{`{"review":"Today SUX!"}`, `{"mood":-0.5461}`}).
		Example("Texts that may be absent sound like nothing.", `root.mood = this.review.or("").vader_sentiment()`,
			[2]string{`{"review":null}`, `{"mood":0}`}).
		Static()
}

// vaderSentiment is the method. Its errors are not those of Benthos for other types, which
// quote the value.
func vaderSentiment(value any) (any, error) {
	if value == nil {
		return nil, errors.New(`vader_sentiment: null: use a string, such as by .or("")`)
	}
	written, ok := prose(value)
	if !ok {
		return nil, fmt.Errorf("vader_sentiment: %s: use a string", message.TypeName(value))
	}
	return sentiment.Compound(written), nil
}
