package detect

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestChecksums has published examples: of the payment networks for testing, the IBAN Registry, the NHS Data
// Dictionary, the Spanish and Brazilian authorities, Verhoeff's paper, the Bitcoin wiki, BIP 173, BIP 350 and EIP-55.
func TestChecksums(t *testing.T) {
	for _, c := range []struct {
		name     string
		checksum func(string) bool
		valid    []string
	}{
		{"luhn", ofBytes(luhn), []string{"79927398713", "4111111111111111", "378282246310005", "6011111111111117", "3530111333300000", "30569309025904"}},
		{"mod97", ofBytes(mod97), []string{
			"GB29NWBK60161331926819", "DE89370400440532013000", "FR1420041010050500013M02606",
			"MT84MALT011000012345MTLCAST001S", "NO9386011117947", "SA0380000000608010167519",
		}},
		{"mod11", ofBytes(mod11), []string{"9434765919", "9434765870", "4010232137", "9876543210"}},
		{"cpf", ofBytes(cpfDigits), []string{"11144477735", "52998224725", "12345678909"}},
		{"verhoeff", ofBytes(verhoeff), []string{"2363", "123451", "234123412346", "1428570"}},
		{"nif", func(s string) bool { return checksums["nif"]([]byte(s)) }, []string{"12345678Z", "00000000T", "99999999R", "01234567L"}},
		{"base58check", base58Check, []string{
			"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "1111111111111111111114oLvT2", "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn",
			"2MzQwSSnBHWHqSAqtTVQ6v47XtaisrJa1Vc",
		}},
		{"bech32", bech32Address, []string{
			"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",
			"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "BC1SW50QGDZ25J", "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",
			"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
		}},
		{"ethereum", func(s string) bool { return ethereum(s) > 0 }, []string{
			"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
			"dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
		}},
	} {
		for _, text := range c.valid {
			assert.Truef(t, c.checksum(text), "%s of %s", c.name, text)
			if c.name == "bech32" && len(text) > 40 || c.name != "bech32" {
				wrong := []byte(text)
				wrong[len(wrong)-1] = map[bool]byte{true: '1', false: '0'}[wrong[len(wrong)-1] == '0']
				if last := text[len(text)-1]; !isDigit(last) {
					wrong[len(wrong)-1] = last ^ 1
				}
				assert.Falsef(t, c.checksum(string(wrong)), "%s of %s", c.name, wrong)
			}
		}
	}
}

func ofBytes(checksum func([]byte) bool) func(string) bool {
	return func(s string) bool { return checksum([]byte(s)) }
}

// TestChecksumsSeeOneWrongDigit changes each digit of a valid number to each other.
func TestChecksumsSeeOneWrongDigit(t *testing.T) {
	for text, checksum := range map[string]func([]byte) bool{
		"4111111111111111": luhn, "234123412346": verhoeff, "9434765919": mod11, "52998224725": cpfDigits, "DE89370400440532013000": mod97,
	} {
		for i := range text {
			for digit := byte('0'); digit <= '9'; digit++ {
				if wrong := []byte(text); isDigit(wrong[i]) && wrong[i] != digit {
					wrong[i] = digit
					assert.Falsef(t, checksum(wrong), "%s instead of %s", wrong, text)
				}
			}
		}
	}
}

// TestVerhoeffSeesTwist swaps each two digits beside each other, which Verhoeff's scheme was made to see.
func TestVerhoeffSeesTwist(t *testing.T) {
	const text = "234123412346"
	for i := 1; i < len(text); i++ {
		if twisted := []byte(text); twisted[i] != twisted[i-1] {
			twisted[i], twisted[i-1] = twisted[i-1], twisted[i]
			assert.Falsef(t, verhoeff(twisted), "%s instead of %s", twisted, text)
		}
	}
}

// TestDihedral compares the products with those of the symmetries of a pentagon: turns i to i+k, reflections i to k-i.
func TestDihedral(t *testing.T) {
	at := func(symmetry, corner int) int {
		if symmetry < 5 {
			return (corner + symmetry) % 5
		}
		return (symmetry - corner + 10) % 5
	}
	for a := range byte(10) {
		for b := range byte(10) {
			product := int(dihedral(a, b))
			assert.Equal(t, a < 5 == (b < 5), product < 5, "two of a kind are a turn")
			for corner := range 5 {
				assert.Equalf(t, at(int(a), at(int(b), corner)), at(product, corner), "%d times %d", a, b)
			}
		}
	}
}

func TestNFKCDigits(t *testing.T) {
	for text, want := range map[string]string{
		"４１": "41", "٤١": "41", "४१": "41", "𝟒𝟏": "41", "④①": "41", "⁴¹": "41", "4\u200b1": "41", "4\u00ad1": "41", "4\u2060\ufeff1": "41", "4\u00a01": "4 1",
		"4\u20111": "4-1", "4−1": "4-1", "ａ＠ｂ．ｃｏｍ": "a@b.com", "…": "...", "é ü": "é ü", "\xff１": "\xff1",
	} {
		var f folding
		assert.Equalf(t, want, f.fold(text, firstFold(text)), "%q", text)
	}
}
