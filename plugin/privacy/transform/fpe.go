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
func (f *FPE) Apply(value any) (any, error) { return f.apply(value, false) }

// Reveal implements [Reversible].
func (f *FPE) Reveal(value any) (any, error) { return f.apply(value, true) }

func (f *FPE) apply(value any, decrypt bool) (any, error) {
	switch value.(type) {
	case bool, time.Time:
		return nil, ErrType
	}
	if isNumber(value) {
		return f.number(value, decrypt)
	}
	written, err := text(value)
	if err != nil {
		return nil, err
	}
	changed, err := f.text(written, decrypt, false)
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// number walks through the cycle of the permutation to the next text that does not begin
// with a zero: a permutation of these, again.
func (f *FPE) number(value any, decrypt bool) (any, error) {
	written, err := plain(value)
	if err != nil {
		return nil, err
	}
	if !integral(written) || f.characters != digitCharacters {
		return nil, ErrType
	}
	if first := strings.TrimPrefix(written, "-"); first[0] == '0' || len(first) <= f.ff1.least {
		return nil, ErrDomain
	}
	changed, err := f.text(written, decrypt, true)
	if err != nil {
		return nil, err
	}
	return json.Number(changed), nil
}

func (f *FPE) text(written string, decrypt bool, leads bool) (string, error) {
	var few [64]uint16
	numerals := few[:0]
	for i, r := range written {
		switch {
		case r >= utf8.RuneSelf:
			if unicode.IsOneOf(f.foreign, r) || r == utf8.RuneError {
				return "", ErrDigit
			}
		case f.numeral[r] != absent:
			numerals = append(numerals, f.numeral[written[i]])
		}
	}
	for {
		if f.ff1.run(numerals, decrypt) != nil {
			return "", ErrDomain
		}
		if !leads || numerals[0] > 0 {
			break
		}
	}
	var short [64]byte
	out := append(short[:0], written...)
	for i, c := range out {
		if c < utf8.RuneSelf && f.numeral[c] != absent {
			out[i] = f.characters[numerals[0]]
			numerals = numerals[1:]
		}
	}
	return string(out), nil
}
