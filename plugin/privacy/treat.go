package privacy

import (
	"slices"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// guarded runs what may come to a doubt, and takes a panic for one: what is recovered may
// hold a value.
func guarded(run func() *doubt) (d *doubt) {
	defer func() {
		if recover() != nil {
			d = errPanicked
		}
	}()
	return run()
}

// structured parses a message, of a size that can be handled, so that it can be changed.
func structured(m *service.Message) (content any, d *doubt) {
	if m.HasBytes() {
		if text, err := m.AsBytes(); err != nil || len(text) > maxBytes {
			return nil, errTooLarge
		}
	}
	content, err := m.AsStructuredMut()
	if err != nil {
		return nil, errNotJSON // the error of the parser has a part of the message in it
	}
	return content, nil
}

// treat takes the content of a message and its metadata through the rules. Of the metadata
// that no rule names, what keeps allows stays. After a doubt, the message is in no state to
// be used.
func (w *walk) treat(content any, m *service.Message, keeps func(name string) bool) (any, *doubt) {
	content, keep, d := w.document(content)
	if d != nil {
		return nil, d
	}
	if !keep {
		content = map[string]any{}
	}
	for _, name := range metadataNames(m) {
		at, _ := w.metadata.at(name)
		if at.rule != none {
			if d := w.attribute(m, name, at); d != nil {
				return nil, d
			}
		} else if !keeps(name) {
			m.MetaDelete(name)
		}
	}
	return content, nil
}

// attribute treats a piece of metadata that a rule names.
func (w *walk) attribute(m *service.Message, name string, at *node) *doubt {
	v, _ := m.MetaGetMut(name)
	w.trail = trail{}.below(name)
	changed, keep, d := w.value(v, at, nil, 0)
	if d != nil {
		return d
	}
	if !keep {
		m.MetaDelete(name)
		return nil
	}
	m.MetaSetMut(name, changed)
	if token := w.takePrevious(); token != nil {
		if _, taken := m.MetaGetMut(name + previousSuffix); taken {
			return errPrevious
		}
		m.MetaSetMut(name+previousSuffix, token)
	}
	return nil
}

// metadataList are the names of metadata that tell where a message is to be found at its
// source.
type metadataList map[string]struct{}

func (l metadataList) has(name string) bool {
	_, listed := l[name]
	return listed
}

// stub takes everything out of a message but the metadata that is listed and that no rule
// treats.
func (l metadataList) stub(m *service.Message, p *policy) {
	m.SetBytes([]byte("{}"))
	for _, name := range metadataNames(m) {
		if at, _ := p.metadata.at(name); !l.has(name) || at.rule != none {
			m.MetaDelete(name)
		}
	}
}

func metadataNames(m *service.Message) []string {
	var names []string
	_ = m.MetaWalkMut(func(name string, _ any) error { // errs only when this does
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names
}
