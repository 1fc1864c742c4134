package ledger

import "sync"

// mostRecent is how many blocks are kept, of some 3 kB each.
const mostRecent = 256

// recent has blocks as they were written last, so that events which come in order do not have
// the record read anew for each. A block is that of the very bytes that were written: where a
// step was dropped, a transaction finds older ones. Whoever asks holds the lock of the key.
type recent struct {
	mu     sync.Mutex // guards blocks
	blocks map[string]written
}

type written struct {
	record []byte
	block  *block
}

// take returns the block of a record, and leaves it to the caller, who may change it.
func (r *recent) take(key, record []byte) (*block, error) {
	if record == nil {
		return newBlock(), nil
	}
	r.mu.Lock()
	w, known := r.blocks[string(key)]
	delete(r.blocks, string(key))
	r.mu.Unlock()
	if known && len(w.record) == len(record) && &w.record[0] == &record[0] {
		return w.block, nil
	}
	return decodeBlock(record)
}

// keep takes back a block that is as the record says.
func (r *recent) keep(key, record []byte, b *block) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocks == nil || len(r.blocks) >= mostRecent {
		r.blocks = map[string]written{}
	}
	r.blocks[string(key)] = written{record, b}
}
