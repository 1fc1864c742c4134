package features

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
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
	for i, m := range batch {
		e := &events[i]
		e.event.Columns = values[i*width : (i+1)*width]
		if message.Failed(m) {
			e.outcome = failed
			continue
		}
		if message.RefreshOf(m) != nil {
			e.outcome = refreshed
			continue
		}
		columns, deleted, err := message.Query(feFieldEvent, x.event, m)
		if deleted {
			e.outcome = ignored
			continue
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

func (x *extract) readEvent(e *event, m *service.Message, mapped any) (err error) {
	if content, err := m.AsStructured(); err != nil {
		return errors.New("the message is not JSON: parse it before this processor")
	} else if _, ok := content.(map[string]any); !ok {
		return fmt.Errorf("the message is %s: make it an object before this processor", message.TypeName(content))
	}
	key, _, err := message.Query(feFieldKey, x.key, m)
	if err != nil {
		return err
	}
	if e.customer, err = message.Key(key); err != nil {
		return err
	}
	columns, ok := mapped.(map[string]any)
	if !ok {
		return fmt.Errorf("event: the mapping gives %s: assign columns, such as root.kind = this.type", message.TypeName(mapped))
	}
	if err := x.readColumns(e, columns); err != nil {
		return err
	}
	at, err := x.eventTime(columns[columnAt])
	if err == nil {
		e.event.At, err = message.Nanoseconds(at)
	}
	if err != nil {
		return fmt.Errorf("at: %w", err)
	}
	e.identity = ledger.Event{At: at, Position: message.Position(m)}
	if e.identity.ID, err = eventID(columns[columnID]); err != nil {
		return err
	}
	e.print, e.known = x.once.Fingerprint(e.identity)
	return x.validate(columns)
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
			number, err := message.Number(value)
			if err != nil {
				return fmt.Errorf("%s: %w", column.Name, err)
			}
			e.event.Columns[i] = aggregate.Number(number) // NaN, for null, is null
		case aggregate.AsText:
			written, ok, err := text(value)
			if err != nil {
				return fmt.Errorf("%s: %w", column.Name, err)
			}
			if ok {
				e.event.Columns[i] = aggregate.Text(written)
			}
		case aggregate.AsFlag:
			switch flag := value.(type) {
			case nil:
			case bool:
				e.event.Columns[i] = aggregate.Flag(flag)
			default:
				return fmt.Errorf("%s: %s: use true, false or null", column.Name, message.TypeName(value))
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

func (x *extract) eventTime(value any) (time.Time, error) {
	now := time.Now()
	if value == nil {
		return now, nil
	}
	at, err := message.Time(value)
	switch {
	case err != nil:
		return at, err
	case at.After(now.Add(x.maxFuture)):
		return at, fmt.Errorf("time is more than max_future (%v) ahead of the clock: correct it at the source, or raise max_future", x.maxFuture)
	}
	return at, nil
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

// validate runs the checks. Their mappings see the columns only.
func (x *extract) validate(columns map[string]any) error {
	for i, c := range x.checks {
		result, err := c.mapping.Query(columns)
		if err != nil {
			x.metrics.checkErrors.Incr(1, x.set)
		}
		if passed, _ := result.(bool); !passed {
			return fmt.Errorf("validate[%d]: %s", i, c.message)
		}
	}
	return nil
}
