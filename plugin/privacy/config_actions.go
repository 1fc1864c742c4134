package privacy

import (
	"fmt"
	"unicode/utf8"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

const (
	pmFieldKeepFirst = "keep_first"
	pmFieldKeepLast  = "keep_last"
	pmFieldChar      = "char"
	pmFieldV4        = "v4"
	pmFieldV6        = "v6"
	pmFieldTo        = "to"
	pmFieldUnit      = "unit"
	pmFieldSize      = "size"
	pmFieldDecimals  = "decimals"
)

// plainFields are those of the actions that take no key. No action has a default: what
// is there was written.
func plainFields() []*service.ConfigField {
	return []*service.ConfigField{
		keepField(),
		service.NewObjectField(pmFieldDrop).
			Description("The value goes, and so do objects and arrays that this leaves empty.").Optional(),
		service.NewObjectField(pmFieldMask,
			service.NewIntField(pmFieldKeepFirst).Description("Characters to keep at the start. 0 unless set.").Optional().LintRule(lintAtLeast(0)),
			service.NewIntField(pmFieldKeepLast).Description("Characters to keep at the end. 0 unless set.").Optional().LintRule(lintAtLeast(0)),
			service.NewStringField(pmFieldChar).Description("Stands for each other character. `*` unless set.").Optional(),
		).Description("Characters are replaced. A value no longer than what would be kept is masked as a whole.").Optional().
			Example(map[string]any{"keep_last": 4}),
		service.NewObjectField(pmFieldTruncateIP,
			service.NewIntField(pmFieldV4).Description("Bits of an IPv4 address to keep. 24 unless set.").Optional().LintRule(lintRange("0", "32")),
			service.NewIntField(pmFieldV6).Description("Bits of an IPv6 address to keep. 48 unless set.").Optional().LintRule(lintRange("0", "128")),
		).Description("The address of the network, the rest is zero.").Optional().
			Example(map[string]any{"v4": 24, "v6": 48}),
		service.NewObjectField(pmFieldTruncateDate,
			service.NewStringEnumField(pmFieldTo, transform.DateUnits...).Description("The unit, at whose beginning the date is set. Weeks begin on Monday."),
			unitField(),
		).Description("What is below a unit of a date is set to where the unit begins, and the date keeps its form: 1987-06-05 becomes 1987-01-01 with `to: year`. It takes dates and times as in RFC 3339, also without a zone or a time, in their own zone, and epochs, in UTC: numbers, and texts of nine digits or more.").Optional().
			Example(map[string]any{"to": "year"}),
		service.NewObjectField(pmFieldBucket,
			service.NewFloatField(pmFieldSize).Description("Width of the intervals, from 1e-9 to 1e15.").LintRule(lintRange("0.000000001", "1000000000000000")),
		).Description("The lower end of the interval that the number falls in: 37 becomes 30 with a size of 10.").Optional().
			Example(map[string]any{"size": 10}),
		service.NewObjectField(pmFieldRound,
			service.NewIntField(pmFieldDecimals).Description("Decimals that are left, from -15 to 15: -2 rounds to hundreds.").LintRule(lintRange("-15", "15")),
		).Description("The number with fewer decimals, half rounded away from zero.").Optional().
			Example(map[string]any{"decimals": 1}),
	}
}

// unitField is the unit of epochs, which both actions on dates have.
func unitField() *service.ConfigField {
	return service.NewStringEnumField(pmFieldUnit, transform.EpochUnits...).
		Description("What epochs are counted in: seconds, milliseconds, microseconds or nanoseconds. Set it where it is known, and always where dates before 1973, such as birth dates, can be epochs. Unless set, it is told by the size of each number, as the unit that gives a date from 1973 to 2286, or from 1653 to 1966; what lies between (fewer than nine digits, and numbers such as milliseconds of 1972, which would be seconds of the year 3968) is an error. Milliseconds of the first months of 1970 cannot be told from seconds of later years.").Optional()
}

// epochUnit is that field, the zero value if it is not set.
func epochUnit(conf *service.ParsedConfig) (transform.EpochUnit, error) {
	name, err := stringOr(conf, pmFieldUnit, "")
	if err != nil {
		return 0, err
	}
	return transform.ParseEpochUnit(name)
}

func keepField() *service.ConfigField {
	return service.NewObjectField(pmFieldKeep).
		Description("The value passes as it is: an exception to later rules, or to `unlisted: drop`.").Optional()
}

func parseMask(conf *service.ParsedConfig, r *rule) (err error) {
	var m transform.Mask
	if m.KeepFirst, err = intOr(conf, pmFieldKeepFirst, 0); err != nil {
		return err
	}
	if m.KeepLast, err = intOr(conf, pmFieldKeepLast, 0); err != nil {
		return err
	}
	if m.KeepFirst < 0 || m.KeepLast < 0 {
		return fmt.Errorf("keep_first %d and keep_last %d: use 0 or more", m.KeepFirst, m.KeepLast)
	}
	if conf.Contains(pmFieldChar) {
		char, err := conf.FieldString(pmFieldChar)
		if err != nil {
			return err
		}
		if utf8.RuneCountInString(char) != 1 {
			return fmt.Errorf("char %q: use one character", char)
		}
		m.Char, _ = utf8.DecodeRuneInString(char)
	}
	r.change = m
	return nil
}

func parseTruncateIP(conf *service.ParsedConfig, r *rule) (err error) {
	var t transform.TruncateIP
	if t.V4, err = intOr(conf, pmFieldV4, 24); err != nil {
		return err
	}
	if t.V6, err = intOr(conf, pmFieldV6, 48); err != nil {
		return err
	}
	switch {
	case t.V4 < 0 || t.V4 > 32:
		return fmt.Errorf("v4 %d: use 0 to 32 bits", t.V4)
	case t.V6 < 0 || t.V6 > 128:
		return fmt.Errorf("v6 %d: use 0 to 128 bits", t.V6)
	}
	r.change = t
	return nil
}

func parseTruncateDate(conf *service.ParsedConfig, r *rule) error {
	to, err := conf.FieldString(pmFieldTo)
	if err != nil {
		return err
	}
	unit, err := epochUnit(conf)
	if err != nil {
		return err
	}
	r.change, err = transform.NewTruncateDate(to, unit)
	return err
}

func parseBucket(conf *service.ParsedConfig, r *rule) error {
	size, err := conf.FieldFloat(pmFieldSize)
	if err != nil {
		return err
	}
	if !(size >= 1e-9 && size <= 1e15) {
		return fmt.Errorf("size %v: use a number above 0, from 1e-9 to 1e15", size)
	}
	r.change = transform.Bucket{Size: size}
	return nil
}

func parseRound(conf *service.ParsedConfig, r *rule) error {
	decimals, err := conf.FieldInt(pmFieldDecimals)
	if err != nil {
		return err
	}
	if decimals < transform.MinDecimals || decimals > transform.MaxDecimals {
		return fmt.Errorf("decimals %d: use %d to %d", decimals, transform.MinDecimals, transform.MaxDecimals)
	}
	r.change = transform.Round{Decimals: decimals}
	return nil
}
