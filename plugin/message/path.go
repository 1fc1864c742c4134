package message

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// Path is a dot path in a message, such as segment or customer.features.
type Path []string

// ParsePath splits a dot path; each part must be there.
func ParsePath(text string) (Path, error) {
	path := Path(strings.Split(text, "."))
	if slices.Contains(path, "") {
		return nil, fmt.Errorf("path %q has an empty part: use names with single dots between", text)
	}
	return path, nil
}

// Set gives the message a value at the path. The message must be a JSON object;
// objects on the way are made where they are missing, and replace what is no object.
func (p Path) Set(m *service.Message, value any) error {
	content, err := m.AsStructuredMut()
	if err != nil {
		return errors.New("the message is not JSON: parse it before this processor")
	}
	object, ok := content.(map[string]any)
	if !ok {
		return fmt.Errorf("the message is %s: make it an object before this processor", TypeName(content))
	}
	for _, name := range p[:len(p)-1] {
		next, ok := object[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			object[name] = next
		}
		object = next
	}
	object[p[len(p)-1]] = value
	m.SetStructuredMut(content)
	return nil
}
