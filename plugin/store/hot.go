package store

import "sync"

// hot keeps values that were written lately, as they are committed: most customers who
// come were there a moment ago.
//
// Only a transaction that writes a key may read it here, as it holds the lock that all
// writers of the key take: what it finds is what was committed last. It has two
// generations: when the younger has its share of the budget, it becomes the older, and the
// older is forgotten.
type hot struct {
	share int64 // of the budget, in bytes, for each generation

	mu         sync.Mutex // guards what follows
	young, old map[string][]byte
	size       int64 // of young
}

func newHot(budget int64) *hot {
	return &hot{share: budget / 2, young: map[string][]byte{}, old: map[string][]byte{}}
}

func (h *hot) get(key []byte) (value []byte, found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if value, found = h.young[string(key)]; found {
		return value, true
	}
	if value, found = h.old[string(key)]; found {
		h.put(string(key), value)
	}
	return value, found
}

// committed takes over what a transaction has written, of the keys that it has found
// before: what is written once is not read again soon. It runs before the locks are given
// back.
func (h *hot) committed(writes map[string]write, found map[string]struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, w := range writes {
		if _, known := found[key]; known && !w.remove && w.expires == 0 {
			h.put(key, w.value)
			continue
		}
		delete(h.young, key)
		delete(h.old, key)
	}
}

func (h *hot) put(key string, value []byte) {
	const overhead = 100 // of an entry of a map, about
	if _, known := h.young[key]; !known {
		h.size += int64(len(key)+len(value)) + overhead
	}
	h.young[key] = value
	if h.size > h.share {
		h.young, h.old, h.size = map[string][]byte{}, h.young, 0
	}
}
