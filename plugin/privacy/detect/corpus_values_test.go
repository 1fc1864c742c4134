package detect_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/crypto/sha3"
)

// maker makes values of the labelled corpus. It shares no code with the package: check digits are
// found by trying, encodings are written the other way round, and phone numbers are written by libphonenumber.
type maker struct{ *rand.Rand }

func pick[T any](m maker, list ...T) T { return list[m.IntN(len(list))] }

func (m maker) from(alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[m.IntN(len(alphabet))]
	}
	return string(out)
}

const (
	decimal = "0123456789"
	hexa    = "0123456789abcdef"
	small   = "abcdefghijklmnopqrstuvwxyz"
	capital = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	mixed   = small + capital + decimal
)

func (m maker) digits(n int) string { return m.from(decimal, n) }

// grouped cuts text into groups of these sizes; the last size goes on to the end.
func grouped(text, mark string, sizes ...int) string {
	var parts []string
	for i := 0; text != ""; i++ {
		n := min(sizes[min(i, len(sizes)-1)], len(text))
		parts, text = append(parts, text[:n]), text[n:]
	}
	return strings.Join(parts, mark)
}

func (m maker) email() string {
	first := pick(m, "anna", "John", "maria", "li", "Priya", "jean-luc", "o'brien", "jürgen", "françois", "x", "sofía", "kumar")
	last := pick(m, "smith", "Müller", "garcia", "rossi", "silva", "nguyen", "de.la.cruz", "Lee", "iyer", "schmidt-meier")
	local := pick(m, first+"."+last, first+"_"+last, first[:1]+last, first+m.digits(2), last+"."+first+"+news", first+"-"+m.digits(4), last, m.digits(8),
		first+"%"+last, strings.ToUpper(last))
	domain := pick(m, "gmail.com", "example.org", "web.de", "orange.fr", "mail.company.co.uk", "my-shop.io", "libero.it", "uol.com.br", "rediffmail.com",
		"uni-köln.de", "Example.COM", "a.museum", "sub.sub2.example.travel", "hotmail.es", "sapo.pt", "x1.dev", "qq.com", "bücher.example", "xn--bcher-kva.example")
	return local + "@" + domain
}

// luhnNumber returns a number that begins with prefix, of n digits, whose last is the check digit.
func (m maker) luhnNumber(prefix string, n int) string {
	body := prefix + m.digits(n-1-len(prefix))
	for check := range 10 {
		number, sum := body+strconv.Itoa(check), 0
		for i := range n {
			d := int(number[n-1-i] - '0')
			if i%2 == 1 {
				d *= 2
			}
			sum += d/10 + d%10
		}
		if sum%10 == 0 {
			return number
		}
	}
	panic("no digit checks")
}

func (m maker) card() string {
	switch m.IntN(10) {
	case 0:
		number := m.luhnNumber(pick(m, "34", "37"), 15)
		return pick(m, number, grouped(number, " ", 4, 6, 5), grouped(number, "-", 4, 6, 5))
	case 1:
		number := m.luhnNumber(pick(m, "36", "38", "300", "305"), 14)
		return pick(m, number, grouped(number, " ", 4, 6, 4))
	default:
		number := m.luhnNumber(pick(m, "4", "4", "4", "51", "53", "55", "2221", "2720", "6011", "65", "3528", "6220", "2200", "6759", "5020", "6062"), 16)
		return pick(m, number, grouped(number, " ", 4), grouped(number, " ", 4), grouped(number, "-", 4), grouped(number, "\u00a0", 4), grouped(number, ".", 4),
			grouped(number, "\u2009", 4), grouped(number, "\u2011", 4), wide(number))
	}
}

// wide writes digits in full width.
func wide(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '０'
		}
		return r
	}, text)
}

func (m maker) iban() string {
	country := pick(m, "DE 18n", "GB 4a14n", "FR 10n11c2n", "ES 20n", "IT 1a10n12c", "NL 4a10n", "BE 12n", "AT 16n", "CH 17n", "PT 21n", "PL 24n", "SE 20n", "NO 11n",
		"IE 4a14n", "SA 2n18c", "MT 4a5n18c", "LU 16n", "DK 14n", "FI 14n", "BR 23n1a1c", "TR 22n", "AE 19n")
	var parts []string
	for rest := country[3:]; rest != ""; {
		end := strings.IndexAny(rest, "nac")
		n, _ := strconv.Atoi(rest[:end])
		parts = append(parts, m.from(map[byte]string{'n': decimal, 'a': capital, 'c': decimal + capital}[rest[end]], n))
		rest = rest[end+1:]
	}
	body := strings.Join(parts, "")
	for check := 2; check <= 98; check++ {
		number, rest := body+country[:2]+fmt.Sprintf("%02d", check), 0
		for _, c := range number {
			if c >= 'A' {
				rest = (rest*100 + int(c-'A') + 10) % 97
			} else {
				rest = (rest*10 + int(c-'0')) % 97
			}
		}
		if rest == 1 {
			number = country[:2] + fmt.Sprintf("%02d", check) + body
			return pick(m, number, grouped(number, " ", 4), grouped(number, " ", 4), grouped(number, "-", 4), strings.ToLower(number), grouped(number, "\u00a0", 4),
				country[:2]+" "+grouped(number[2:], " ", 2, 4))
		}
	}
	panic("no digits check")
}

func (m maker) ip() string {
	if m.IntN(2) == 0 {
		return fmt.Sprintf("%d.%d.%d.%d", 1+m.IntN(223), m.IntN(256), m.IntN(256), m.IntN(256))
	}
	var b [16]byte
	for i := range b {
		b[i] = byte(m.IntN(256))
	}
	b[0], b[1] = 0x20, 1
	if m.IntN(2) == 0 {
		clear(b[4+2*m.IntN(3) : 12+m.IntN(4)])
	}
	a := netip.AddrFrom16(b)
	return pick(m, a.String(), a.String(), a.StringExpanded(), strings.ToUpper(a.String()), "fe80::"+m.from("123456789abc", 3)+":"+m.from("123456789abc", 4)+"%eth0", "::1",
		fmt.Sprintf("::ffff:%d.%d.%d.%d", 1+m.IntN(223), m.IntN(256), m.IntN(256), m.IntN(256)))
}

func (m maker) mac() string {
	address := m.from(hexa, 12)
	return pick(m, grouped(address, ":", 2), strings.ToUpper(grouped(address, ":", 2)), grouped(address, "-", 2), strings.ToUpper(grouped(address, "-", 2)), grouped(address, ".", 4))
}

func (m maker) ssn() string {
	area := 1 + m.IntN(899)
	if area == 666 {
		area++
	}
	return fmt.Sprintf("%03d-%02d-%04d", area, 1+m.IntN(99), 1+m.IntN(9999))
}

// base58 encodes by repeated division, the textbook way.
func base58(data []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	out, zeros := "", 0
	for zeros < len(data) && data[zeros] == 0 {
		zeros++
	}
	number := append([]byte(nil), data...)
	for {
		rest, any := 0, false
		for i, b := range number {
			rest = rest*256 + int(b)
			number[i], rest = byte(rest/58), rest%58
			any = any || number[i] != 0
		}
		out = alphabet[rest:rest+1] + out
		if !any {
			return strings.Repeat("1", zeros) + out
		}
	}
}

func (m maker) bytes(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(m.IntN(256))
	}
	return out
}

func (m maker) chainAddress() string {
	switch m.IntN(4) {
	case 0:
		data := append([]byte{pick(m, byte(0), byte(5))}, m.bytes(20)...)
		sum := sha256.Sum256(data)
		sum = sha256.Sum256(sum[:])
		return base58(append(data, sum[:4]...))
	case 1: // the version and 160 or 256 bits, then the six values that make the polynomial right
		const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
		version, n, residue := 0, 32, uint32(1)
		if m.IntN(2) == 0 {
			version, n, residue = 1, 52, 0x2bc830a3
		}
		values := []byte{3, 3, 0, 2, 3, byte(version)} // "bc"
		for range n {
			values = append(values, byte(m.IntN(32)))
		}
		step := func(list []byte) uint32 {
			check := uint32(1)
			for _, v := range list {
				top := check >> 25
				check = (check&0x1ffffff)<<5 ^ uint32(v)
				for i, g := range []uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
					if top>>i&1 == 1 {
						check ^= g
					}
				}
			}
			return check
		}
		check := step(append(append([]byte(nil), values...), 0, 0, 0, 0, 0, 0)) ^ residue
		out := []byte("bc1")
		for _, v := range values[5:] {
			out = append(out, alphabet[v])
		}
		for i := range 6 {
			out = append(out, alphabet[check>>(5*(5-i))&31])
		}
		return string(out)
	case 2:
		return "0x" + m.from(hexa, 40)
	default:
		digits := m.from(hexa, 40)
		hash := sha3.NewLegacyKeccak256()
		hash.Write([]byte(digits))
		sum, out := hex.EncodeToString(hash.Sum(nil)), []byte(digits)
		for i := range out {
			if sum[i] >= '8' {
				out[i] = strings.ToUpper(digits)[i]
			}
		}
		return "0x" + string(out)
	}
}

func (m maker) key() string {
	return pick(m, "AKIA"+m.from(capital+decimal, 16), "ghp_"+m.from(mixed, 36), "github_pat_"+m.from(mixed, 22)+"_"+m.from(mixed, 59), "glpat-"+m.from(mixed+"-_", 20),
		"xoxb-"+m.digits(12)+"-"+m.digits(13)+"-"+m.from(mixed, 24), "sk_"+"live_"+m.from(mixed, 24), "rk_"+"test_"+m.from(mixed, 99), "AIza"+m.from(mixed+"-_", 35),
		"sk-"+m.from(mixed, 48), "sk-ant-api03-"+m.from(mixed+"-_", 93)+"AA", "SG."+m.from(mixed+"-_", 22)+"."+m.from(mixed+"-_", 43), "npm_"+m.from(mixed, 36),
		"hf_"+m.from(mixed, 34), "shpat_"+m.from(hexa, 32), "dop_v1_"+m.from(hexa, 64), "GOCSPX-"+m.from(mixed, 28), "SK"+m.from(hexa, 32),
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."+"eyJzdWIiOiI"+m.from(mixed, 40)+"."+m.from(mixed+"-_", 43),
		"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9."+"eyJleHAiOj"+m.from(mixed, 120)+"."+m.from(mixed+"-_", 342))
}

// checked returns n digits and then those that make them valid.
func (m maker) checked(first string, n, checks int, valid func(string) bool) string {
	for {
		body := first + m.digits(n-len(first))
		for check := range []int{1, 10, 100}[checks] {
			if number := body + fmt.Sprintf("%0*d", checks, check); valid(number) {
				return number
			}
		}
	}
}

func weighted(number string, from int) (sum int) {
	for i, c := range number {
		sum += int(c-'0') * (from - i)
	}
	return sum
}

func (m maker) nhs() string {
	number := m.checked(pick(m, "4", "6", "7", "9"), 9, 1, func(s string) bool { return weighted(s, 10)%11 == 0 })
	return pick(m, number, grouped(number, " ", 3, 3, 4), grouped(number, " ", 3, 3, 4), grouped(number, "-", 3, 3, 4))
}

func (m maker) cpf() string {
	rest := func(sum int) int { return (11 - sum%11) % 11 % 10 }
	number := m.checked("", 9, 2, func(s string) bool {
		return int(s[9]-'0') == rest(weighted(s[:9], 10)) && int(s[10]-'0') == rest(weighted(s[:10], 11))
	})
	return pick(m, number, number[:3]+"."+number[3:6]+"."+number[6:9]+"-"+number[9:], number[:3]+"."+number[3:6]+"."+number[6:9]+"-"+number[9:], number[:9]+"-"+number[9:])
}

func (m maker) nif() string {
	const letters = "TRWAGMYFPDXBNJZSQVHLCKE"
	if m.IntN(3) == 0 {
		first := m.IntN(3)
		n := first*10000000 + m.IntN(10000000)
		number, letter := fmt.Sprintf("%c%07d", "XYZ"[first], n%10000000), letters[n%23:n%23+1]
		return pick(m, number+letter, number[:1]+"-"+number[1:]+"-"+letter, strings.ToLower(number+letter))
	}
	n := 1000000 + m.IntN(90000000)
	number, letter := fmt.Sprintf("%08d", n), letters[n%23:n%23+1]
	return pick(m, number+letter, number+"-"+letter, number[:2]+"."+number[2:5]+"."+number[5:]+"-"+letter, number+" "+letter, strings.ToLower(number+letter))
}

func (m maker) aadhaar() string {
	// The table of Verhoeff's paper, row by row.
	table := []string{
		"0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
		"5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
	}
	turns := []string{"0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"}
	number := m.checked(pick(m, "2", "5", "8"), 11, 1, func(s string) bool {
		c := 0
		for i := range s {
			c = int(table[c][turns[i%8][s[len(s)-1-i]-'0']-'0'] - '0')
		}
		return c == 0
	})
	return pick(m, number, grouped(number, " ", 4), grouped(number, " ", 4), grouped(number, "-", 4))
}

// phone returns a valid number of a region in one of the ways in which people write it, and whether it can be
// known without words around it.
func (m maker) phone(region string) (number string, clear bool) {
	for {
		kind := pick(m, phonenumbers.MOBILE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE)
		example := phonenumbers.GetExampleNumberForType(region, kind)
		significant := phonenumbers.GetNationalSignificantNumber(example)
		significant = significant[:len(significant)-6] + m.digits(6)
		parsed, err := phonenumbers.Parse(fmt.Sprintf("+%d%s", example.GetCountryCode(), significant), region)
		if err != nil || !phonenumbers.IsValidNumberForRegion(parsed, region) {
			continue
		}
		national := phonenumbers.Format(parsed, phonenumbers.NATIONAL)
		international := phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
		digits := phonenumbers.NormalizeDigitsOnly(national)
		own := map[string][]string{
			"US": {grouped(significant, ".", 3, 3, 4), grouped(significant, "-", 3, 3, 4), grouped(significant, " ", 3, 3, 4), "1-" + grouped(significant, "-", 3, 3, 4), "+1 (" + significant[:3] + ") " + grouped(significant[3:], "-", 3, 4), "(" + significant[:3] + ")" + grouped(significant[3:], "-", 3, 4), significant},
			"DE": {"0" + significant[:3] + "/" + significant[3:], "0" + significant[:3] + "-" + significant[3:], "0" + significant, "+49(0)" + significant[:3] + "/" + significant[3:], "0049 " + significant[:3] + " " + significant[3:], "0" + grouped(significant, " ", 3, 3, 2, 2, 4), "+49 (0) " + significant[:3] + " " + significant[3:]},
			"FR": {"0" + grouped(significant, ".", 1, 2), "0" + grouped(significant, "-", 1, 2), "0" + significant, "+33 (0)" + grouped(significant, " ", 1, 2), "0033" + significant},
			"GB": {"0" + significant, "0" + grouped(significant, " ", 4, 3, 3), "+44 (0)" + grouped(significant, " ", 4, 6), "0" + grouped(significant, "-", 4, 6), "(0" + significant[:3] + ") " + grouped(significant[3:], " ", 3, 4)},
			"ES": {grouped(significant, " ", 3, 2, 2, 2), grouped(significant, "-", 3, 3, 3), grouped(significant, ".", 3, 3, 3), significant},
			"IT": {grouped(significant, " ", 3, 3, 4), significant[:3] + "-" + significant[3:], significant, "+39 " + significant[:3] + "." + significant[3:]},
			"PT": {grouped(significant, " ", 3, 3, 3), significant, "+351 " + significant},
			"BR": {"(" + significant[:2] + ") " + significant[2:], significant[:2] + " " + grouped(significant[2:], "-", len(significant)-6, 4), "+55 (" + significant[:2] + ") " + grouped(significant[2:], "-", len(significant)-6, 4), significant},
			"IN": {grouped(significant, " ", 5), "+91-" + significant, "0" + significant, significant, "+91 " + grouped(significant, " ", 5)},
			"NL": {"0" + significant[:1] + "-" + significant[1:], "0" + significant, "+31 (0)" + significant[:1] + " " + grouped(significant[1:], " ", 4)},
			"MX": {grouped(significant, " ", 2, 4, 4), significant, "+52 " + grouped(significant, " ", 2, 4, 4)},
			"AU": {"0" + grouped(significant, " ", 3, 3, 3), "(0" + significant[:1] + ") " + grouped(significant[1:], " ", 4), "0" + significant},
		}[region]
		all := append(own, national, national, international, international, phonenumbers.Format(parsed, phonenumbers.E164))
		number = pick(m, all...)
		return number, number != digits && number != significant
	}
}

// url returns a URL with what of it is about a person in braces, as marked writes it.
func (m maker) url() string {
	value := func() string {
		return pick(m, "{email ann%40example.com}", "{url "+pick(m, m.from(mixed, 12), m.digits(5), "red+shoes", m.from(hexa, 32))+"}")
	}
	host := pick(m, "example.com", "www.shop.example.co.uk", "api.example.io:8443", "localhost:8080", "münchen.example")
	return pick(m, "https://"+host+"/a/b?token="+value(), "https://"+host+"/?q="+value()+"&id="+value()+"#top", "http://{url bob:"+m.from(mixed, 8)+"}@"+host+"/x",
		"postgres://{url app:"+m.from(mixed+"!$", 9)+"1}@db.internal:5432/main?sslmode="+value(), "https://"+host+"/cb#access_token="+value()+"&state="+value(),
		"https://"+host+"/reset?user="+value()+";code="+value(), "ftp://{url ann}@"+host+"/")
}

func (m maker) birthDate(language string) string {
	day, month, year := 1+m.IntN(28), m.IntN(12), 1930+m.IntN(80)
	name := strings.Fields(map[string]string{
		"en": "January February March April May June July August September October November December",
		"de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
		"fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
		"es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
		"pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
		"it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
		"hi": "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
	}[language])[month]
	iso := fmt.Sprintf("%d-%02d-%02d", year, month+1, day)
	own := map[string][]string{
		"en": {fmt.Sprintf("%s %d, %d", name, day, year), fmt.Sprintf("%d %s %d", day, name, year), fmt.Sprintf("%s %d, %d", name[:3], day, year), fmt.Sprintf("%02d/%02d/%d", month+1, day, year), fmt.Sprintf("%d/%d/%02d", month+1, day, year%100), fmt.Sprintf("%dth of %s %d", 4+day%10, name, year), fmt.Sprintf("%02d-%s-%d", day, name[:3], year)},
		"de": {fmt.Sprintf("%02d.%02d.%d", day, month+1, year), fmt.Sprintf("%d. %s %d", day, name, year), fmt.Sprintf("%d.%d.%02d", day, month+1, year%100), fmt.Sprintf("%02d. %02d. %d", day, month+1, year)},
		"fr": {fmt.Sprintf("%02d/%02d/%d", day, month+1, year), fmt.Sprintf("%d %s %d", day, name, year), fmt.Sprintf("1er %s %d", name, year)},
		"es": {fmt.Sprintf("%02d/%02d/%d", day, month+1, year), fmt.Sprintf("%d de %s de %d", day, name, year), fmt.Sprintf("%d-%d-%d", day, month+1, year), fmt.Sprintf("%d de %s del %d", day, name, year)},
		"pt": {fmt.Sprintf("%02d/%02d/%d", day, month+1, year), fmt.Sprintf("%d de %s de %d", day, name, year)},
		"it": {fmt.Sprintf("%02d/%02d/%d", day, month+1, year), fmt.Sprintf("%d %s %d", day, name, year)},
		"hi": {fmt.Sprintf("%02d/%02d/%d", day, month+1, year), fmt.Sprintf("%d %s %d", day, name, year), fmt.Sprintf("%02d-%02d-%d", day, month+1, year)},
	}[language]
	return pick(m, append(own, iso)...)
}
