package privacy

import (
	"slices"
	"strconv"
)

// beside is what has to be done to the keys of an object once all of its values are
// treated: in the loop over them, a new key might be met again.
type beside struct {
	renamed map[string]string // keys that hold personal data
	tokens  map[string]any    // earlier pseudonyms, by the key of the value
}

func (b *beside) rename(name, to string) {
	if b.renamed == nil {
		b.renamed = map[string]string{}
	}
	b.renamed[name] = to
}

func (b *beside) previous(name string, token any) {
	if b.tokens == nil {
		b.tokens = map[string]any{}
	}
	b.tokens[name] = token
}

// apply gives values their new keys, and earlier pseudonyms a place beside the new ones.
func (b *beside) apply(content map[string]any) *doubt {
	if b.renamed != nil {
		b.rekey(content)
	}
	for name, token := range b.tokens {
		if renamed, ok := b.renamed[name]; ok {
			name = renamed
		}
		if _, taken := content[name+previousSuffix]; taken {
			return errPrevious
		}
		content[name+previousSuffix] = token
	}
	return nil
}

// rekey gives values their new keys. Where keys that differed come to be the same, all but
// the first, in the order of the keys as they came, get a number at their end, so that no
// value is lost: <EMAIL>, <EMAIL>_2. It does not depend on the order of a map.
func (b *beside) rekey(content map[string]any) {
	names := make([]string, 0, len(b.renamed))
	values := make(map[string]any, len(b.renamed))
	for name := range b.renamed {
		names = append(names, name)
		values[name] = content[name]
		delete(content, name)
	}
	slices.Sort(names)
	used := map[string]int{} // numbers, by the new key: many keys with one tag take no square of time
	for _, name := range names {
		to := b.renamed[name]
		final := to
		for n := max(used[to], 1); ; n++ {
			if n > 1 {
				final = to + "_" + strconv.Itoa(n)
			}
			if _, taken := content[final]; !taken {
				used[to] = n + 1
				break
			}
		}
		content[final] = values[name]
		b.renamed[name] = final
	}
}
