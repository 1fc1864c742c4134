package detect

import (
	"crypto/sha256"
	"strings"

	"golang.org/x/crypto/sha3"
)

const (
	minChainAddress = 25 // the shortest of Bitcoin in base 58
	maxChainAddress = 90 // the longest in bech32
)

// chainAddress adds the run of letters and digits from start to end if it is an address of
// Bitcoin or Ethereum: all but Ethereum's in letters of one case have a checksum.
func (p *pass) chainAddress(start, end int) {
	text := p.text[start:end]
	if len(text) > maxChainAddress || !free(p.text, start, end) {
		return
	}
	var confidence float64
	switch text[0] {
	case '1', '3', 'm', 'n', '2':
		p.work += len(text) * len(text) / 8
		if len(text) <= 35 && base58Check(text) {
			confidence = certain
		}
	case 'b', 'B', 't', 'T':
		p.work += len(text)
		if bech32Address(text) {
			confidence = certain
		}
	case '0':
		if len(text) == 42 && text[1] == 'x' {
			p.work += 4 * len(text)
			confidence = ethereum(text[2:])
		}
	}
	if confidence > 0 {
		p.addNear(cryptoAddress, start, end, confidence, 0.1)
	}
}

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var base58Values = func() (values [256]uint8) {
	for i := range values {
		values[i] = 0xFF
	}
	for i := range len(base58Digits) {
		values[base58Digits[i]] = uint8(i)
	}
	return values
}()

// base58Check says that text is 25 bytes in base 58: a version that Bitcoin has, a hash, and the
// first four bytes of the double SHA-256 of both (Bitcoin developer reference, "Base58Check").
// It multiplies five digits at a time into words of 32 bits.
func base58Check(text string) bool {
	var words [7]uint32 // the number, the least first
	for i := 0; i < len(text); {
		scale, chunk := uint64(1), uint64(0)
		for ; i < len(text) && scale < 58*58*58*58*58; i++ {
			digit := base58Values[text[i]]
			if digit == 0xFF {
				return false
			}
			scale *= 58
			chunk = chunk*58 + uint64(digit)
		}
		for w := range words {
			chunk += uint64(words[w]) * scale
			words[w] = uint32(chunk)
			chunk >>= 32
		}
		if chunk != 0 {
			return false
		}
	}
	if words[6]>>8 != 0 {
		return false
	}
	var data [25]byte
	for i := range data {
		data[i] = byte(words[(24-i)/4] >> ((24 - i) % 4 * 8))
	}
	zeros := 0
	for zeros < len(text) && text[zeros] == '1' {
		if data[zeros] != 0 {
			return false
		}
		zeros++
	}
	switch data[0] {
	case 0x00, 0x05, 0x6F, 0xC4: // to a key, to a script; on the test network
	default:
		return false
	}
	if data[0] == 0 && (zeros == 0 || data[zeros] == 0) {
		return false // each 1 at the start is a byte of zero, no more and no fewer
	}
	sum := sha256.Sum256(data[:21])
	sum = sha256.Sum256(sum[:])
	return [4]byte(sum[:4]) == [4]byte(data[21:])
}

const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

var bech32Values = func() (values [256]uint8) {
	for i := range values {
		values[i] = 0xFF
	}
	for i := range len(bech32Digits) {
		values[bech32Digits[i]] = uint8(i)
		values[strings.ToUpper(bech32Digits)[i]] = uint8(i)
	}
	return values
}()

// bech32Address says that text is a witness program of Bitcoin in letters of one case, with the
// checksum of bech32 for version 0 and of bech32m for the others (BIP 173 and BIP 350).
func bech32Address(text string) bool {
	prefix := ""
	for _, known := range []string{"bc1", "tb1", "bcrt1"} {
		if len(text) >= len(known)+8 && strings.EqualFold(text[:len(known)], known) {
			prefix = known[:len(known)-1]
		}
	}
	if prefix == "" {
		return false
	}
	lower, upper := false, false
	for i := range len(text) {
		lower = lower || isAlpha(text[i]) && !isUpper(text[i])
		upper = upper || isUpper(text[i])
	}
	if lower && upper {
		return false
	}
	check := uint32(1)
	for i := range len(prefix) {
		check = bech32Step(check, prefix[i]>>5)
	}
	check = bech32Step(check, 0)
	for i := range len(prefix) {
		check = bech32Step(check, prefix[i]&31)
	}
	data := text[len(prefix)+1:]
	for i := range len(data) {
		value := bech32Values[data[i]]
		if value == 0xFF {
			return false
		}
		check = bech32Step(check, value)
	}
	if version := bech32Values[data[0]]; version == 0 {
		return check == 1 && (len(data) == 39 || len(data) == 59) // 20 or 32 bytes
	} else if version > 16 {
		return false
	}
	return check == 0x2BC830A3
}

// bech32Step takes one more value into the checksum, a polynomial over GF(32).
func bech32Step(check uint32, value uint8) uint32 {
	return (check&0x1FFFFFF)<<5 ^ uint32(value) ^ bech32Generators[check>>25]
}

// bech32Generators has the sum of the generators for each set of the five bits that a step shifts out.
var bech32Generators = func() (sums [32]uint32) {
	for top := range sums {
		for i, generator := range [5]uint32{0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3} {
			sums[top] ^= generator * uint32(top>>i&1)
		}
	}
	return sums
}()

// ethereum returns the confidence in 40 hexadecimal digits after 0x. Letters of both cases carry a
// checksum: a letter is a capital where the Keccak hash of the small ones is 8 or more (EIP-55).
func ethereum(digits string) float64 {
	var small [40]byte
	lower, upper := false, false
	for i := range digits {
		c := digits[i]
		if !isHex(c) {
			return 0
		}
		lower = lower || isAlpha(c) && !isUpper(c)
		upper = upper || isUpper(c)
		small[i] = c
		if isUpper(c) {
			small[i] |= 0x20
		}
	}
	if !lower || !upper {
		return 0.85
	}
	hash := sha3.NewLegacyKeccak256()
	hash.Write(small[:])
	var sum [32]byte
	hash.Sum(sum[:0])
	for i := range digits {
		if nibble := sum[i/2] >> (4 * (1 - i%2)) & 15; isAlpha(digits[i]) && isUpper(digits[i]) != (nibble >= 8) {
			return 0
		}
	}
	return certain
}
