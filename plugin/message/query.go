package message

import (
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/bloblang"
	"github.com/redpanda-data/benthos/v4/public/service"
)

// Query runs a mapping on a message and returns the value that it gives, null if it
// gives none.
//
// It maps onto a copy without content, which has the metadata that @ reads, and
// looks at what is there then: the methods of Benthos that return values leave
// `this` undefined, those of bloblang.Executor know no metadata.
func Query(field string, mapping *bloblang.Executor, m *service.Message) (value any, deleted bool, err error) {
	target := m.Copy()
	target.SetBytes(nil)
	result, err := target.BloblangMutateFrom(mapping, m)
	switch {
	case err != nil:
		return nil, false, mappingError(field, err)
	case result == nil:
		return nil, true, nil
	case result.HasStructured():
		value, err = result.AsStructured()
		return value, false, err
	case !result.HasBytes():
		return nil, false, nil
	}
	text, err := result.AsBytes()
	if err != nil || string(text) != "null" {
		return string(text), false, err
	}
	// A message cannot tell null from "null"; the executor can, without metadata.
	content, err := m.AsStructured()
	if err == nil {
		value, err = mapping.Query(content)
	}
	if err != nil {
		return nil, false, nil
	}
	return value, false, nil
}

// mappingError stands for the error of a mapping, whose own text may quote the
// message. Of it, only the number of the line is kept.
func mappingError(field string, err error) error {
	where := "the mapping"
	var line int
	if _, scan := fmt.Sscanf(err.Error(), "failed assignment (line %d)", &line); scan == nil {
		where = fmt.Sprintf("line %d of the mapping", line)
	}
	return fmt.Errorf("%s: %s does not apply to this message: check that what it reads is there and of the right type", field, where)
}
