package features

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// told is what this processor told of the last batch before the process died, if it
// did.
//
// A batch is committed here before the processors after this one see it. When the
// process dies in between, the batch is delivered again, as duplicates: by then, a
// customer's current features are those after the whole batch, and what the processors
// after this one learn would be another history. So each commit keeps what it tells of
// its events, the next one writes over it, and duplicates of these events are told with
// the features, the instant and the version that they had the first time.
//
// Duplicates from before that batch carry no version where their customer has an event
// in it: their current features are ahead of what the processors after this one have
// seen, whose turn comes with that event.
//
// This is exact for one thread. With several, the last commit of any of them is kept.
type told struct {
	mu      sync.Mutex // guards what follows
	pending map[ledger.Fingerprint]telling
	waiting map[uint64]int // pending events of a customer
	width   int            // number of features in what is pending
}

// telling is what was told of one event.
type telling struct {
	customer uint64    // hashed
	features []float64 // nil: the current ones of the customer
	asOf     int64
	version  uint64
}

func toldKey(set string) []byte { return store.Key(store.KindFeatureSet, set, []byte("told")) }

// attachTold reads what was told before this process opened the store.
func attachTold(s *store.Store, r store.Reader, set string) (*told, error) {
	return store.Attach(s, "features/"+set+"/told", func() (*told, error) {
		t := &told{pending: map[ledger.Fingerprint]telling{}, waiting: map[uint64]int{}}
		last, err := r.Get(toldKey(set))
		if err != nil || last == nil {
			return t, err
		}
		t.width, err = decodeTold(last, func(print ledger.Fingerprint, l telling) {
			t.pending[print] = l
			t.waiting[l.customer]++
		})
		return t, err
	})
}

// suit forgets features of another number, which are not those of this configuration: they
// are told as they are now.
func (t *told) suit(width int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.width != width {
		clear(t.pending)
		clear(t.waiting)
		t.width = width
	}
}

// find is what was told of an event. Unless it is found, behind says that its customer
// waits for a later one.
func (t *told) find(print ledger.Fingerprint, customer string) (l telling, found, behind bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		return l, false, false
	}
	l, found = t.pending[print]
	return l, found, !found && t.waiting[message.KeyHash(customer)] > 0
}

// settle forgets what a batch has told again, and the customers who went on.
func (t *told) settle(events []event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		return
	}
	for i := range events {
		e := &events[i]
		switch customer := message.KeyHash(e.customer); {
		case !e.applied:
		case e.outcome == duplicate:
			t.forget(e.print, t.pending[e.print])
		default:
			t.leave(customer)
		}
	}
}

// drop forgets what was told of a customer.
func (t *told) drop(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave(message.KeyHash(name))
}

func (t *told) leave(customer uint64) {
	if t.waiting[customer] == 0 {
		return
	}
	for print, l := range t.pending {
		if l.customer == customer {
			t.forget(print, l)
		}
	}
}

func (t *told) forget(print ledger.Fingerprint, l telling) {
	if _, pending := t.pending[print]; !pending {
		return
	}
	delete(t.pending, print)
	if t.waiting[l.customer]--; t.waiting[l.customer] == 0 {
		delete(t.waiting, l.customer)
	}
}

// maxTold bounds the record, in bytes, as does the room that a transaction has for it: of a
// larger batch, the last events are kept.
const maxTold = 1 << 20

const toldVersion = 3

var errTold = errors.New("the record of what was told last is damaged: restore the newest backup to a new path")

// toldHead is how the record begins: how many features it is of, and how far the feature set
// has come.
type toldHead struct {
	width  uint64
	newest int64 // event time, in Unix nanoseconds
	left   int64 // newest event time of all who were forgotten as idle; never: nobody was
}

// encode writes how many features there are, and how far the feature set has come; then what
// the batch tells, the last event first, and what is pending still. The last event
// of a customer was told with the features that they have now, unless they were forgotten
// since, or these go by the population, which each event changes.
func (t *told) encode(events []event, plan *aggregate.Plan, now change, forgotten map[string]struct{}, room int) []byte {
	room = min(room, maxTold)
	stored := []byte{toldVersion}
	stored = binary.AppendUvarint(stored, uint64(len(plan.Names())))
	stored = binary.AppendVarint(stored, now.newest)
	stored = binary.AppendVarint(stored, now.left)
	later := make(map[string]struct{}, len(events)) // customers with a later event, or forgotten
	maps.Copy(later, forgotten)
	written := make(map[ledger.Fingerprint]struct{})
	for i := range slices.Backward(events) {
		e := &events[i]
		if !e.applied {
			continue
		}
		_, superseded := later[e.customer]
		later[e.customer] = struct{}{}
		if !e.known || len(stored) > room {
			continue
		}
		l := telling{customer: message.KeyHash(e.customer)}
		if superseded || plan.GoesByPopulation() {
			l.features, l.asOf, l.version = e.features, e.asOf, e.version
		}
		stored = l.append(stored, e.print)
		written[e.print] = struct{}{}
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	for _, print := range slices.SortedFunc(maps.Keys(t.pending), func(a, b ledger.Fingerprint) int { return bytes.Compare(a[:], b[:]) }) {
		if _, again := written[print]; !again {
			l := t.pending[print]
			stored = l.append(stored, print)
		}
	}
	return stored
}

// append writes the fingerprint, the customer, the version and, unless that is 0, the
// instant and the features.
func (l *telling) append(dst []byte, print ledger.Fingerprint) []byte {
	dst = append(dst, print[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, l.customer)
	if l.features == nil {
		return append(dst, 0)
	}
	dst = binary.AppendUvarint(dst, l.version)
	dst = binary.AppendVarint(dst, l.asOf)
	for _, v := range l.features {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

// untell takes customers out of the record.
func untell(r store.Reader, tx *store.Tx, set string, gone map[string]struct{}) error {
	last, err := r.Get(toldKey(set))
	if err != nil || last == nil {
		return err
	}
	hashes := make(map[uint64]struct{}, len(gone))
	for name := range gone {
		hashes[message.KeyHash(name)] = struct{}{}
	}
	head := record.Read(last)
	if _, err = readToldHead(&head); err != nil {
		return fmt.Errorf("feature set %q: %w", set, err)
	}
	rest := slices.Clone(last[:len(last)-len(head.Rest())])
	all := true
	if _, err = decodeTold(last, func(print ledger.Fingerprint, l telling) {
		if _, erased := hashes[l.customer]; erased {
			all = false
			return
		}
		rest = l.append(rest, print)
	}); err != nil {
		return fmt.Errorf("feature set %q: %w", set, err)
	}
	if !all {
		tx.Set(toldKey(set), rest)
	}
	return nil
}

// readToldHead reads how a record begins.
func readToldHead(r *record.Reader) (head toldHead, err error) {
	version := r.Byte()
	head = toldHead{width: r.Uvarint(), newest: r.Varint(), left: r.Varint()}
	if r.Damaged() || version != toldVersion || head.width > maxTold {
		return toldHead{}, errTold
	}
	return head, nil
}

// decodeTold reads a record, and returns the number of features that it is of.
func decodeTold(stored []byte, visit func(ledger.Fingerprint, telling)) (width int, err error) {
	r := record.Read(stored)
	head, err := readToldHead(&r)
	if err != nil {
		return 0, err
	}
	n := head.width
	for len(r.Rest()) > 0 {
		var print ledger.Fingerprint
		copy(print[:], r.Bytes(len(print)))
		l := telling{customer: r.Uint64(), version: r.Uvarint()}
		if l.version > 0 {
			l.asOf = r.Varint()
			if uint64(len(r.Rest())) < 8*n {
				return 0, errTold
			}
			l.features = make([]float64, n)
			for i := range l.features {
				l.features[i] = r.Float()
			}
		}
		if r.Damaged() {
			return 0, errTold
		}
		visit(print, l)
	}
	if r.Damaged() {
		return 0, errTold
	}
	return int(n), nil
}
