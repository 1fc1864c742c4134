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

func scan(txn *badger.Txn, prefix []byte, fn func(key, value []byte) error) error {
	options := badger.DefaultIteratorOptions
	options.Prefix = prefix
	it := txn.NewIterator(options)
	defer it.Close()
	for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
		value, err := it.Item().ValueCopy([]byte{})
		if err != nil {
			return err
		}
		if err := fn(it.Item().KeyCopy(nil), value); err != nil {
			return err
		}
	}
	return nil
}

func scanKeys(txn *badger.Txn, prefix, from []byte, fn func(key []byte) error) error {
	options := badger.DefaultIteratorOptions
	options.PrefetchValues = false
	options.Prefix = prefix
	it := txn.NewIterator(options)
	defer it.Close()
	if len(from) == 0 {
		from = prefix
	}
	for it.Seek(from); it.ValidForPrefix(prefix); it.Next() {
		if err := fn(it.Item().KeyCopy(nil)); err != nil {
			return err
		}
	}
	return nil
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
