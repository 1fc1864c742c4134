package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-stream/shoal/plugin/store"
)

// Options say what a ledger remembers.
type Options struct {
	// Source names the cluster that positions come from, where topics of several
	// clusters meet in one namespace, or where a topic was deleted and made anew.
	Source string
	// Window is for how long an id is remembered, in event time; 0: for ever. In
	// fact it is between one and two windows.
	Window time.Duration
}

// Position is where an event stands in its source.
type Position struct {
	Topic     string
	Partition int32
	Offset    int64
	Timestamp int64 // what the source says, in Unix milliseconds; 0 when it does not
	Part      int   // of a message that was split into several, from 0 on in their order
}

// Event is what the ledger knows an event by. Without an id and a position it is
// not known, and always fresh.
//
// Either suffices, but for one case: events of different ids at one position, which the ledger
// was told of by these ids, are parts of one message that somebody has split, and whose number
// is not known. As long as ids are remembered, they decide.
type Event struct {
	ID       string
	At       time.Time // event time; only looked at with an id
	Position *Position
}

// Verdict is what the ledger says of an event.
type Verdict int

// An event is fresh when it was not applied before, a duplicate when it was. An
// unprotected event is fresh as far as the ledger can tell, but so old that its id
// may have been forgotten.
const (
	Fresh Verdict = iota
	Duplicate
	Unprotected
)

// Ledger remembers the events applied by one component under one namespace. It is
// safe for concurrent use.
type Ledger struct {
	namespace string
	options   Options
	newest    atomic.Int64 // a generation of ids that was committed
	unswept   atomic.Int64 // ids written since old ones were last looked for
	sweeper   sweeper
	recent    recent

	begunAgain sync.Map // partition to error: of a topic that was made anew
}

// New returns the ledger of a namespace, such as "features/default".
func New(namespace string, options Options) *Ledger {
	l := &Ledger{namespace: namespace, options: options}
	l.newest.Store(math.MinInt64)
	return l
}

// Locks appends the locks that the transaction applying e must hold.
func (l *Ledger) Locks(dst []store.Lock, e Event) []store.Lock {
	if e.Position != nil {
		dst = append(dst, store.LockOf(l.blockKey(e.Position)))
	}
	if e.ID != "" {
		dst = append(dst, store.LockOf(l.idKey(0, e.ID)))
		if l.generationOf(e) > l.newest.Load() {
			dst = append(dst, store.LockOf(l.generationKey()))
		}
	}
	return dst
}

// Apply marks the event as applied, and says whether it was so already. Call it in
// the step that applies the event: when the step errs, the mark goes with it.
//
// The note is kept with the event's id: for a duplicate, Apply returns the note of the
// first time, or 0 where it is known by its position only.
func (l *Ledger) Apply(tx *store.Tx, e Event, note uint64) (verdict Verdict, first uint64, err error) {
	if e.ID != "" {
		if verdict, first, err = l.applyID(tx, e, note); err != nil {
			return Fresh, 0, err
		}
	}
	if e.Position != nil {
		known, named, err := l.applyPosition(tx, e.Position, e.ID != "")
		if err != nil {
			return Fresh, 0, err
		}
		another := named && e.ID != "" && verdict == Fresh
		if known && !another {
			verdict = Duplicate
		}
	}
	return verdict, first, nil
}

func (l *Ledger) blockKey(p *Position) []byte {
	suffix := make([]byte, 0, len(l.options.Source)+len(p.Topic)+24)
	suffix = appendString(suffix, l.options.Source)
	suffix = appendString(suffix, p.Topic)
	suffix = binary.BigEndian.AppendUint32(suffix, uint32(p.Partition))
	suffix = binary.BigEndian.AppendUint64(suffix, uint64(p.Offset/blockSize))
	if p.Part > 0 {
		suffix = binary.AppendUvarint(suffix, uint64(p.Part))
	}
	return store.Key(store.KindLedger, l.namespace, suffix)
}

// applyPosition marks a position as applied. Known tells that it was so already, and named that
// it was so by an event with an id.
func (l *Ledger) applyPosition(tx *store.Tx, p *Position, withID bool) (known, named bool, err error) {
	if p.Offset < 0 {
		return false, false, fmt.Errorf("offset %d of topic %q: offsets are never negative", p.Offset, p.Topic)
	}
	if problem, known := l.begunAgain.Load(partitionOf(p)); known {
		return false, false, problem.(error)
	}
	key := l.blockKey(p)
	record, err := tx.Get(key)
	if err != nil {
		return false, false, err
	}
	b, err := l.recent.take(key, record)
	if err != nil {
		return false, false, err
	}
	if b.has(p.Offset) {
		if b.foreign(p.Offset, p.Timestamp) {
			return false, false, l.recreated(p, b)
		}
		l.recent.keep(key, record, b)
		return true, b.isNamed(p.Offset), nil
	}
	b.add(p.Offset, p.Timestamp, withID)
	const grown = 16 // bytes that one more offset can take
	record = b.append(make([]byte, 0, len(record)+grown))
	tx.Set(key, record)
	l.recent.keep(key, record, b)
	return false, false, nil
}

// ErrRecreated tells that a topic has begun again at offset 0.
var ErrRecreated = errors.New("the topic was recreated")

// recreated says so, and from now on of each offset of this partition: were new ones applied
// among those of the old topic, nobody could tell any more which is which.
func (l *Ledger) recreated(p *Position, b *block) error {
	instant := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339) }
	known := b.spans[p.Offset%blockSize/spanSize]
	problem := fmt.Errorf("offset %d of topic %q, partition %d, has the timestamp %s, and was applied before among offsets of %s to %s: %w; nothing was changed; set source to a new name, which starts a ledger of its own (now %q), or have it counted from the beginning: shoal store reset",
		p.Offset, p.Topic, p.Partition, instant(p.Timestamp), instant(known.low), instant(known.high), ErrRecreated, l.options.Source)
	l.begunAgain.Store(partitionOf(p), problem)
	return problem
}

// partition is one of a topic.
type partition struct {
	topic  string
	number int32
}

func partitionOf(p *Position) partition { return partition{p.Topic, p.Partition} }

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}
