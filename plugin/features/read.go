package features

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/features/sentiment"
	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store/ledger"
)

// Columns with a meaning.
const (
	columnKind = "kind"
	columnAt   = "at"
	columnID   = "id"
)

// read takes the events out of the messages of a batch.
func (x *extract) read(batch service.MessageBatch) []event {
	events := make([]event, len(batch))
	width := len(x.plan.Columns())
	values := make([]aggregate.Value, len(batch)*width)
	parts := ledger.NewParts(len(batch), func(i int) ([]byte, error) { return batch[i].AsBytes() })
	for i, m := range batch {
		e := &events[i]
		if e.identity.Position = message.Position(m); e.identity.Position != nil {
			parts.Number(i, e.identity.Position)
		}
		e.event.Columns = values[i*width : (i+1)*width]
		if message.Failed(m) {
			e.outcome = failed
			continue
		}
		// One that was joined with others, or made into another, may hold events.
		if r := message.RefreshOf(m); r != nil && r.IsContentOf(m) {
			e.outcome = refreshed
			continue
		}
		columns, deleted, err := message.Query(feFieldEvent, x.event, m)
		if deleted {
			e.outcome = ignored
			continue
		}
		err = because(causeMapping, err)
		if _, other := message.Object(m); other != nil {
			err = because(causeJSON, other) // which is also why the mapping errs, if it does
		}
		if err == nil {
			err = x.readEvent(e, m, columns)
		}
		if err != nil {
			e.reject(err)
		}
	}
	return events
}

// readEvent reads all of an event, in an order in which the first error is the most telling.
func (x *extract) readEvent(e *event, m *service.Message, mapped any) error {
	columns, ok := mapped.(map[string]any)
	if !ok {
		return because(causeMapping, fmt.Errorf("event: the mapping gives %s: assign columns, such as root.kind = this.type", message.TypeName(mapped)))
	}
	if err := x.result.Fits(m); err != nil { // or it would be counted, and not told
		return because(causeJSON, fmt.Errorf("%s: %w", feFieldResult, err))
	}
	if err := x.readCustomer(e, m); err != nil {
		return because(causeKey, err)
	}
	if err := x.readColumns(e, columns); err != nil {
		return because(causeColumn, err)
	}
	at, nanoseconds, err := x.eventTime(columns[columnAt])
	if err != nil {
		return err
	}
	e.event.At = nanoseconds
	e.identity.At = at
	if e.identity.ID, err = eventID(columns[columnID]); err != nil {
		return because(causeID, err)
	}
	e.print, e.known = x.once.Fingerprint(e.identity)
	return because(causeCheck, x.validate(x.withNumbers(columns)))
}

func (x *extract) readCustomer(e *event, m *service.Message) error {
	key, _, err := message.Query(feFieldKey, x.key, m)
	if err == nil {
		e.customer, err = message.Key(key)
	}
	return err
}

func (x *extract) readColumns(e *event, columns map[string]any) (err error) {
	kind, _, err := text(columns[columnKind])
	if err != nil {
		return fmt.Errorf("kind: %w", err)
	}
	e.event.Kind = kind
	for i, column := range x.plan.Columns() {
		value := columns[column.Name]
		switch column.As {
		case aggregate.AsNumber:
			number, err := message.NumberOrText(value)
			if err != nil {
				return fmt.Errorf("%s: %w", column.Name, err)
			}
			if !math.IsNaN(number) { // null
				e.event.Columns[i] = aggregate.Number(number)
			}
		case aggregate.AsText:
			written, ok, err := text(value)
			if err != nil {
				return fmt.Errorf("%s: %w", column.Name, err)
			}
			if ok {
				e.event.Columns[i] = aggregate.Text(written)
			}
		case aggregate.AsScore:
			written, ok := prose(value)
			if !ok {
				return fmt.Errorf("%s: %s: use a string or null", column.Name, message.TypeName(value))
			}
			if strings.TrimSpace(written) != "" {
				e.event.Columns[i] = aggregate.Score(sentiment.Compound(written))
			}
		case aggregate.AsFlag:
			if flag, ok := value.(bool); ok { // all else is false, and counted by skips
				e.event.Columns[i] = aggregate.Flag(flag)
			}
		case aggregate.AsAnything:
			if value != nil {
				e.event.Columns[i] = aggregate.Anything()
			}
		}
	}
	return nil
}

// text reads a category: a string, or a number or boolean as JSON writes it. It is
// not there when it is null.
func text(value any) (written string, there bool, err error) {
	switch v := value.(type) {
	case nil:
		return "", false, nil
	case string:
		return v, true, nil
	case []byte:
		return string(v), true, nil
	case bool:
		return strconv.FormatBool(v), true, nil
	}
	number, err := message.Number(value)
	if err != nil {
		return "", false, fmt.Errorf("%s: use a string, a number, a boolean or null", message.TypeName(value))
	}
	return strconv.FormatFloat(number, 'f', -1, 64), true, nil
}

// prose reads a text that somebody wrote. Of a number it is not told how it sounds: most
// likely the column is another one. Null is the empty text.
func prose(value any) (written string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

// eventTime reads when the event was, as a time and in Unix nanoseconds: now, if the column
// is null.
func (x *extract) eventTime(value any) (at time.Time, nanoseconds int64, err error) {
	now := time.Now()
	if value == nil {
		at = now
	} else if at, err = message.Time(value); err != nil {
		return at, 0, because(causeTime, fmt.Errorf("at: %w", err))
	}
	switch {
	case at.After(now.Add(x.maxFuture)):
		return at, 0, because(causeFuture, fmt.Errorf("at: time is more than max_future (%v) ahead of the clock: correct it at the source, or raise max_future", x.maxFuture))
	case at.Before(x.earliest):
		return at, 0, because(causeOld, fmt.Errorf("at: time is before earliest (%s): correct it at the source; map what stands for no time to null, which is now; or make earliest an earlier time", x.earliest.Format(time.RFC3339)))
	}
	if nanoseconds, err = message.Nanoseconds(at); err != nil {
		err = because(causeTime, fmt.Errorf("at: %w", err))
	}
	return at, nanoseconds, err
}

func eventID(value any) (string, error) {
	switch value {
	case nil:
		return "", nil
	case "":
		return "", errors.New("id is the empty string: map it to null where there is none")
	}
	id, err := message.Key(value)
	if err != nil {
		return "", fmt.Errorf("id is %s: use a string or an integer", message.TypeName(value))
	}
	return id, nil
}

// withNumbers are the columns of an event that was read, in which those that features calculate with are
// the numbers that they read, not strings. The mapping's own may be part of the message.
func (x *extract) withNumbers(columns map[string]any) map[string]any {
	own := false
	for _, column := range x.plan.Columns() {
		if column.As != aggregate.AsNumber || len(x.checks) == 0 {
			continue
		}
		switch columns[column.Name].(type) {
		case string, []byte:
		default:
			continue
		}
		if number, err := message.NumberOrText(columns[column.Name]); err == nil {
			if !own {
				columns, own = maps.Clone(columns), true
			}
			columns[column.Name] = number
		}
	}
	return columns
}

// validate runs the checks. Their mappings see the columns only. What they say of
// themselves when they err may quote the event, and is left out.
func (x *extract) validate(columns map[string]any) error {
	for i, c := range x.checks {
		result, err := c.mapping.Query(columns)
		if err != nil {
			x.metrics.checkErrors.Incr(1, x.set)
			return fmt.Errorf("validate[%d]: %s: the check does not apply to these columns: make it say what holds where a column is null or of another type", i, c.message)
		}
		passed, ok := result.(bool)
		if !ok {
			return fmt.Errorf("validate[%d]: %s: the check gives %s: use true or false", i, c.message, message.TypeName(result))
		}
		if !passed {
			return fmt.Errorf("validate[%d]: %s", i, c.message)
		}
	}
	return nil
}
