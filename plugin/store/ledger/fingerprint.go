package ledger

import (
	"crypto/sha256"
	"encoding/binary"
)

// Fingerprint stands for what the ledger knows an event by: equal for the same event,
// however often it is delivered. It tells nothing of the id.
type Fingerprint [16]byte

// Fingerprint is that of an event; known is false for one that has neither a position
// nor an id.
func (l *Ledger) Fingerprint(e Event) (print Fingerprint, known bool) {
	if e.Position == nil && e.ID == "" {
		return print, false
	}
	var text []byte
	if p := e.Position; p != nil {
		whole := *p
		whole.Part = 0
		text = append(l.blockKey(&whole), byte(p.Offset>>8&(blockSize>>8-1)), byte(p.Offset))
		text = binary.BigEndian.AppendUint64(text, uint64(p.Part))
	}
	hash := sha256.Sum256(append(text, e.ID...))
	copy(print[:], hash[:])
	return print, true
}
