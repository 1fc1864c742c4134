package privacy

import "github.com/shoal-stream/shoal/plugin/privacy/transform"

// shift is the action shift_date. Whose date it is, the message tells as it came.
type shift struct {
	by   *query
	days *transform.ShiftDate
	unit transform.EpochUnit
}

func (s *shift) apply(value, subject any) (any, error) {
	days, err := s.days.Days(subject)
	if err != nil {
		return nil, err
	}
	return transform.Shift(value, days, s.unit)
}
