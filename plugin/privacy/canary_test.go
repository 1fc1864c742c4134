package privacy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// cage is a configuration that nothing of what its events are marked with may pass.
type cage struct {
	conf    string
	markers []string
	values  []string // JSON, each with a marker
	keys    []string // of objects, some with a marker
}

var cages = map[string]cage{
	// Whatever is somewhere else, goes.
	"listed": {
		conf: `
rules:
  - { path: customer.id, pseudonymize: { key: customer } }
  - { path: customer.email, pseudonymize: { type: email, emit_previous: true } }
  - { path: customer.phone, pseudonymize: { type: phone, region: US } }
  - { path: card, mask: { keep_last: 4 } }
  - { path: ip, truncate_ip: {} }
  - { path: born, truncate_date: { to: year } }
  - { path: at, shift_date: { max_days: 30, by: this.customer.id, key: customer } }
  - { path: age, bucket: { size: 10 } }
  - { path: income, round: { decimals: -3 } }
  - { path: iban, encrypt: {} }
  - { path: secret, fpe: { alphabet: alphanumeric, key: customer } }
  - { path: note, scan: { detectors: [ email ] } }
  - { path: "items.*.who", pseudonymize: {} }
  - { path: "@kafka_key", pseudonymize: {} }
unlisted: drop
` + newKeys + `  - { id: customer, secret: MjEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= }
`,
		markers: []string{"canary", "7700770077", "06-05"},
		values: []string{
			`"canary"`, `"canary@example.org"`, `"+1 212 555 0123 canary"`, `7700770077`, `-7700770077`, `"7700770077"`, `7700770077e400`, `"canary 7700770077"`,
			`"1987-06-05"`, `"1987-06-05T06-05"`, `"e_new_canarycanarycanarycanary"`, `"e_old_canary"`, `["canary",{"x":"canary"}]`, `{"x":"canary"}`, `[[["canary"]]]`,
			`"{\"canary\":\"canary\"}"`, `"203.0.113.7canary"`, `"\u0063anary"`, `"canary\ud800"`, `"ｃanary canary"`,
		},
		keys: []string{"customer", "id", "email", "phone", "card", "ip", "born", "at", "age", "income", "iban", "secret", "items", "who", "unseen", "x", "email_previous", "", "a.b"},
	},
	// Whatever is found anywhere, is replaced.
	"searched": {
		conf: `
rules:
  - { path: name, drop: {} }
  - { path: "**", scan: { numbers: true, json: true, replace: pseudonym } }
  - { path: "@*", scan: {} }
metadata: []
` + newKeys,
		markers: []string{"canary", "4111"},
		values: []string{
			`"canary@example.org"`, `"to canary@example.org, canary.two@example.org"`, `4111111111111111`, `"4111 1111 1111 1111"`, `4.111111111111111e15`,
			`["canary@example.org",{"canary@example.org":"canary@example.org"}]`, `{"canary@example.org":{"canary@example.org":4111111111111111}}`,
			`"{\"canary@example.org\":[\"canary@example.org\",4111111111111111]}"`, `"[\"[\\\"canary@example.org\\\"]\"]"`, `"\u0063anary@example.org"`, `"canary＠example.org"`,
		},
		keys: []string{"a", "name", "note", "canary@example.org", "canary.two@example.org", "", "b c"},
	},
	// Whatever it is, it gets a pseudonym.
	"hidden": {
		conf:    `rules: [ { path: "**", pseudonymize: { domain: d } }, { path: "@*", drop: {} } ]` + oneKey,
		markers: []string{"canary", "7700770077"},
		values:  []string{`"canary"`, `7700770077`, `["canary",7700770077.5]`, `{"a":{"b":"canary"}}`, `"p_a_canarycanarycanarycanar"`},
		keys:    []string{"a", "b", "c"},
	},
}

// event makes a message, which may be broken or hostile in one of many ways.
func (c *cage) event(random *rand.Rand) string {
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	var b strings.Builder
	var object func(depth int)
	object = func(depth int) {
		b.WriteByte('{')
		for i := range 1 + random.IntN(4) {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:", pick(c.keys)) // some keys are there twice
			switch {
			case depth < 3 && random.IntN(4) == 0:
				object(depth + 1)
			case depth < 3 && random.IntN(8) == 0:
				b.WriteByte('[')
				object(depth + 1)
				b.WriteByte(']')
			default:
				b.WriteString(pick(c.values))
			}
		}
		b.WriteByte('}')
	}
	object(0)
	switch text := b.String(); random.IntN(24) {
	case 0:
		return text[:len(text)/2] // half of it
	case 1:
		return text + " " + pick(c.values) // two documents
	case 2:
		return pick(c.values) // no object
	case 3:
		return strings.Repeat(`{"a":`, maxDepth+3) + text + strings.Repeat("}", maxDepth+3)
	case 4:
		return pick(c.keys) + text
	case 5:
		return strings.Replace(text, ":", ":\x00", 1)
	default:
		return text
	}
}

// message has a marker in its metadata, too, names and values.
func (c *cage) message(random *rand.Rand) *service.Message {
	m := service.NewMessage([]byte(c.event(random)))
	m.MetaSetMut("kafka_topic", "orders")
	m.MetaSetMut("kafka_offset", random.IntN(1000))
	value := strings.Trim(c.values[random.IntN(len(c.values))], `"`)
	if random.IntN(2) == 0 {
		m.MetaSetMut("kafka_key", value)
	}
	if strings.Contains(c.conf, "unlisted: drop") {
		m.MetaSetMut("canary", value)
	}
	return m
}

// escaped is the first marker that is in a message as it came out.
func (c *cage) escaped(t testing.TB, m *service.Message) string {
	text := textOf(t, m)
	if err := m.GetError(); err != nil {
		text += err.Error()
	}
	_ = m.MetaWalk(func(name, value string) error {
		text += " " + name + " " + value
		return nil
	})
	return c.in(text)
}

func (c *cage) in(text string) string {
	for _, marker := range c.markers {
		if strings.Contains(text, marker) {
			return marker + " in " + text
		}
	}
	return ""
}

// panics is an action with a library below it that fails, and says why.
type panics struct{}

func (panics) Apply(value any) (any, error) { panic(fmt.Sprint("cannot treat ", value)) }

// errs is one that quotes the value in its error, as libraries do.
type errs struct{}

func (errs) Apply(value any) (any, error) { return value, fmt.Errorf("cannot treat %v", value) }

// 10^5 events; SHOAL_SOAK=1 makes them 10^6. Some come a second time, masked or not.
func TestNoCanaryPasses(t *testing.T) {
	t.Parallel()
	events := 100_000
	if os.Getenv("SHOAL_SOAK") != "" {
		events = 1_000_000
	} else if testing.Short() {
		events = 10_000
	}
	var passed, failed atomic.Int64
	var all sync.WaitGroup
	for name, c := range cages {
		m := newMask(t, c.conf)
		broken := newMask(t, c.conf)
		broken.policy.rules[1].change, broken.policy.rules[1].appender, broken.policy.rules[1].scan = panics{}, nil, nil
		for worker := range 2 {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(worker), 17))
				for range events / len(cages) / 2 / 20 {
					p := m
					if random.IntN(10) == 0 {
						p = broken
					}
					batch := make(service.MessageBatch, 20)
					for i := range batch {
						batch[i] = c.message(random)
						if random.IntN(30) == 0 {
							batch[i].SetError(errors.New("cannot parse " + strings.Join(c.markers, " ")))
						}
					}
					for _, out := range pass(t, p, batch...) {
						if marker := c.escaped(t, out); marker != "" {
							t.Errorf("%s: %s", name, marker)
							return
						}
						if out.GetError() == nil {
							passed.Add(1)
						} else {
							failed.Add(1)
						}
					}
				}
			})
		}
	}
	all.Wait()
	t.Logf("%d passed, %d failed", passed.Load(), failed.Load())
	assert.Greater(t, passed.Load(), int64(events/5), "not all events are broken")
	assert.Greater(t, failed.Load(), int64(events/10))
}

// canaryStream is a stream that writes down all that it can.
const canaryStream = `
logger: { level: ALL }
metrics: { witness: {} }
tracer: { witness: {} }
error_handling: { strict: %v }
pipeline:
  threads: 2
  processors:
%s
    - log: { level: INFO, message: 'after: ${! content() } ${! error() } ${! meta() }' }
`

// streams are the places where privacy_mask may be.
var streams = map[string]string{
	"plain": `    - privacy_mask: %s`,
	"try": `
    - try:
        - privacy_mask: %s
        - mapping: root = this
    - catch:
        - mapping: |
            root.dead = this
            root.error = error()
        - log: { level: WARN, message: 'dead: ${! content() } ${! error() }' }`,
	"strict try": `
    - try_catch:
        processors: [ { privacy_mask: %s } ]
        catch: [ { mapping: 'root.error = @error.what' } ]`,
	"branch": `
    - branch:
        processors:
          - privacy_mask: %s
          - log: { level: INFO, message: 'in the branch: ${! content() } ${! error() }' }
        result_map: root.masked = this`,
	"faulty": `    - faulty_mask: %s`,
}

// Nothing of the original is in what a stream emits, in logs at any level, metrics or
// traces, under either error handling, and when what is emitted is refused and comes again.
func TestNoCanaryLeavesAStream(t *testing.T) {
	t.Parallel()
	for name, processors := range streams {
		for _, strict := range []bool{false, true} {
			if name == "try" && strict || name == "strict try" && !strict {
				continue // catch is for the one, try_catch for the other
			}
			t.Run(fmt.Sprintf("%s strict=%v", name, strict), func(t *testing.T) {
				t.Parallel()
				c := cages["listed"]
				w := newWitness()
				emitted := runStream(t, w, &c, name != "branch", fmt.Sprintf(canaryStream, strict, fmt.Sprintf(processors, flow(t, c.conf))))
				assert.Positive(t, emitted)
				text := w.text()
				if name == "branch" { // the message around a branch is not masked
					text = withoutLines(text, "after:")
				}
				assert.Contains(t, text, "customer.id pseudonymize")
				if marker := c.in(text); marker != "" {
					at := strings.Index(text, c.markers[0])
					t.Errorf("the witness saw %.300s", text[max(0, at-200):])
				}
			})
		}
	}
}

// runStream sends events through a stream, in batches of which every third is refused once.
func runStream(t *testing.T, w *witness, c *cage, caged bool, conf string) (emitted int64) {
	t.Helper()
	env := w.environment(t)
	require.NoError(t, env.RegisterBatchProcessor("faulty_mask", maskSpec(),
		func(conf *service.ParsedConfig, res *service.Resources) (service.BatchProcessor, error) {
			m, err := newMaskFromConfig(conf, res)
			if err == nil {
				m.policy.rules[1].change, m.policy.rules[1].appender = panics{}, nil
				m.policy.rules[3].change, m.policy.rules[3].appender = errs{}, nil
			}
			return m, err
		}))
	out := &cageOutput{t: t, cage: c, caged: caged}
	require.NoError(t, env.RegisterBatchOutput("cage", service.NewConfigSpec(),
		func(*service.ParsedConfig, *service.Resources) (service.BatchOutput, service.BatchPolicy, int, error) {
			return out, service.BatchPolicy{}, 1, nil
		}))
	builder := env.NewStreamBuilder()
	require.NoError(t, builder.SetYAML(conf+"output: { cage: {} }\n"))
	builder.SetLogger(w.logger())
	produce, err := builder.AddBatchProducerFunc()
	require.NoError(t, err)
	stream, err := builder.Build()
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- stream.Run(context.Background()) }()
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		batch := make(service.MessageBatch, 20)
		for i := range batch {
			batch[i] = c.message(random)
		}
		for range 3 { // under strict handling, what failed is refused for ever
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			err := produce(ctx, batch.Copy())
			cancel()
			if err == nil {
				break
			}
		}
	}
	require.NoError(t, stream.Stop(context.Background()))
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the stream did not stop")
	}
	return out.messages.Load()
}

// cageOutput looks for markers, and refuses every third batch.
type cageOutput struct {
	t                 testing.TB
	cage              *cage
	caged             bool // whether nothing with a marker may come
	batches, messages atomic.Int64
}

func (o *cageOutput) Connect(context.Context) error { return nil }
func (o *cageOutput) Close(context.Context) error   { return nil }

func (o *cageOutput) WriteBatch(_ context.Context, batch service.MessageBatch) error {
	for _, m := range batch {
		if marker := o.cage.escaped(o.t, m); marker != "" && o.caged {
			o.t.Errorf("emitted %.300s", marker)
		}
		o.messages.Add(1)
	}
	if o.batches.Add(1)%3 == 0 {
		return errors.New("refused")
	}
	return nil
}

// flow writes a configuration on one line, to be put anywhere.
func flow(t testing.TB, conf string) string {
	t.Helper()
	parsed, err := specOfMask().ParseYAML(conf, nil)
	require.NoError(t, err)
	fields, err := parsed.FieldAny()
	require.NoError(t, err)
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(text)
}

func withoutLines(text, part string) string {
	var left []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.Contains(line, part) {
			left = append(left, line)
		}
	}
	return strings.Join(left, "\n")
}

// Keys are no part of a configuration that is shown.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	builder := newWitness().environment(t).NewStreamBuilder()
	require.NoError(t, builder.AddProcessorYAML("privacy_mask: { rules: [ { path: a, encrypt: {} } ], keys: [ { id: a, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ] }"))
	require.NoError(t, builder.AddProcessorYAML("privacy_reveal: { rules: [ { path: a, encrypt: {} } ], keys: [ { id: a, secret: MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= } ] }"))
	require.NoError(t, builder.AddInputYAML("generate: { mapping: 'root = {}' }"))
	require.NoError(t, builder.AddOutputYAML("drop: {}"))
	shown, err := builder.AsYAML()
	require.NoError(t, err)
	assert.Contains(t, shown, "privacy_reveal")
	assert.NotContains(t, shown, "MDEyMzQ1")
}
