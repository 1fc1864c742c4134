package transform

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Types are the kinds of values that have a normaliser, which makes different ways to
// write the same thing the same. What a normaliser gives goes into pseudonyms, and they
// join only as long as it stays: another one would be a type of its own.
//
//   - email: letter case, white space around it and what [Fold] folds do not count
//   - iban: letter case, white space and what [Fold] folds do not count
//   - phone: E.164 where the number can be parsed. Otherwise its digits, with the plus
//     before them, or the text as it is where it has none
var Types = []string{"email", "iban", "phone"}

// Regions are the countries whose phone numbers can be told, sorted, in upper case.
func Regions() []string {
	known := phonenumbers.GetSupportedRegions()
	regions := make([]string, 0, len(known))
	for region, supported := range known {
		if supported {
			regions = append(regions, region)
		}
	}
	slices.Sort(regions)
	return regions
}

func normaliser(valueType, region string) (func(string) (string, error), error) {
	region = strings.ToUpper(region)
	if region != "" && valueType != "phone" {
		return nil, fmt.Errorf("region %q is for type phone: leave it out", region)
	}
	switch valueType {
	case "":
		return func(s string) (string, error) { return s, nil }, nil
	case "email":
		return func(s string) (string, error) {
			if isASCII(s) {
				return strings.ToLower(strings.TrimSpace(s)), nil // the same, at a tenth of the cost
			}
			return norm.NFKC.String(cases.Fold().String(strings.TrimSpace(Fold(s)))), nil
		}, nil
	case "iban":
		return func(s string) (string, error) {
			return strings.ToUpper(strings.Join(strings.Fields(Fold(s)), "")), nil
		}, nil
	case "phone":
		if region != "" && !phonenumbers.GetSupportedRegions()[region] {
			return nil, fmt.Errorf("region %q is not known: use two letters of ISO 3166, such as US", region)
		}
		return func(s string) (string, error) { return normalisePhone(Fold(s), region) }, nil
	default:
		return nil, fmt.Errorf("type %q is not known: use %s, or leave it out", valueType, strings.Join(Types, ", "))
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// normalisePhone guards against panics of the library, which has had some on hostile input.
func normalisePhone(written, region string) (normal string, err error) {
	defer func() {
		if recover() != nil {
			normal, err = "", ErrValue // what was recovered may hold the value
		}
	}()
	if region == "" {
		region = "ZZ" // none: only what has a country code is parsed
	}
	number, err := phonenumbers.Parse(written, region)
	if err == nil && phonenumbers.IsPossibleNumber(number) {
		return phonenumbers.Format(number, phonenumbers.E164) + extension(number), nil
	}
	return onlyDigits(written), nil // the error of the library has the value in it
}

// extension is behind one number of many people.
func extension(number *phonenumbers.PhoneNumber) string {
	if number.GetExtension() == "" {
		return ""
	}
	return ";ext=" + number.GetExtension()
}

func onlyDigits(written string) string {
	digits := []byte(written)
	digits = slices.DeleteFunc(digits, func(c byte) bool { return !isDigit(c) })
	switch {
	case len(digits) == 0:
		return written
	case strings.HasPrefix(strings.TrimSpace(written), "+"):
		return "+" + string(digits)
	default:
		return string(digits)
	}
}
