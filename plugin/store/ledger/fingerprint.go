package ledger

import "crypto/sha256"

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
		text = append(l.blockKey(p), byte(p.Offset>>8&(blockSize>>8-1)), byte(p.Offset))
	}
	hash := sha256.Sum256(append(text, e.ID...))
	copy(print[:], hash[:])
	return print, true
}
