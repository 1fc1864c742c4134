package transform

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits of [Round].
const (
	MinDecimals = -15
	MaxDecimals = 15
)

// Round rounds a number to decimals, half away from zero as it is written: 2.675 becomes
// 2.68 with 2 decimals. Negative decimals round to tens, hundreds and so on. A number stays
// a number, and one in a string stays in a string. No zeros are left after the last
// decimal.
type Round struct {
	Decimals int // from MinDecimals to MaxDecimals
}

// Apply implements [Action].
func (r Round) Apply(value any) (any, error) {
	number := value
	switch v := value.(type) {
	case bool, time.Time:
		return nil, ErrType
	case string:
		number = json.Number(strings.TrimSpace(v))
	case []byte:
		number = json.Number(strings.TrimSpace(string(v)))
	}
	rounded, err := r.round(number)
	if err != nil {
		return nil, err
	}
	return asWritten(value, rounded), nil
}

// round works on the digits, as the nearest float64 of 2.675 is below it.
func (r Round) round(value any) (string, error) {
	if _, isFloat := value.(float64); !isFloat {
		written, err := text(value)
		if err != nil {
			return "", err
		}
		if f, err := strconv.ParseFloat(written, 64); err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(written, "xXpP_") {
			return "", ErrValue
		}
	}
	written, err := plain(value)
	if err != nil {
		return "", err
	}
	digits, negative := strings.CutPrefix(written, "-")
	digits = strings.TrimPrefix(digits, "+")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(whole)+len(fraction) > maxPlainDigits {
		return "", ErrValue
	}
	cut := len(whole) + r.Decimals // digits that are kept
	all := []byte("0" + whole + fraction)
	cut++
	switch {
	case cut <= 0:
		return "0", nil
	case cut < len(all):
		up := all[cut] >= '5'
		clearDigits(all[cut:])
		for i := cut - 1; up && i >= 0; i-- {
			if all[i]++; all[i] <= '9' {
				break
			}
			all[i] = '0'
		}
	}
	rounded := strings.TrimLeft(string(all[:1+len(whole)]), "0")
	if rounded == "" {
		rounded = "0"
	}
	if decimals := strings.TrimRight(string(all[1+len(whole):]), "0"); decimals != "" {
		rounded += "." + decimals
	}
	if negative && rounded != "0" {
		rounded = "-" + rounded
	}
	return rounded, nil
}

func clearDigits(digits []byte) {
	for i := range digits {
		digits[i] = '0'
	}
}
