package store

import (
	"errors"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// upkeepInterval is how often the value log is looked at. Only values of a megabyte
// and more are in it, so there is rarely anything to do.
const upkeepInterval = time.Minute

// startUpkeep gives space back that deleted and overwritten values hold in the
// value log; tables are compacted by Badger itself. The returned function stops
// it and waits.
func (s *Store) startUpkeep(options Options) (stop func()) {
	if options.InMemory {
		return func() {}
	}
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		ticker := time.NewTicker(upkeepInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				s.collectValueLog(options.Logger)
			}
		}
	})
	return func() {
		close(done)
		running.Wait()
	}
}

func (s *Store) collectValueLog(logger Logger) {
	const worthRewriting = 0.5 // of a file is garbage
	for {
		err := s.db.RunValueLogGC(worthRewriting)
		if err == nil {
			continue
		}
		if !errors.Is(err, badger.ErrNoRewrite) && !errors.Is(err, badger.ErrRejected) && logger != nil {
			logger.Warnf("segment_store: collecting the value log: %v", err)
		}
		return
	}
}
