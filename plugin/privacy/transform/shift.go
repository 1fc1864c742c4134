package transform

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// MaxShiftDays bounds [NewShiftDate].
const MaxShiftDays = 36500

// ErrSubject tells that it is not known whose date it is.
var ErrSubject = errors.New("there is no subject whose dates to shift")

// ShiftDate moves dates by a number of days that the key gives to each subject, so that
// time of day and the intervals between the dates of one subject are kept:
//
//	days = HMAC-SHA-256(secret, "shift" ‖ subject) mod (2·max + 1) − max
//
// of the first 8 bytes, big-endian, that do not give 0: no date stays. Subjects are
// written in their canonical form: 17850 and "17850" are the same. No pseudonym is made of
// the same bytes, as it would need a domain of more than a gigabyte.
type ShiftDate struct {
	hash keyedHash
	max  int
}

// NewShiftDate makes the action, for up to maxDays, at least 1, back and forth.
func NewShiftDate(key Key, maxDays int) (*ShiftDate, error) {
	if maxDays < 1 || maxDays > MaxShiftDays {
		return nil, fmt.Errorf("max_days %d: use 1 to %d", maxDays, MaxShiftDays)
	}
	hash, err := key.hash()
	if err != nil {
		return nil, err
	}
	return &ShiftDate{hash, maxDays}, nil
}

// Days is by how many days the dates of a subject are moved, a scalar. There is no
// subject that is null or the empty string: [ErrSubject].
func (s *ShiftDate) Days(subject any) (int, error) {
	if subject == nil {
		return 0, ErrSubject
	}
	written, err := canonical(subject)
	if err != nil {
		return 0, ErrSubject
	}
	if written == "" {
		return 0, ErrSubject
	}
	sum := s.hash.sum([]byte("shift"), written)
	for word := sum[:]; len(word) > 0; word = word[8:] {
		days := int(binary.BigEndian.Uint64(word)%uint64(2*s.max+1)) - s.max
		if days != 0 {
			return days, nil
		}
	}
	return s.max, nil
}

// Shift moves a date by days. It must have a day; its text, its zone and its unit stay as
// they are. The unit is that of epochs; the zero value is told by their size.
func Shift(value any, days int, unit EpochUnit) (any, error) {
	if v, ok := value.(time.Time); ok {
		return v.AddDate(0, 0, days), nil
	}
	d, e, isEpoch, err := dateOrEpoch(value, unit)
	switch {
	case err != nil:
		return nil, err
	case isEpoch && isNumber(value):
		return json.Number(e.plus(days)), nil
	case isEpoch:
		return e.plus(days), nil
	case d.day == 0:
		return nil, ErrValue
	}
	moved := time.Date(d.year, time.Month(d.month), d.day+days, 0, 0, 0, 0, time.UTC)
	var short [40]byte
	out := append(short[:0], d.text...)
	if !putDate(out, moved.Year(), int(moved.Month()), moved.Day()) {
		return nil, ErrValue
	}
	return string(out), nil
}
