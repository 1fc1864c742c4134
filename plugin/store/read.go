package store

import (
	"errors"

	"github.com/dgraph-io/badger/v4"
)

func get(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy([]byte{}) // an empty value is not nil
}

// iterate visits the items of the keys with the prefix, in order and from one on, until
// visit errs. Values are read when they are asked for: they lie beside the keys, and Badger's
// prefetching takes longer than that, with a goroutine for each.
func iterate(txn *badger.Txn, prefix, from []byte, visit func(*badger.Item) error) error {
	options := badger.DefaultIteratorOptions
	options.PrefetchValues = false
	options.Prefix = prefix
	it := txn.NewIterator(options)
	defer it.Close()
	for it.Seek(from); it.ValidForPrefix(prefix); it.Next() {
		if err := visit(it.Item()); err != nil {
			return err
		}
	}
	return nil
}

func scan(txn *badger.Txn, prefix, from []byte, fn func(key, value []byte) error) error {
	if len(from) == 0 {
		from = prefix
	}
	return iterate(txn, prefix, from, func(item *badger.Item) error {
		value, err := item.ValueCopy([]byte{})
		if err != nil {
			return err
		}
		return fn(item.KeyCopy(nil), value)
	})
}

func scanKeys(txn *badger.Txn, prefix, from []byte, fn func(key []byte) error) error {
	if len(from) == 0 {
		from = prefix
	}
	return iterate(txn, prefix, from, func(item *badger.Item) error { return fn(item.KeyCopy(nil)) })
}

func next(txn *badger.Txn, from []byte) ([]byte, error) {
	options := badger.DefaultIteratorOptions
	options.PrefetchValues = false
	it := txn.NewIterator(options)
	defer it.Close()
	it.Seek(from)
	if !it.Valid() {
		return nil, nil
	}
	return it.Item().KeyCopy(nil), nil
}
