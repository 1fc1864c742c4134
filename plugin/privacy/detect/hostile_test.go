package detect_test

// hostile are texts to repeat: each makes some detector begin over and over.
var hostile = []string{
	"1", "1 ", "11 ", "22 ", "222 ", "1-", "1.", "1/", "(1)", "4111 ", "41-", "+1", "+49 ", "+4930123", "0", "00 ", "0049 30 ",
	"@", "a@", "a@b.", "a@b.c ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@", ".", "..", "a.", "a@a.a@",
	":", "::", "a:", "1:", "ab:", "ffff:", "://", "a://", "a://b?c=d&", "a://b@", "http://a?u=",
	"(", "((", "- ", "-", "a-", "00-", "_", "a_", "K", "AK", "AKIA", "eyJ", "eyJa.", "eyJhbGciOjAw.a.a ", "sk-", "ghp_1",
	"a1", "a1 ", "1a ", "DE89 ", "de89", "DE89370400440532013001 ", "GB29 ", "0x", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3 ",
	"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5 ", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD ", "12345678A ",
	"1/1/80 ", "born 1/1/80 ", "1 May 80 ", "May 1, ", "1.1.1.1 ", "1.2.3.4.", "123-45-6789 ", "123456789 ", "2025550123 ",
	"aaaaaaaaaaaaaaaaaaaaaaaa ", "１", "\u200b1", "é", "\u200b", "١ ", "年1", "\xff1",
	"4111 1111 1111 1111 ", "4111111111111111 ", "943 476 5919 ", "2341 2341 2346 ", "a@b.com ", "\"a\"@b.com ", "a@[1.1.1.1]",
	"phone 2025550123 ", "1\n", "\n", "1980年3月",
}
