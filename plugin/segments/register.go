package segments

import (
	"errors"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Register adds the processors segment_assign and segment_snapshot to an
// environment.
func Register(env *service.Environment) error {
	return errors.Join(
		env.RegisterBatchProcessor("segment_assign", assignSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newAssignFromConfig(conf, res)
			}),
		env.RegisterBatchProcessor("segment_snapshot", snapshotSpec(),
			func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
				return newSnapshotFromConfig(conf, res)
			}),
	)
}
