package segments

import (
	"errors"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Register adds the processors segment_assign, segment_lookup, segment_snapshot and segment_forget, and
// the inputs segment_events and segment_members, to an environment.
func Register(env *service.Environment) error {
	return errors.Join(
		env.RegisterBatchProcessor("segment_assign", assignSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newAssignFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("segment_lookup", lookupSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newLookupFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("segment_snapshot", snapshotSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newSnapshotFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("segment_forget", forgetSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newForgetFromConfig(conf, res)
			}),
		env.RegisterBatchInput("segment_events", eventsSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchInput, error) {
				in, err := newEventsFromConfig(conf, res)
				if err != nil {
					return nil, err
				}
				return service.AutoRetryNacksBatched(in), nil
			}),
		env.RegisterBatchInput("segment_members", membersSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchInput, error) {
				in, err := newMembersFromConfig(conf, res)
				if err != nil {
					return nil, err
				}
				return service.AutoRetryNacksBatched(in), nil
			}),
	)
}
