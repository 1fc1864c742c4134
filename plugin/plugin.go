// Package plugin adds Shoal's components to Redpanda Connect and to every other
// Benthos v4 build. A blank import registers all of them:
//
//	import _ "github.com/shoal-stream/shoal/plugin"
//
// The cache segment_store keeps state; the processors privacy_mask,
// feature_extract and segment_assign mask personal data, turn events into features
// of customers, and keep customers in segments; privacy_reveal turns back what was masked
// reversibly. The processors segment_lookup, feature_snapshot and segment_snapshot show
// customers, the feature set and the model, segment_forget erases a customer from all of
// it, and segment_backup backs it up; the input feature_refresh lets time pass for
// customers who send nothing, and segment_events and segment_members tell what happens to
// segments, and who is in them.
//
// In Bloblang there is the method vader_sentiment, which tells how a text sounds.
//
// [Register] adds the components to an environment of your own instead, and
// [RegisterMethods] the method to a Bloblang environment of your own.
package plugin

import (
	"errors"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features"
	"github.com/shoal-stream/shoal/plugin/privacy"
	"github.com/shoal-stream/shoal/plugin/segments"
	"github.com/shoal-stream/shoal/plugin/store"
)

func init() {
	if err := errors.Join(Register(service.GlobalEnvironment()), RegisterMethods(bloblang.GlobalEnvironment())); err != nil {
		panic(err) // another package took one of the names: a mistake of the build
	}
}

// Register adds every component to an environment that does not have them. One from
// service.NewEnvironment has them already, as it begins with all that is registered
// globally: Register then does nothing. It errs when another package took a name.
//
// Mappings of components see what the Bloblang environment of theirs has: that of
// service.NewEnvironment has the method vader_sentiment, too. Where you give an environment
// Bloblang of its own, by UseBloblangEnvironment, [RegisterMethods] adds it to that.
func Register(env *service.Environment) error {
	if _, registered := env.GetCacheConfig("segment_store"); registered {
		return nil
	}
	return errors.Join(
		store.Register(env),
		privacy.Register(env),
		features.Register(env),
		segments.Register(env),
	)
}

// RegisterMethods adds the Bloblang method vader_sentiment to a Bloblang environment that
// does not have it, such as one from bloblang.NewEmptyEnvironment. What begins with all that
// is registered globally has it already.
func RegisterMethods(env *bloblang.Environment) error {
	return features.RegisterMethods(env)
}
