package features

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
)

// mapped runs a mapping as the processor of that name does.
func mapped(t *testing.T, mapping string, messages ...string) (out []*service.Message) {
	t.Helper()
	own := bloblang.NewEnvironment()
	require.NoError(t, RegisterMethods(own))
	env := service.NewEnvironment()
	env.UseBloblangEnvironment(own)
	stream := env.NewStreamBuilder()
	require.NoError(t, stream.SetLoggerYAML("level: none"))
	require.NoError(t, stream.AddProcessorYAML("mapping: '"+mapping+"'"))
	produce, err := stream.AddBatchProducerFunc()
	require.NoError(t, err)
	require.NoError(t, stream.AddConsumerFunc(func(_ context.Context, m *service.Message) error {
		out = append(out, m)
		return nil
	}))
	running, err := stream.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- running.Run(t.Context()) }()
	var batch service.MessageBatch
	for _, text := range messages {
		batch = append(batch, service.NewMessage([]byte(text)))
	}
	require.NoError(t, produce(t.Context(), batch))
	require.NoError(t, running.StopWithin(10*time.Second))
	require.NoError(t, <-done)
	return out
}

func TestMethod(t *testing.T) {
	t.Parallel()
	out := mapped(t, `root = { "mood": this.review.vader_sentiment() }`,
		`{"review":"VADER is VERY SMART, handsome, and FUNNY!!!"}`, `{"review":"Today only kinda sux! But I\u0027ll get by, lol"}`, `{"review":""}`)
	for i, want := range []string{`{"mood":0.9342}`, `{"mood":0.5249}`, `{"mood":0}`} {
		require.NoError(t, out[i].GetError())
		content, err := out[i].AsBytes()
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
	}
	out = mapped(t, `root = content().vader_sentiment()`, "Not bad at all")
	content, err := out[0].AsBytes()
	require.NoError(t, err)
	assert.Equal(t, "0.431", string(content))

	for value, want := range map[string]string{
		"12345":         "vader_sentiment: a number: use a string",
		`["s3cret"]`:    "vader_sentiment: an array: use a string",
		"null":          `vader_sentiment: null: use a string, such as by .or("")`,
		`{"s3cret":""}`: "vader_sentiment: an object: use a string",
	} {
		err := mapped(t, `root = this.review.vader_sentiment()`, fmt.Sprintf(`{"review":%s}`, value))[0].GetError()
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "s3cret")
		assert.NotContains(t, err.Error(), "12345")
	}
}
