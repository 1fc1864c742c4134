package detect

import "slices"

// luhn says that the last of these digits is the check digit of the others (ISO/IEC 7812-1, annex B).
func luhn(digits []byte) bool {
	sum, double := 0, false
	for _, digit := range slices.Backward(digits) {
		d := int(digit - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return len(digits) > 1 && sum%10 == 0
}

// mod97 says that digits and letters, with the first four moved to the end and letters
// read as 10 to 35, leave 1 when divided by 97 (ISO 13616, ISO/IEC 7064 MOD 97-10).
func mod97(chars []byte) bool {
	if len(chars) < 5 {
		return false
	}
	rest := 0
	for i := range chars {
		c := chars[(i+4)%len(chars)]
		switch {
		case isDigit(c):
			rest = (rest*10 + int(c-'0')) % 97
		case isAlpha(c):
			rest = (rest*100 + int(c&^0x20-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// mod11 says that the last of ten digits is right as in a British NHS number: weights 10 to
// 2, and 11 minus the rest (NHS Data Dictionary, "NHS number").
func mod11(digits []byte) bool {
	if len(digits) != 10 {
		return false
	}
	sum := 0
	for i, d := range digits[:9] {
		sum += int(d-'0') * (10 - i)
	}
	return (11-sum%11)%11 == int(digits[9]-'0')
}

// cpfDigits says that the last two of eleven digits are right as in a Brazilian CPF: each is
// that of the digits before it, with weights that end in 2 (Receita Federal). Eleven
// equal digits add up as well, but are nobody's.
func cpfDigits(digits []byte) bool {
	if len(digits) != 11 {
		return false
	}
	same := true
	for _, d := range digits {
		same = same && d == digits[0]
	}
	for n := 9; n <= 10; n++ {
		sum := 0
		for i, d := range digits[:n] {
			sum += int(d-'0') * (n + 1 - i)
		}
		if sum*10%11%10 != int(digits[n]-'0') {
			return false
		}
	}
	return !same
}

// nifLetter says that the letter after a number is that of a Spanish DNI (Real Decreto 1553/2005).
func nifLetter(number int, letter byte) bool {
	return "TRWAGMYFPDXBNJZSQVHLCKE"[number%23] == letter&^0x20
}

// verhoeff says that digits of the dihedral group of order ten cancel out (Verhoeff,
// "Error detecting decimal codes", 1969), as in an Indian Aadhaar number.
func verhoeff(digits []byte) bool {
	c := byte(0)
	for i := range digits {
		c = dihedral(c, permuted[i%8][digits[len(digits)-1-i]-'0'])
	}
	return len(digits) > 1 && c == 0
}

// dihedral multiplies in the dihedral group: 0 to 4 are turns, 5 to 9 reflections.
func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return 5 + (a+b-5)%5
	case b < 5:
		return 5 + (a-5+5-b)%5
	default:
		return (a - b + 5) % 5
	}
}

// permuted has the powers of the permutation that Verhoeff takes at each place.
var permuted = func() (p [8][10]byte) {
	for d := range byte(10) {
		p[0][d] = d
	}
	for i := 1; i < len(p); i++ {
		for d := range p[i] {
			p[i][d] = [10]byte{1, 5, 7, 6, 2, 8, 3, 0, 9, 4}[p[i-1][d]]
		}
	}
	return p
}()
