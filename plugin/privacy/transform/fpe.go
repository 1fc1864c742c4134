package transform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrDomain tells that a value has so few characters of the alphabet that all that it can
// be encrypted to are soon tried.
var ErrDomain = fmt.Errorf("the value has too few characters of the alphabet for %d possible ones, or more than %d", MinDomain, MaxNumerals)

// ErrDigit tells that a value has digits or letters that the alphabet does not have in
// that form, such as full-width ones: left in place, they would tell.
var ErrDigit = errors.New("the value has digits or letters that are none of ASCII")

const (
	digitCharacters = "0123456789"
	lowerCharacters = "abcdefghijklmnopqrstuvwxyz"
	upperCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

var alphabets = map[string]string{
	"digits":             digitCharacters,
	"lower":              lowerCharacters,
	"upper":              upperCharacters,
	"letters":            lowerCharacters + upperCharacters,
	"hex":                digitCharacters + "abcdef",
	"hex_upper":          digitCharacters + "ABCDEF",
	"lower_alphanumeric": digitCharacters + lowerCharacters,
	"upper_alphanumeric": digitCharacters + upperCharacters,
	"alphanumeric":       digitCharacters + lowerCharacters + upperCharacters,
}

// Alphabets are the names that [NewFPE] knows, sorted.
func Alphabets() []string { return slices.Sorted(maps.Keys(alphabets)) }

// FPE encrypts the characters of an alphabet to others of it, by [FF1] with the domain as
// its tweak, and leaves all others in place. The length stays, and so does the form:
// 4111-1111-1111-1111 becomes four groups of four digits. It is reversible, and the same
// for the same value, key and domain.
//
// A number keeps its type and its number of digits, and does not begin with a zero; it must
// be an integer and the alphabet must be digits. What comes out tells nothing of the key
// that made it, so after a rotation a rule must name the key.
type FPE struct {
	ff1        *FF1
	characters string
	numeral    [utf8.RuneSelf]uint16 // of each character; absent: outside the alphabet
	foreign    []*unicode.RangeTable // what beyond ASCII is refused
}

const absent = ^uint16(0)

// NewFPE makes the action.
func NewFPE(key Key, domain, alphabet string) (*FPE, error) {
	characters, known := alphabets[alphabet]
	if !known {
		return nil, fmt.Errorf("alphabet %q is not known: use one of %s", alphabet, strings.Join(Alphabets(), ", "))
	}
	secret, err := key.derive("fpe", 32)
	if err != nil {
		return nil, err
	}
	ff1, err := NewFF1(secret, []byte(domain), len(characters))
	if err != nil {
		return nil, err
	}
	f := &FPE{ff1: ff1, characters: characters}
	for i := range f.numeral {
		f.numeral[i] = absent
	}
	for i := range len(characters) {
		f.numeral[characters[i]] = uint16(i)
	}
	if f.numeral['0'] != absent {
		f.foreign = append(f.foreign, unicode.N)
	}
	if len(characters) > len(digitCharacters) {
		f.foreign = append(f.foreign, unicode.L)
	}
	return f, nil
}

// Apply implements [Action].
func (f *FPE) Apply(value any) (any, error) { return applied(f, value) }

// Append implements [Appender].
func (f *FPE) Append(dst []byte, value any) (out []byte, number bool, err error) {
	return f.append(dst, value, false)
}

// Reveal implements [Reversible].
func (f *FPE) Reveal(value any) (any, error) {
	out, number, err := f.append(nil, value, true)
	switch {
	case err != nil:
		return nil, err
	case number:
		return json.Number(out), nil
	default:
		return string(out), nil
	}
}

func (f *FPE) append(dst []byte, value any, decrypt bool) (out []byte, number bool, err error) {
	switch value.(type) {
	case bool, time.Time:
		return nil, false, ErrType
	}
	written, err := Plain(value)
	if err != nil {
		return nil, false, err
	}
	if number = isNumber(value); number {
		if !integral(written) || f.characters != digitCharacters {
			return nil, false, ErrType
		}
		if first := strings.TrimPrefix(written, "-"); first[0] == '0' || len(first) <= f.ff1.least {
			return nil, false, ErrDomain
		}
	}
	out, err = f.text(dst, written, decrypt, number)
	return out, number, err
}

// text crypts a text. A number walks through the cycle of the permutation to the next text
// that does not begin with a zero: a permutation of these, again.
func (f *FPE) text(dst []byte, written string, decrypt, number bool) ([]byte, error) {
	var few [64]uint16
	numerals := few[:0]
	for _, r := range written {
		switch {
		case r >= utf8.RuneSelf:
			if unicode.IsOneOf(f.foreign, r) || r == utf8.RuneError {
				return nil, ErrDigit
			}
		case f.numeral[r] != absent:
			numerals = append(numerals, f.numeral[r])
		}
	}
	for {
		if f.ff1.run(numerals, decrypt) != nil {
			return nil, ErrDomain
		}
		if !number || numerals[0] > 0 {
			break
		}
	}
	begin := len(dst)
	dst = append(dst, written...)
	for i := begin; i < len(dst); i++ {
		if c := dst[i]; c < utf8.RuneSelf && f.numeral[c] != absent {
			dst[i] = f.characters[numerals[0]]
			numerals = numerals[1:]
		}
	}
	return dst, nil
}
