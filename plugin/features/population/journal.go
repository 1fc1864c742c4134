package population

import (
	"encoding/binary"
	"fmt"
)

// Where a population is stored, every batch adds a record of its changes to the journal:
// batches do not write over each other's counts, so they need not wait for each other.
// Before the journal grows long, a transaction of its own folds it into the pages of counts,
// and deletes it. What is stored is the pages and the journal together.

// Keys begin with what they are the key of. Those of a page end with its slot and number, of
// a record of the journal with its number.
const (
	kindSlate   = 's'
	kindPage    = 'c'
	kindJournal = 'j'
)

// Reader reads what is stored of a population. Keys are relative to it.
type Reader interface {
	// Get returns the value of a key, nil when there is none.
	Get(key []byte) ([]byte, error)
	// Scan calls fn for each key with the prefix, in order, until fn errs.
	Scan(prefix []byte, fn func(key, value []byte) error) error
}

// Writer writes what is stored of a population. It may keep what it is given.
type Writer interface {
	Put(key, value []byte)
	Delete(key []byte)
}

// SlateKey is the key of the slate.
func SlateKey() []byte { return []byte{kindSlate} }

func pageKey(p placePage) []byte {
	return []byte{kindPage, byte(p >> 16), byte(p >> 8), byte(p)}
}

func journalKey(number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{kindJournal}, number)
}

// parseKey reads the number that a key ends with.
func parseKey(key []byte, length int) (uint32, error) {
	if len(key) != 1+length {
		return 0, fmt.Errorf("a key of %d bytes: %w", len(key), ErrDamaged)
	}
	number := uint32(0)
	for _, b := range key[1:] {
		number = number<<8 | uint32(b)
	}
	return number, nil
}

// journal is the records of a population's journal, by their numbers.
type journal struct {
	entries map[uint32]entry
	bytes   int    // of all of them
	free    uint32 // no number below is free
}

// entry is a record of the journal.
type entry struct {
	length int
	open   bool // its batch is not done, and wants to know whether it was committed
	found  bool // it was: a fold has seen it
	folded bool // and deleted it
}

// The journal is folded when its records are this many, or this long together.
const (
	foldRecords = 1 << 10
	foldBytes   = 1 << 16
)

// Due tells that the journal is long enough to be folded.
func (p *Population) Due() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return len(p.journal.entries) >= foldRecords || p.journal.bytes >= foldBytes
}

// reserve gives the record of a batch the least number that is free: it does not depend on
// what was stored and folded before.
func (p *Population) reserve(length int) uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	number := p.journal.free
	for p.journal.has(number) {
		number++
	}
	p.journal.free = number + 1
	p.journal.add(number, entry{length: length, open: true})
	return number
}

// find notes that a fold has seen a record in the store, before it deletes it.
func (p *Population) find(number uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, known := p.journal.entries[number]; known {
		e.found = true
		p.journal.entries[number] = e
	}
}

// found tells that a fold has seen the record of a batch in the store.
func (p *Population) found(number uint32) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.journal.entries[number].found
}

// settle notes that the records of a fold are deleted. The numbers of batches that are not
// done are not free: they will ask for them.
func (p *Population) settle(folded []uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, number := range folded {
		e := p.journal.entries[number]
		if !e.open {
			p.journal.release(number)
			continue
		}
		p.journal.bytes -= e.length
		e.length, e.folded = 0, true
		p.journal.entries[number] = e
	}
}

// close notes that the batch of a record is done. One that is not in the store frees its
// number.
func (p *Population) close(number uint32, stored bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.journal.entries[number]
	if e.folded || !stored {
		p.journal.release(number)
		return
	}
	e.open = false
	p.journal.entries[number] = e
}

func (j *journal) release(number uint32) {
	j.bytes -= j.entries[number].length
	delete(j.entries, number)
	j.free = min(j.free, number)
}

func (j *journal) has(number uint32) bool {
	_, has := j.entries[number]
	return has
}

func (j *journal) add(number uint32, e entry) {
	if j.entries == nil {
		j.entries = map[uint32]entry{}
	}
	j.entries[number] = e
	j.bytes += e.length
}
