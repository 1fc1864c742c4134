package detect

// stops says at which bytes something can begin: at digits and at what stands between
// the parts of addresses, and at letters of key prefixes that a text seldom has.
var stops = func() (t [256]bool) {
	for _, c := range []byte("0123456789@:-._KSJz") {
		t[c] = true
	}
	return t
}()

// gate returns where the first byte at or after i is that a detector looks at; len(text) if
// there is none.
func gate(text string, i int) int {
	for ; i < len(text); i++ {
		if stops[text[i]] {
			return i
		}
	}
	return len(text)
}
