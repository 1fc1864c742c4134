package detect

const (
	minIBAN = 15 // Norway
	maxIBAN = 34
)

// iban adds the account number that begins at start with the letters of a country: as many
// letters and digits as the country has, each of the kind that it has there, and a rest of 1
// modulo 97 (ISO 13616). Spaces, hyphens and dots between are taken as they come. It says
// where the number ends; start if there is none.
func (p *pass) iban(start int) int {
	text := p.text
	if start+minIBAN > len(text) || !isAlpha(text[start]) || !isAlpha(text[start+1]) || binds(before(text, start)) {
		return start
	}
	structure := ibanStructures[[2]byte{text[start] &^ 0x20, text[start+1] &^ 0x20}]
	if structure == "" {
		return start
	}
	var buffer [maxIBAN]byte
	chars := append(buffer[:0], text[start], text[start+1])
	i := start + 2
	for ; i < len(text) && len(chars) < len(structure); i++ {
		c := text[i]
		switch {
		case fits(c, structure[len(chars)]):
			chars = append(chars, c)
			continue
		case separates(text, i) && (len(chars) > 2 || isUpper(text[start])):
			continue
		}
		break
	}
	p.work += i - start
	if len(chars) < len(structure) || binds(after(text, i)) || joins(text, i) || !mod97(chars) {
		return start
	}
	p.add(iban, start, i, 0.97, false)
	p.done(i)
	return i
}

// separates says that one mark is at i, or the first or second of two spaces, and the number may go on.
func separates(text string, i int) bool {
	if i+1 >= len(text) || text[i] != ' ' && text[i] != '-' && text[i] != '.' {
		return false
	}
	return isAlnum(text[i+1]) || i+2 < len(text) && text[i:i+2] == "  " && isAlnum(text[i+2])
}

// fits says that a character may stand where a structure has n (a digit), a (a letter) or c (either).
func fits(c, kind byte) bool {
	switch kind {
	case 'n':
		return isDigit(c)
	case 'a':
		return isAlpha(c)
	default:
		return isAlnum(c)
	}
}
