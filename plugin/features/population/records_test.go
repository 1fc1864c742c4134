package population

import (
	"maps"
	"slices"
	"strings"
)

// shelf is what a store would keep, and transactions on it.
type shelf map[string]string

func (s shelf) Get(key []byte) ([]byte, error) {
	if value, found := s[string(key)]; found {
		return []byte(value), nil
	}
	return nil, nil
}

func (s shelf) Scan(prefix []byte, fn func(key, value []byte) error) error {
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if strings.HasPrefix(key, string(prefix)) {
			if err := fn([]byte(key), []byte(s[key])); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s shelf) has(key []byte) bool {
	_, found := s[string(key)]
	return found
}

// bytes is how many bytes of keys and values begin with the kind.
func (s shelf) bytes(kind byte) (total int) {
	for key, value := range s {
		if key[0] == kind {
			total += len(key) + len(value)
		}
	}
	return total
}

// writes are those of a transaction that is not committed yet; no value deletes.
type writes map[string][]byte

func (w writes) Put(key, value []byte) { w[string(key)] = slices.Clone(value) }
func (w writes) Delete(key []byte)     { w[string(key)] = nil }

func (w writes) commit(to shelf) {
	for key, value := range w {
		if value == nil {
			delete(to, key)
		} else {
			to[key] = string(value)
		}
	}
	clear(w)
}
