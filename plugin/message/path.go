package message

import (
	"errors"
	"fmt"
	"maps"
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

// String is the path as it was written.
func (p Path) String() string { return strings.Join(p, ".") }

// Set gives the message a value at the path. The message must be a JSON object;
// objects on the way are made where they are missing or null. Anything else on the way is an
// error, as it would be lost.
// Only the objects on the way are copied: the rest is shared with the message as it was,
// which nobody modifies in place.
func (p Path) Set(m *service.Message, value any) error {
	object, err := Object(m)
	if err != nil {
		return err
	}
	if err := p.fits(object); err != nil {
		return err
	}
	root := copied(object)
	object = root
	for _, name := range p[:len(p)-1] {
		next, _ := object[name].(map[string]any)
		next = copied(next)
		object[name] = next
		object = next
	}
	object[p[len(p)-1]] = value
	m.SetStructured(root)
	return nil
}

// Fits is the error that Set would give, for those who have to know before they change
// anything.
func (p Path) Fits(m *service.Message) error {
	object, err := Object(m)
	if err != nil {
		return err
	}
	return p.fits(object)
}

func (p Path) fits(object map[string]any) error {
	for i, name := range p[:len(p)-1] {
		next, isObject := object[name].(map[string]any)
		if there := object[name]; !isObject && there != nil {
			return fmt.Errorf("path %s: %s is %s in the message: make it an object before this processor, or use another path", p, p[:i+1], TypeName(there))
		}
		object = next
	}
	return nil
}

// Object is the JSON object that the message is, not to be modified.
func Object(m *service.Message) (map[string]any, error) {
	content, err := m.AsStructured()
	if err != nil {
		return nil, errors.New("the message is not JSON: parse it before this processor")
	}
	object, ok := content.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the message is %s: make it an object before this processor", TypeName(content))
	}
	return object, nil
}

// copied is a map of its own, with room for one more.
func copied(object map[string]any) map[string]any {
	own := make(map[string]any, len(object)+1)
	maps.Copy(own, object)
	return own
}
