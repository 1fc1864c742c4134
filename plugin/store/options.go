package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
	badgeroptions "github.com/dgraph-io/badger/v4/options"
)

// Options configure a store.
type Options struct {
	Path     string // directory, created if absent
	InMemory bool   // nothing on disk; Path is ignored

	// SyncWrites makes each commit wait for the disk: state survives a loss of
	// power. Without it, state survives the death of the process at any instant.
	SyncWrites bool

	EncryptionKey []byte // 16, 24 or 32 bytes; empty: not encrypted
	MemoryBudget  int64  // bytes, at least MinMemoryBudget
	MinFree       int64  // bytes free on the disk below which commits are refused
	Retention     Retention

	Logger Logger // what an operator should know; nil: nothing
}

// Retention is how long components keep what is history.
type Retention struct {
	Moves            time.Duration // of customers between segments; 0: for ever
	MovesPerCustomer int           // the last ones; 0: 50
	Events           time.Duration // of the lives of segments; 0: for ever
}

// Logger is the part of a Benthos logger that a store needs.
type Logger interface {
	Errorf(format string, args ...any)
	Warnf(format string, args ...any)
}

// Defaults and bounds of the options.
const (
	DefaultMemoryBudget = 256 << 20
	MinMemoryBudget     = 32 << 20
	DefaultMinFree      = 256 << 20

	defaultMovesPerCustomer = 50
	maxMovesPerCustomer     = 1000 // they are one record
)

func (o Options) check() error {
	if !o.InMemory && o.Path == "" {
		return errors.New(`segment_store path "": name a directory, or set in_memory: true`)
	}
	if n := len(o.EncryptionKey); n != 0 && n != 16 && n != 24 && n != 32 {
		return fmt.Errorf("segment_store encryption_key of %d bytes: use base64 of 16, 24 or 32 random bytes, such as from: openssl rand -base64 32", n)
	}
	if n := o.Retention.MovesPerCustomer; n < 0 || n > maxMovesPerCustomer {
		return fmt.Errorf("segment_store retention.moves_per_customer %d: use a number from 1 to %d", n, maxMovesPerCustomer)
	}
	if o.MemoryBudget < MinMemoryBudget {
		return fmt.Errorf("segment_store memory_budget of %d bytes: use 32MiB or more", o.MemoryBudget)
	}
	return nil
}

// badger divides the memory budget.
//
// A memtable is a thirty-second of it. Badger keeps up to three of those (one that fills,
// one or two that are written out, each with a quarter more for its arena), and in all
// eight times as much while it builds tables of them, which Go's collector doubles. A
// transaction takes 15 % of a memtable, in which a model has to fit: so there is a least
// size, and a store with a small budget takes more than that. Caches get a sixteenth each.
//
// Tables are mapped: what is read of them counts as resident as well, until the kernel
// needs the memory for something else.
func (o Options) badger() badger.Options {
	const least, most = 4 << 20, 64 << 20
	memtable := min(max(o.MemoryBudget/32, least), most)
	sixteenth := o.MemoryBudget / 16
	transaction := memtable * 15 / 100 // Badger's own rule
	options := badger.DefaultOptions(o.Path).
		WithInMemory(o.InMemory).
		WithSyncWrites(o.SyncWrites && !o.InMemory).
		WithEncryptionKey(o.EncryptionKey).
		WithMemTableSize(memtable).
		WithBaseTableSize(max(memtable/8, 256<<10)).
		WithNumMemtables(2).
		WithBlockCacheSize(sixteenth).
		WithIndexCacheSize(sixteenth).
		WithValueThreshold(min(1<<20, transaction/2)).
		WithVerifyValueChecksum(true).
		WithValueLogFileSize(max(4*sixteenth, 16<<20)).
		WithNumCompactors(2).
		WithDetectConflicts(false).          // locks see to that, without retries
		WithCompression(badgeroptions.None). // there is little to gain in hashes and floats
		WithMetricsEnabled(false).
		WithLogger(quiet{o.Logger})
	if len(o.EncryptionKey) == 0 {
		options = options.WithBlockCacheSize(0) // blocks are read where they are mapped
	}
	options.LmaxCompaction = true // reclaims what is deleted also where nothing is written any more
	if o.InMemory {
		options = options.WithDir("").WithValueDir("")
	}
	return options
}

// quiet passes on what an operator should act on, and drops Badger's chatter.
type quiet struct{ to Logger }

func (q quiet) Errorf(format string, args ...any) {
	if q.to != nil {
		q.to.Errorf("segment_store: "+format, args...)
	}
}

func (q quiet) Warningf(format string, args ...any) {
	if q.to != nil {
		q.to.Warnf("segment_store: "+format, args...)
	}
}

func (quiet) Infof(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
