package privacy

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

// reference treats a document by looking at each leaf's own path, one rule after the other.
type reference struct {
	rules        []rule
	paths        []path
	dropUnlisted bool
}

// rule is the first that names a place, or one above it.
func (r *reference) rule(at []string) int {
	return slices.IndexFunc(r.paths, func(p path) bool { return names(p, at) })
}

func (r *reference) drops(at []string) bool {
	if i := r.rule(at); i >= 0 {
		return r.rules[i].fate == dropped
	}
	return r.dropUnlisted
}

func (r *reference) value(v any, at []string) (masked any, keep bool, err error) {
	switch content := v.(type) {
	case map[string]any:
		left := map[string]any{}
		for name, child := range content {
			masked, keep, err := r.value(child, append(slices.Clip(at), name))
			if err != nil {
				return nil, false, err
			}
			if keep {
				left[name] = masked
			}
		}
		return left, len(left) > 0 || !r.drops(at), nil
	case []any:
		left := []any{}
		for i, child := range content {
			masked, keep, err := r.value(child, append(slices.Clip(at), strconv.Itoa(i)))
			if err != nil {
				return nil, false, err
			}
			if keep {
				left = append(left, masked)
			}
		}
		return left, len(left) > 0 || !r.drops(at), nil
	}
	i := r.rule(at)
	switch {
	case r.drops(at):
		return nil, false, nil
	case i < 0, v == nil, v == "", r.rules[i].fate == kept:
		return v, true, nil
	}
	masked, err = r.rules[i].change.Apply(v)
	return masked, true, err
}

// names tells that a path names a place or one above it.
func names(p path, at []string) bool {
	if len(p) == 0 {
		return true
	}
	switch {
	case p[0].wild == deep:
		return names(p[1:], at) || len(at) > 0 && names(p, at[1:])
	case len(at) == 0:
		return false
	default:
		return (p[0].wild == one || p[0].name == at[0]) && names(p[1:], at[1:])
	}
}

// actionsOfReference are some of each kind.
func actionsOfReference(t testing.TB) []rule {
	t.Helper()
	key, err := transform.NewKey("a", []byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	pseudonymize, err := transform.NewPseudonymize(key, "d", "", "")
	require.NoError(t, err)
	encrypt, err := transform.NewEncrypt(key, nil, "d")
	require.NoError(t, err)
	return []rule{
		{action: "keep", fate: kept},
		{action: "drop", fate: dropped},
		{action: "mask", change: transform.Mask{KeepLast: 1}},
		{action: "pseudonymize", change: pseudonymize},
		{action: "encrypt", change: encrypt},
		{action: "bucket", change: transform.Bucket{Size: 10}}, // errs on most
	}
}

// agrees compares the processor with the reference.
func agrees(t *testing.T, document string, paths []string, actions []byte, dropUnlisted bool) {
	t.Helper()
	all := actionsOfReference(t)
	r := &reference{dropUnlisted: dropUnlisted}
	for i, written := range paths {
		p, err := parsePath(written)
		if err != nil || i >= len(actions) {
			return
		}
		next := all[int(actions[i])%len(all)]
		next.path = written
		r.rules, r.paths = append(r.rules, next), append(r.paths, p)
	}
	policy, err := newPolicy(r.rules, dropUnlisted)
	if err != nil {
		return
	}
	var content, other any
	if json.Unmarshal([]byte(document), &content) != nil {
		return
	}
	require.NoError(t, json.Unmarshal([]byte(document), &other))
	want, keep, err := r.value(content, nil)
	got, kept, d := newWalk(policy).document(other)
	if d == errTooDeep || d == errStrange {
		return
	}
	assert.Equal(t, err != nil, d != nil, "%v on %s", paths, document)
	if err != nil || d != nil {
		return
	}
	assert.Equal(t, keep, kept, "%v on %s", paths, document)
	if keep && kept {
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		assert.JSONEq(t, string(a), string(b), "%v %v on %s", paths, actions, document)
	}
}

// Any rules do to any document what the reference does.
func FuzzRules(f *testing.F) {
	f.Add(`{"a":{"b":"canary"},"c":["canary",{"b":"canary"}]}`, "**.b", []byte{1}, false)
	f.Add(`{"a.b":"canary","a":{"b":null}}`, "[\"a.b\"]\na.*\n**", []byte{0, 3, 1}, true)
	f.Add(`["canary",[["canary"]],17]`, "*.*\n2\n**", []byte{2, 5, 4}, false)
	f.Fuzz(func(t *testing.T, document, paths string, actions []byte, drop bool) {
		agrees(t, document, strings.Split(paths, "\n"), actions, drop)
	})
}

func TestRulesAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 12))
	segments := []string{"a", "b", "c", "*", "**", "0", "1"}
	var document func(depth int) any
	document = func(depth int) any {
		switch kind := random.IntN(8); {
		case depth < 4 && kind < 3:
			object := map[string]any{}
			for range random.IntN(4) {
				object[segments[random.IntN(3)]] = document(depth + 1)
			}
			return object
		case depth < 4 && kind < 5:
			array := []any{}
			for range random.IntN(3) {
				array = append(array, document(depth+1))
			}
			return array
		case kind == 5:
			return 37
		default:
			return []any{"secret", "", nil, true}[random.IntN(4)]
		}
	}
	for range 8000 {
		text, err := json.Marshal(document(0))
		require.NoError(t, err)
		var paths []string
		var actions []byte
		for range 1 + random.IntN(4) {
			var path []string
			for range 1 + random.IntN(4) {
				path = append(path, segments[random.IntN(len(segments))])
			}
			paths = append(paths, strings.Join(path, "."))
			actions = append(actions, byte(random.IntN(6)))
		}
		agrees(t, string(text), paths, actions, random.IntN(2) == 0)
		if t.Failed() {
			return
		}
	}
}
