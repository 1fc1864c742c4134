package features

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/predict"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/record"
	"github.com/shoal-stream/shoal/plugin/store"
)

// departed is what stays in the sample of a customer who was forgotten as idle: their history
// until then, as numbers of days without a date, and with how many bits of 0 their hash began,
// which is what it takes to leave when the level goes up. Neither key nor hash is kept, so it is
// nobody's any more: nothing links it to the customer, not even when they come back, who are a
// new one then.
//
// Without it a sample would be of survivors: those who have been silent for long are the ones who
// left, and to forget them makes the rest look as if nobody ever did. Their history ends when
// they are forgotten, as nobody knows what they did then: taken to be silent ever since, those who
// come back would make it look as if many had left.
//
// Each is a record of its own, under the number of the event that they were forgotten by. When
// the level goes up, those who leave are deleted; when it goes down, each counts twice, for one of
// those who left in between.
type departed struct {
	departure
	zeros uint8
	known []parting // by model of the plan
}

// parting is what a model knew of a customer when they were forgotten, if it did.
type parting struct {
	predict.History
	mean float64 // see aggregate.Purchases
	ok   bool
}

// departure numbers those who departed, in their order.
type departure struct {
	event uint64 // by which, of those applied
	place uint32 // among those of the event: copies come after all who are forgotten by one
}

// zerosOf is the highest level of a sample that a hash is in.
func zerosOf(hash uint64) uint8 { return uint8(min(bits.LeadingZeros64(hash), highest)) }

// depart keeps what stays of a customer who is forgotten, in the step under way: nil when that
// is nothing.
func (x *extract) depart(b *batchState, name string, profile *aggregate.Profile) *departed {
	if b.fitting == nil {
		return nil
	}
	hash := sampleHash(name)
	f := b.fitting
	f.mu.Lock()
	level, event := f.state.sample.level, f.state.clock.applied+1
	f.mu.Unlock()
	known, something := knowledgeOf(nil, x.plan, profile)
	if !something || !within(hash, level) {
		return nil
	}
	d := &departed{departure{event, uint32(len(b.gone))}, zerosOf(hash), make([]parting, len(known))}
	today := aggregate.Day(b.changes.now.newest)
	for i, k := range known {
		if k.ok {
			d.known[i] = parting{k.History(today), k.Mean, true}
		}
	}
	b.tx.Set(departedKey(x.set, d.departure), d.encode(x.plan))
	return d
}

// twice are those who departed, and a copy of each that leaves when the level goes up to this
// one again.
func (s *sample) twice(event uint64) (all, copies []departed) {
	at := departure{event, lookedAfter}
	if n := len(s.departed); n > 0 && s.departed[n-1].event == event && s.departed[n-1].place >= at.place {
		at.place = s.departed[n-1].place + 1
	}
	for _, d := range s.departed {
		copies = append(copies, departed{at, s.level - 1, d.known})
		at.place++
	}
	return append(slices.Clip(s.departed), copies...), copies
}

// perStep is how many of these records a step writes or deletes.
const perStep = 500

// storeDeparted writes records, in steps of their own.
func (x *extract) storeDeparted(b *batchState, list []departed) error {
	for len(list) > 0 {
		n := min(perStep, len(list))
		if err := b.more(func() error {
			for i := range list[:n] {
				b.tx.Set(departedKey(x.set, list[i].departure), list[i].encode(x.plan))
			}
			return nil
		}); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// deleteThinned deletes the records of those who have left the sample, in steps of their own.
func (x *extract) deleteThinned(b *batchState) error {
	for {
		f := b.fitting
		f.mu.Lock()
		thinned := f.state.sample.thinned
		n := min(perStep, len(thinned))
		f.state.sample.thinned = thinned[n:]
		f.state.clock.level = f.state.sample.level // with them: another number may be in the sample now
		f.mu.Unlock()
		if n == 0 {
			return nil
		}
		if err := b.more(func() error {
			for _, d := range thinned[:n] {
				b.tx.Delete(departedKey(x.set, d))
			}
			return nil
		}); err != nil {
			return err
		}
	}
}

// readDeparted reads those in a sample of this level; the others are to be deleted. So are those
// that none of the models of the plan knows of.
func (s *sample) readDeparted(r store.Reader, set string, plan *aggregate.Plan) error {
	prefix := departedPrefix(set)
	places := map[uint64]int{}
	for i, m := range plan.Models() {
		places[modelHash(m)] = i
	}
	return r.Scan(prefix, func(key, value []byte) error {
		d, something, err := decodeDeparted(key[len(prefix):], value, places)
		if err != nil {
			return fmt.Errorf("feature set %q: %w", set, err)
		}
		if !something || d.zeros < s.level {
			s.thinned = append(s.thinned, d.departure)
			return nil
		}
		s.departed = append(s.departed, d)
		return nil
	})
}

// deleteDeparted deletes all of them, of a feature set that has no models any more.
func deleteDeparted(ctx context.Context, s *store.Store, set string) error {
	var keys [][]byte
	err := s.View(ctx, func(r store.Reader) error {
		return r.ScanKeys(departedPrefix(set), nil, func(key []byte) error {
			keys = append(keys, bytes.Clone(key))
			return nil
		})
	})
	if err != nil || len(keys) == 0 {
		return err
	}
	f, err := fittingOf(s, set)
	if err != nil {
		return err
	}
	return s.Update(ctx, []store.Lock{fitLock(set)}, func(tx *store.Tx) error {
		tx.OnCommitted(f.forget)
		for len(keys) > 0 {
			n := min(perStep, len(keys))
			if err := tx.Step(func() error {
				for _, key := range keys[:n] {
					tx.Delete(key)
				}
				return nil
			}); err != nil {
				return err
			}
			keys = keys[n:]
		}
		return nil
	})
}

// forget has the state read again where it is needed next.
func (f *fitting) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = nil
}

func departedPrefix(set string) []byte {
	return store.Key(store.KindFeatureSet, set, []byte("fit-departed"))
}

func departedKey(set string, d departure) []byte {
	key := binary.BigEndian.AppendUint64(departedPrefix(set), d.event)
	return binary.BigEndian.AppendUint32(key, d.place)
}

// modelHash stands for a model in a record.
func modelHash(m aggregate.Model) uint64 { return message.KeyHash(m.ID) }

const departedVersion = 1

var errDeparted = errors.New("a record of its models, of a customer without a name, is damaged: restore the newest backup to a new path")

// encode writes the bits of 0 and, for each model that knew something, which one it is, three numbers
// of days and a mean.
func (d *departed) encode(plan *aggregate.Plan) []byte {
	stored := []byte{departedVersion, d.zeros}
	for i, k := range d.known {
		if !k.ok {
			continue
		}
		stored = binary.LittleEndian.AppendUint64(stored, modelHash(plan.Models()[i]))
		for _, n := range [...]float64{k.Repeats, k.Recency, k.Age} {
			stored = binary.AppendUvarint(stored, uint64(n))
		}
		stored = record.AppendCompact(stored, k.mean)
	}
	return stored
}

// decodeDeparted reads what encode wrote, for the models at places of a plan: something tells that
// one of these knew something.
func decodeDeparted(suffix, stored []byte, places map[uint64]int) (d departed, something bool, err error) {
	key, r := record.Read(suffix), record.Read(stored)
	d.event, d.place = bits.ReverseBytes64(key.Uint64()), 0
	for _, b := range key.Bytes(4) {
		d.place = d.place<<8 | uint32(b)
	}
	version := r.Byte()
	d.zeros = r.Byte()
	d.known = make([]parting, len(places))
	for len(r.Rest()) > 0 {
		place, there := places[r.Uint64()]
		h := predict.History{Repeats: float64(r.Uvarint()), Recency: float64(r.Uvarint()), Age: float64(r.Uvarint())}
		if mean := r.Compact(); there {
			d.known[place], something = parting{h, mean, true}, true
		}
	}
	if !key.Complete() || !r.Complete() || version != departedVersion || d.zeros > highest {
		return departed{}, false, errDeparted
	}
	return d, something, nil
}
