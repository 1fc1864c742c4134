package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Kind is the first byte of a key: which component's state it is.
type Kind byte

// The kinds of state. A byte, once given, keeps its meaning for ever.
const (
	KindMeta         Kind = 'a' // the store itself: format version, secrets of tombstones, marks of backups, how often feature sets were reset
	KindCache        Kind = 'c' // items of the cache interface; namespace: label
	KindFeatureSet   Kind = 'f' // layout and counters of a feature set
	KindProfile      Kind = 'p' // a customer's aggregates; namespace: feature set
	KindSeen         Kind = 's' // when to look whether a customer is still active; namespace: feature set
	KindPopulation   Kind = 'o' // how many customers have which values; namespace: feature set
	KindLedger       Kind = 'l' // applied source positions; namespace: who applied them
	KindEventID      Kind = 'i' // applied event ids; namespace: who applied them
	KindModel        Kind = 'm' // a model's cluster features, segments and counters; namespace: model
	KindContribution Kind = 'k' // a customer's vector and micro-cluster; namespace: model
	KindMoves        Kind = 'v' // a customer's last moves between segments; namespace: model
	KindActivity     Kind = 'y' // when to look whether a customer is still active; namespace: model
	KindEvent        Kind = 'e' // the log of what happened to segments and customers; namespace: model
	KindTombstone    Kind = 't' // who was erased; namespace: name of the secret that their key is hashed under
	KindName         Kind = 'n' // whose the moves are in the log; namespace: model
	KindConsumer     Kind = 'u' // how far a reader of that log has come; namespace: model
)

// Key joins kind, namespace and suffix. Keys of one namespace are contiguous and
// no namespace is a prefix of another, whatever bytes it holds.
func Key(kind Kind, namespace string, suffix []byte) []byte {
	key := make([]byte, 0, 1+binary.MaxVarintLen32+len(namespace)+len(suffix))
	return append(appendPrefix(key, kind, namespace), suffix...)
}

// Prefix is what all keys of a namespace begin with.
func Prefix(kind Kind, namespace string) []byte {
	return appendPrefix(nil, kind, namespace)
}

func appendPrefix(dst []byte, kind Kind, namespace string) []byte {
	dst = append(dst, byte(kind))
	dst = binary.AppendUvarint(dst, uint64(len(namespace)))
	return append(dst, namespace...)
}

// SplitKey undoes [Key]. The suffix shares memory with key.
func SplitKey(key []byte) (kind Kind, namespace string, suffix []byte, err error) {
	if len(key) == 0 {
		return 0, "", nil, errors.New("reading a key: it is empty")
	}
	length, n := binary.Uvarint(key[1:])
	rest := key[1+max(n, 0):]
	if n <= 0 || length > uint64(len(rest)) {
		return 0, "", nil, fmt.Errorf("reading a key of kind %q: its namespace is cut short", key[0])
	}
	return Kind(key[0]), string(rest[:length]), rest[length:], nil
}

// Namespaces lists the namespaces that hold state of one kind, in the order of
// their keys. It seeks once per namespace.
func Namespaces(r Reader, kind Kind) ([]string, error) {
	var names []string
	from := []byte{byte(kind)}
	for {
		key, err := r.Next(from)
		if err != nil || key == nil || key[0] != byte(kind) {
			return names, err
		}
		_, namespace, _, err := SplitKey(key)
		if err != nil {
			return names, err
		}
		names = append(names, namespace)
		from = after(Prefix(kind, namespace))
		if from == nil {
			return names, nil
		}
	}
}

// after is the first key beyond all keys with the prefix, nil when there is none.
func after(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
