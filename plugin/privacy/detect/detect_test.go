package detect_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/detect"
)

// scanner has all detectors, or those that are named, and the plan of a region.
func scanner(t testing.TB, region string, names ...string) *detect.Scanner {
	t.Helper()
	if len(names) == 0 {
		names = detect.Names()
	}
	s, err := detect.New(detect.Options{Detectors: names, Region: region})
	require.NoError(t, err)
	return s
}

// marked returns the text with each span in braces, after the detector that found it.
func marked(text string, spans []detect.Span) string {
	var out strings.Builder
	at := 0
	for _, s := range spans {
		out.WriteString(text[at:s.Start] + "{" + s.Detector + " " + text[s.Start:s.End] + "}")
		at = s.End
	}
	return out.String() + text[at:]
}

// expect checks texts in which what is to be found stands in braces, as marked writes it.
func expect(t *testing.T, s *detect.Scanner, texts ...string) {
	t.Helper()
	for _, want := range texts {
		text := want
		for _, name := range append(detect.Names(), "customer_number", "badge") {
			text = strings.ReplaceAll(text, "{"+name+" ", "")
		}
		if text != want {
			text = strings.ReplaceAll(text, "}", "")
		}
		assert.Equal(t, want, marked(text, s.Append(nil, text)))
	}
}

func TestEmail(t *testing.T) {
	expect(t, scanner(t, "US", "email"),
		"write to {email ann.lee+news@mail.example.co.uk}.",
		"<{email o'brien@example.com}>, ({email x_y@example.org}) and '{email bob@example.net}'",
		"mailto:{email sales@example.com}?subject=hi",
		"email={email john@example.com}&x=1",
		"{email jürgen@müller.de}, {email 用户@例子.广告}, {email अजय@डाटा.भारत}",
		`{email "john doe"@example.com} and {email root@[10.0.0.1]}`,
		"See {email ann@example.com}.Thanks for all",
		"{email ann@example.museum}, {email ann@a-b.example}, {email a@b.xn--p1ai}",
		"**{email ann@example.com}**, |{email ann@example.com}|, \"{email ann@example.com}\"",
		"wait...{email ann@example.com}...",
		"{email reply+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@reply.example.com}", "联系人{email wang@example.cn}。",
		"{email j\uFFFDrgen@example.com}, {email ren\xe9e@example.com}, \uFFFD{email ann@example.com}, \uFFFD@example.com",
		"https://x.com/?email={email jane%40example.org}&r=https%3A%2F%2Fy.com%2F%3Femail%3D{email j.doe%40example.org}, {email ann%2540163.com}, 5%40, 20%40off",
		"{email ann@example.com}.txt, price@2024.json, log@2024-01-02.csv, user@host.service",
		"a@b, @ann, ann@, @@@@, x@localhost, user@-bad.com, logo@2x.png, pkg@18.0.0, git@github.com:a/b.git, ann @example.com",
	)
}

func TestPhone(t *testing.T) {
	for region, texts := range map[string][]string{
		"US": {
			"({phone +1 415 555 2671}), {phone +14155552671}, {phone (415) 555-2671}, {phone 415.555.2671 x12}, {phone 1-800-555-0199}",
			"{phone 415 555 2671}; {phone +44 (0)20 7946 0958}, {phone 011 44 20 7946 0958}, tel:{phone +1-415-555-2671}",
			"phone: {phone 2025550123}, call {phone 555-0123}",
			"the film says {phone (555) 123-4567}",
			"2025550123, 555-0123, 123-456-7890", // of a right form, and nothing says that they are phone numbers
			"order no. 202-555-0123", "$2025550123.00", "2024-01-02 10:20:30", "x2025550123, 2025550123x, 1234567890123456",
			"ISBN 978-3-16-148410-0, 52.520008, 13.404954, 192.168.100.200, 1,202,555,012",
			"+999 123 456 789, +1 000 000 0000",
		},
		"DE": {
			"Tel. {phone 030 1234567}, {phone 030/1234567}, {phone (030) 123 45 67}, {phone 0170-1234567}, {phone 01701234567}",
			"{phone +49 (0)30 1234567}, {phone 0049 30 1234567}, {phone +49-30-1234567-0}",
			"am 12.03.2024 um 10.30 Uhr, 12.345.678,90 Euro, Rechnung 0301234567",
			"Bestellnr. 0171 1234567", "Rechnungsnr. 0171 1234567", "Auftragsnr.: 0171 1234567", "Kundennr. 0171 1234567",
		},
		"FR": {"{phone 06 12 34 56 78} ou {phone 06.12.34.56.78}, {phone +33 6 12 34 56 78}, {phone 0612345678}"},
		"ES": {"{phone 612 345 678}, {phone 612 34 56 78}, llame al {phone 912345678}, {phone +34 912 345 678}, 912.345"},
		"GB": {"{phone 020 7946 0958}, {phone 07700 900123}, {phone (020) 7946 0958}"},
		"IN": {"{phone 98765 43210}, {phone +91 98765 43210}, फोन {phone 9876543210}"},
		"CN": {"电话{phone 13812345678}，我的{phone 138 1234 5678}号"},
		"":   {"415 555 2671, {phone +1 415 555 2671}"},
	} {
		t.Run(region, func(t *testing.T) { expect(t, scanner(t, region, "phone"), texts...) })
	}
}

func TestCreditCard(t *testing.T) {
	expect(t, scanner(t, "US", "credit_card"),
		"{credit_card 4111 1111 1111 1111}, {credit_card 5555-5555-5555-4444}, {credit_card 378282246310005}.",
		"{credit_card 3782 822463 10005} 12/27 123, {credit_card 3056 930902 5904}, {credit_card 6011000990139424}",
		"card-{credit_card 4111111111111111}; pan={credit_card 2223003122003222}&cvv=123",
		"order 4111111111111111, invoice no. 4111111111111111, tracking: 4111111111111111",
		"id: {credit_card 4111111111111111}, ref {credit_card 4111111111111111}",
		"I paid order 77 with {credit_card 4111111111111111}",
		"order-4111111111111111x, x4111111111111111, 41111111111111111111, 4111111111111112, 4111 1111 1111 1112",
		"9999999999999995, 0000 0000 0000 0000, 1700000000000",
		"card {credit_card 4222222222222}, EAN 4006381333931", "4222222222222, 4006381333931",
		"f47ac10b-58cc-4372-a567-411111111111",
		"{credit_card ４１１１　１１１１ １１１１ １１１１}, {credit_card 4111\u200b1111\u200b1111\u200b1111}, {credit_card 4111\u00ad1111 1111\u00a01111}",
		"{credit_card ٤١١١١١١١١١١١١١١١}",
	)
}

// TestCardsBesideDigits has what people write before and after a card: when it expires, its code, another card, a phone number.
func TestCardsBesideDigits(t *testing.T) {
	expect(t, scanner(t, "US", "credit_card", "phone"),
		"{credit_card 4111 1111 1111 1111} 1226 123", "my card is {credit_card 4111 1111 1111 1111} 1226 123", "card {credit_card 4111111111111111} 1226 123",
		"{credit_card 4111-1111-1111-1111} 1226 123", "{credit_card 3782 822463 10005} 1226 1234", "{credit_card 4111 1111 1111 1111} 2026 12 123",
		"exp 1226 {credit_card 4111 1111 1111 1111}", "pin 1234 {credit_card 4111 1111 1111 1111}", "2026 {credit_card 4111 1111 1111 1111}",
		"1111 {credit_card 4111 1111 1111 1111}", "12/26 {credit_card 4111 1111 1111 1111}", "123 {credit_card 378282246310005} 1226",
		"{credit_card 4111111111111111}/1226", "{credit_card 4111-1111-1111-1111}/12/26", "{credit_card 4111111111111111}-123", "{credit_card 4111111111111111}.00",
		"{credit_card 4111 1111 1111 1111}/12/2026",
		"{credit_card 4111 1111 1111 1111} {credit_card 5555 5555 5555 4444}", "{credit_card 4111111111111111} {credit_card 5555555555554444}",
		"{credit_card 4111-1111-1111-1111} {credit_card 5555-5555-5555-4444} {credit_card 3782 822463 10005}",
		"{phone 415-555-2671} {credit_card 4111-1111-1111-1111}", "{phone +1 415 555 2671} {credit_card 4111 1111 1111 1111}",
		"{phone 415 555 2671} {credit_card 4111111111111111}", "{credit_card 4111 1111 1111 1111} {phone 415-555-2671}",
		"1226-{credit_card 4111-1111-1111-1111}, 12/26/{credit_card 4111 1111 1111 1111}",
		"card 1226/{credit_card 4111111111111111}, visa 4-{credit_card 4111111111111111}, pan {credit_card 4111111111111111}-exp1226",
		"ticket 77: {credit_card 4111 1111 1111 1111} 1226 123", "order 1226 {credit_card 4111 1111 1111 1111}", "order {credit_card 4111111111111111} 12/26 123",
		"id_{credit_card 4111111111111111}_x", // who has it may be named, too
	)
	expect(t, scanner(t, "US", "credit_card"),
		"tracking 1111 4111 1111 1111 1111 11", "order 4111111111111111 1326", "1226/4111111111111111, 4-4111111111111111", "4111111111111111-a567",
		"4111111111111111.12345, 4111-1111-1111-1111-1111-1111, 4111-1111-1111-1111/12/26/77, 4111111111111111/1226x",
	)
	expect(t, scanner(t, "DE", "credit_card", "phone"), "{phone +49 30 1234567} {credit_card 4111 1111 1111 1111}")
}

// TestWhatRemains has numbers that share digits: the better one stays, and what remains of the other is found as well.
func TestWhatRemains(t *testing.T) {
	expect(t, scanner(t, "US", "credit_card"),
		"{credit_card 2671 4111 1111 1111 1111}",    // both the first four groups and the last four check
		"{credit_card 4111 1111 1111 1111 110}, ok", // as do 19 digits
	)
	expect(t, scanner(t, "DE", "credit_card", "phone"), "{phone 030 12345678} {credit_card 4111 1111 1111 1111}")
}

func TestIBAN(t *testing.T) {
	expect(t, scanner(t, "DE", "iban"),
		"{iban DE89 3704 0044 0532 0130 00}, {iban DE89370400440532013000}.", "IBAN:{iban GB29NWBK60161331926819}",
		"{iban fr1420041010050500013m02606}, {iban NL91ABNA0417164300}, {iban IT 60 X 05428 11101 000000123456}",
		"{iban NO93 8601 1117 947}; {iban MT84MALT011000012345MTLCAST001S}; {iban CH93-0076-2011-6238-5295-7}",
		"DE89370400440532013001, DE8937040044053201300, XDE89370400440532013000, DE893704004405320130001, ZZ89370400440532013000",
		"DE89 3704 0044 0532 0130 0x",
	)
}

func TestAddressesOfMachines(t *testing.T) {
	expect(t, scanner(t, "US", "ip_address", "mac_address"),
		"{ip_address 10.0.0.1}, {ip_address 192.168.1.20}:8080, {ip_address 10.0.0.0}/8, from {ip_address 8.8.8.8}.",
		"1.2.3, 1.2.3.4.5, 10.0.19045, 256.1.1.1, 1.2.3.04, v1.2.3.4, version 1.2.3.4, Version: 10.2.33.4, Chrome/120.0.0.0, 1.2.3.4-beta, x1.2.3.4",
		"Account updated from {ip_address 203.0.113.7}, password update requested by {ip_address 203.0.113.7}, update to {ip_address 203.0.113.7}",
		"version control server {ip_address 203.0.113.7}", "driver login {ip_address 203.0.113.7}", "section: host {ip_address 203.0.113.7}", "host version {ip_address 203.0.113.7}",
		"client/{ip_address 203.0.113.7}", "ip/{ip_address 203.0.113.7}", "IP/{ip_address 203.0.113.7}", "ip/{ip_address 10.1.0.0}", "https://x.org/Paris/{ip_address 203.0.113.7}",
		"New version. {ip_address 203.0.113.7} is blocked", "Kapitel 1.2.3.4 und {ip_address 10.2.3.4}",
		"v 1.2.3.4, ver. 10.2.33.4, version: 10.2.33.4, firmware #10.2.33.4", "{\"version\": \"10.2.33.4\"}", "from Chrome/120.0.0.0, Safari/537.36.1.2, nginx/1.25.0.0",
		"{ip_address 203.000.113.007}, 100.000.000.000, 203.00.113.007, 203.000.113.07",
		"{ip_address 2001:db8::ff00:42:8329}, {ip_address fe80::1%eth0}, {ip_address ::1}, [{ip_address 2001:db8:0:0:1:0:0:1}]:443",
		"{ip_address ::ffff:192.0.2.128}, {ip_address 64:ff9b::192.0.2.33}.",
		"10:20:30, std::vector, a::b, ::, 1:2:3:4:5:6:7, 1:2:3:4:5:6:7:8:9, 12345::1, 1::2::3, ::ffff:192.0.2.256, 2024-01-02T10:20:30Z",
		"{mac_address 00:1A:2B:3C:4D:5E} {mac_address 00-11-22-33-44-55} {mac_address aabb.ccdd.eeff} {mac_address aa-bb-cc-dd-ee-ff}",
		"{mac_address 02:00:00:ff:fe:00:00:01}, AB:CD:EF:01:23:45:67, 00:1A:2B:3C:4D, 00:1A-2B:3C:4D:5E, x00:1A:2B:3C:4D:5E",
	)
}

func TestURL(t *testing.T) {
	expect(t, scanner(t, "US", "url", "email"),
		"https://{url bob:secret}@example.com/a?token={url abc}&empty=&user={url 7}#top, postgres://{url u:p}@db.internal/x",
		"(see https://example.com/?q={url red+shoes}). https://example.com/a/b.html ftp://{url ann}@example.com",
		"https://example.com/?email={email ann@example.com}&x={url 1}", "https://example.com/cb#access_token={url a.b}&state={url x}",
		"https://example.com/a;jsessionid={url 12AB}?x={url 1}&y=#a?b=", "https://example.com/??a={url b=c}",
		"https://example.com/?flag, https://example.com/#section, and a://, ://x?a=b",
	)
}

func TestSSN(t *testing.T) {
	expect(t, scanner(t, "US", "us_ssn"),
		"{us_ssn 123-45-6789}, {us_ssn 899-99-9999} and {us_ssn 001-01-0001}; {us_ssn 123‑45‑6789}",
		"000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000, 1123-45-6789, 123-45-67890, 123-45-6789-1, a1-123-45-6789",
		"ssn {us_ssn 123456789}, social security number: {us_ssn 123 45 6789}", "123456789, 123 45 6789",
	)
}

func TestDateOfBirth(t *testing.T) {
	expect(t, scanner(t, "US", "date_of_birth"),
		"born {date_of_birth 12/03/1980}, ordered 05/06/2024", "05/06/2024: born {date_of_birth 12/03/1980}",
		"DOB: {date_of_birth 1980-03-12}; date of birth {date_of_birth March 3rd, 1980}; birthday {date_of_birth 12-Mar-1980}",
		"geboren am {date_of_birth 12. März 1980}, wurde am {date_of_birth 12.03.1980} in Ulm geboren", "Geburtsdatum {date_of_birth 12.3.80}",
		"née le {date_of_birth 12 mars 1980}; ne\u0301 le {date_of_birth 1er mars 1980}; nacido el {date_of_birth 12 de marzo de 1980}",
		"nata il {date_of_birth 12 marzo 1980}, nascido em {date_of_birth 12/03/1980}, जन्म {date_of_birth 12 मार्च 1980}, 生年月日：{date_of_birth 1980年3月12日}",
		"Date of birth:\n{date_of_birth 12/03/1980}", "she was born\n12/03/1980",
		"12/03/1980, on March 3rd, 1980, delivered 12.03.2024, born 45/45/1980, born 1980, born in 12345",
	)
}

func TestAddressesOfChains(t *testing.T) {
	expect(t, scanner(t, "US", "crypto_address"),
		"{crypto_address 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2}, {crypto_address 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy}",
		"{crypto_address bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4}, {crypto_address BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4}",
		"{crypto_address bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0}",
		"{crypto_address 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed}, {crypto_address 0x52908400098527886e0f7030069857d2e4169ee7}",
		"1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3, bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5, 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
		"0x88df016429689c079f3b2f6ad39fa052532c56795b733da78a91ebe6a713944b, bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
	)
}

func TestAPIKey(t *testing.T) {
	const key = "16C7e42F292c6912E7710c838347Ae178B4a"
	expect(t, scanner(t, "US", "api_key"),
		"{api_key AKIAIOSFODNN7EXAMPLE}, {api_key AKIAIOSFODNNEXAMPLES}, {api_key ASIAIOSFODNNEXAMPLES}", "token={api_key ghp_"+key+"}.",
		"{api_key eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c}",
		"_{api_key npm_"+key+"}_, {api_key xoxb-123456789012-123456789012-abcdefghijklmnopqrstuvwx}, "+
			"{api_key AIzaSyA1234567890abcdefghijklmnopqrstuv}", "{api_key sk_"+"live_4eC39HqLyjWDarjtT1zdp7dc}",
		"{api_key SG.aaaaaaaaaaaaaaaaaaaaa1.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}, {api_key 123456789:AAbbccddeeff00112233445566778899aab}",
		"ghp_short, AKIASHORT, xAKIAIOSFODNN7EXAMPLE, ghp_"+key+"x, eyJhbGci.eyJ.x, eyJub3QiOiJhIGp3dCJ9.eyJub3QiOiJhIGp3dCJ9.abc",
		"sk-learn-is-a-library-for-machine-learning, 550e8400-e29b-41d4-a716-446655440000, d41d8cd98f00b204e9800998ecf8427e",
	)
}

func TestNationalNumbers(t *testing.T) {
	expect(t, scanner(t, "GB", "uk_nhs"), "NHS no. {uk_nhs 943 476 5919}, {uk_nhs 9434765919}", "{uk_nhs 943 476 5919}", "9434765919", "NHS 9434765918")
	expect(t, scanner(t, "ES", "es_nif"), "{es_nif 12345678Z}, {es_nif 12345678-Z}, {es_nif 12.345.678-Z}, {es_nif 12345678 Z}.",
		"{es_nif X1234567L}, {es_nif X-1234567-L}, {es_nif x1234567-l}", "12345678A, 112345678Z, 12345678ZZ, 1234567Z, X1234567M, 12345678 Zapatos")
	expect(t, scanner(t, "BR", "br_cpf"), "{br_cpf 111.444.777-35}, {br_cpf 529.982.247-25}, CPF {br_cpf 11144477735}",
		"111.444.777-36, 111.111.111-11, 11144477735, 1111.444.777-35")
	expect(t, scanner(t, "IN", "in_aadhaar"), "{in_aadhaar 2341 2341 2346}, आधार {in_aadhaar 234123412346}",
		"2341 2341 2347, 1234 1234 1234, 4111 1111 1111 1111, 234123412346")
}

func TestBoundaries(t *testing.T) {
	expect(t, scanner(t, "US", "us_ssn", "ip_address", "credit_card"),
		"é123-45-6789, 123-45-6789é, 123-45-6789क", "电话{us_ssn 123-45-6789}号, ({us_ssn 123-45-6789}), 우편{ip_address 10.0.0.1}입니다",
	)
}

func TestOverlaps(t *testing.T) {
	s := scanner(t, "US")
	expect(t, s, "https://x.org/?q={email ann@example.com}", "https://{url ann:p@ss}@example.com/", "{iban DE89 3704 0044 0532 0130 00}")
}

func TestTagsAndNames(t *testing.T) {
	assert.Equal(t, "<CREDIT_CARD>", detect.Tag("credit_card"))
	assert.Subset(t, detect.Names(), detect.Default())
	assert.Equal(t, []string{"email", "phone", "credit_card", "iban", "ip_address", "us_ssn"}, detect.Default())
	s, err := detect.New(detect.Options{})
	require.NoError(t, err)
	expect(t, s, "{email a@example.com} {us_ssn 123-45-6789} 00:1A:2B:3C:4D:5E")
}

func TestConfidence(t *testing.T) {
	const text = "4111111111111111 and 4111 1111 1111 1111, order 4111111111111111"
	for _, c := range []struct {
		least float64
		want  string
	}{
		{0.2, "{credit_card 4111111111111111} and {credit_card 4111 1111 1111 1111}, order {credit_card 4111111111111111}"},
		{0.9, "4111111111111111 and {credit_card 4111 1111 1111 1111}, order 4111111111111111"},
	} {
		s, err := detect.New(detect.Options{Detectors: []string{"credit_card"}, MinConfidence: c.least})
		require.NoError(t, err)
		assert.Equal(t, c.want, marked(text, s.Append(nil, text)))
	}
}

func TestCustom(t *testing.T) {
	s, err := detect.New(detect.Options{Detectors: []string{"email"}, Custom: []detect.Custom{
		{Name: "customer_number", Pattern: `KD-(\d{8})`, Checksum: "luhn"},
		{Name: "badge", Pattern: `[A-Z]\d{3}`, Context: []string{"Ausweis", "badge"}},
	}})
	require.NoError(t, err)
	expect(t, s, "KD-{customer_number 12345674}", "KD-12345678, KD-123456741", "ausweis nr. {badge B123}, {email a@example.com}", "B123", "badge AB123 B1234")
}

func TestRefusals(t *testing.T) {
	for want, options := range map[string]detect.Options{
		`detectors[1] "emial": use some of email`:                    {Detectors: []string{"email", "emial"}},
		`detectors[1] "email" is there already`:                      {Detectors: []string{"email", "email"}},
		`region "Germany": use the two letters`:                      {Region: "Germany"},
		`min_confidence 2: use a number above 0`:                     {MinConfidence: 2},
		`custom[0].name "Mine": use small letters`:                   {Custom: []detect.Custom{{Name: "Mine", Pattern: "a"}}},
		`custom[0].name "email" is there already`:                    {Custom: []detect.Custom{{Name: "email", Pattern: "a"}}},
		`custom[0].pattern "(": use the syntax of RE2`:               {Custom: []detect.Custom{{Name: "a", Pattern: "("}}},
		`custom[0].pattern "a*" matches the empty text`:              {Custom: []detect.Custom{{Name: "a", Pattern: "a*"}}},
		`custom[0].checksum "crc": use luhn`:                         {Custom: []detect.Custom{{Name: "a", Pattern: "a", Checksum: "crc"}}},
		`custom[0].context[0] "two words": use one word that begins`: {Custom: []detect.Custom{{Name: "a", Pattern: "a", Context: []string{"two words"}}}},
	} {
		_, err := detect.New(options)
		require.ErrorContains(t, err, want)
	}
}
