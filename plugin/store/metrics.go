package store

import (
	"context"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	sizeInterval = 10 * time.Second // how often the space on disk is looked at
	kindInterval = time.Minute      // how often, at most, records are counted
	kindShare    = 100              // of the time, one part is spent on that
)

// exportMetrics reports the time of each commit, the space on disk, whether there is enough
// left to commit (1, or 0 when there is less than min_free), and what takes it, by kind of records. Records are counted at the pace at which that takes a hundredth of a core.
func exportMetrics(s *Store, metrics *service.Metrics) (stop func()) {
	commits := metrics.NewTimer("segment_store_commit_ns")
	unwatch := s.OnCommit(func(took time.Duration) { commits.Timing(took.Nanoseconds()) })
	bytes := metrics.NewGauge("segment_store_bytes", "kind")
	records := metrics.NewGauge("segment_store_records", "kind")
	writable := metrics.NewGauge("segment_store_writable")
	ctx, cancel := context.WithCancel(context.Background())

	disk := func() time.Duration {
		tables, logs := s.Bytes()
		bytes.Set(tables, "tables")
		bytes.Set(logs, "logs")
		taken := int64(1)
		if s.room.check() != nil {
			taken = 0
		}
		writable.Set(taken)
		return sizeInterval
	}
	kinds := func() time.Duration {
		begun := time.Now()
		sizes, err := s.Sizes(ctx)
		if err != nil {
			return kindInterval // it is about to close
		}
		totals := map[string]Size{}
		for _, size := range sizes {
			total := totals[size.Kind]
			total.Records += size.Records
			total.Bytes += size.Bytes
			totals[size.Kind] = total
		}
		for kind, name := range kindNames {
			total := totals[name]
			if kind != KindMeta {
				bytes.Set(total.Bytes, name)
				records.Set(total.Records, name)
			}
		}
		return max(kindInterval, kindShare*time.Since(begun))
	}
	disk()
	var running sync.WaitGroup
	for _, report := range []func() time.Duration{disk, kinds} {
		running.Go(func() {
			for wait := sizeInterval; ; {
				select {
				case <-ctx.Done():
					return
				case <-time.After(wait):
					wait = report()
				}
			}
		})
	}
	return func() {
		cancel()
		unwatch()
		running.Wait()
	}
}
