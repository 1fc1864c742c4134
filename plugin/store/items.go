package store

import (
	"bytes"
	"context"
	"errors"
	"hash/crc64"
	"io"

	"github.com/dgraph-io/badger/v4"
)

// Progress is told how far work that takes long has come; nil: nobody wants to know.
type Progress func(done, total int64)

func (p Progress) tell(done, total int64) {
	const often = 1 << 12
	if p != nil && (done%often == 0 || done == total) {
		p(done, total)
	}
}

// item is a record as it is now: deleted ones, and what they were before, are not there.
type item struct {
	key, value []byte
	expires    uint64 // in Unix seconds, 0 for never
}

// eachItem visits all records, in order.
func eachItem(txn *badger.Txn, fn func(item) error) error {
	return eachEntry(txn, 0, func(e entry) error { return fn(e.item) })
}

// eachEntry visits all records, in order: those that were written after a version, and all that
// tell of customers who were erased, as each backup is to know of these; of the others the
// names. The marks of backups are not among them, as they are not of what is made of them.
func eachEntry(txn *badger.Txn, after uint64, fn func(entry) error) error {
	marks := marksKey()
	return iterate(txn, nil, nil, func(at *badger.Item) error {
		key := at.Key()
		switch {
		case bytes.Equal(key, marks):
			return nil
		case at.Version() <= after && !tellsOfErasure(key):
			return fn(entry{name: nameOf(key)})
		}
		value, err := at.ValueCopy(nil)
		if err != nil {
			return err
		}
		return fn(entry{item: item{at.KeyCopy(nil), value, at.ExpiresAt()}})
	})
}

// count is how many records [eachItem] visits. It reads keys only.
func count(txn *badger.Txn) (n int64, err error) {
	marks := marksKey()
	err = iterate(txn, nil, nil, func(at *badger.Item) error {
		if !bytes.Equal(at.Key(), marks) {
			n++
		}
		return nil
	})
	return n, err
}

// digest tells two sequences of records apart.
type digest struct {
	n   int64
	sum uint64
}

var digestTable = crc64.MakeTable(crc64.ECMA)

func (d *digest) add(i item) {
	d.n++
	d.sum = crc64.Update(d.sum, digestTable, i.key)
	d.sum = crc64.Update(d.sum, digestTable, i.value)
}

// load makes a database in an empty directory of the records that next gives, until io.EOF, and
// proves that they are in it.
func load(ctx context.Context, options Options, next func() (item, error)) (err error) {
	db, err := badger.Open(options.badger())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	batch := db.NewWriteBatch()
	defer batch.Cancel()
	var wrote digest
	for {
		i, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = batch.SetEntry(&badger.Entry{Key: i.key, Value: i.value, ExpiresAt: i.expires})
		}
		if err != nil {
			return err
		}
		if i.expires == 0 { // others may be gone when they are looked for
			wrote.add(i)
		}
	}
	if err := batch.Flush(); err != nil {
		return err
	}
	txn := db.NewTransaction(false)
	defer txn.Discard()
	var found digest
	err = eachItem(txn, func(i item) error {
		if i.expires == 0 {
			found.add(i)
		}
		return ctx.Err()
	})
	if err == nil && found != wrote {
		err = errors.New("the copy is not what was copied: is the disk sound? the store is as it was")
	}
	return err
}
