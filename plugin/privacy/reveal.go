package privacy

import (
	"context"
	"errors"
	"fmt"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/privacy/transform"
)

func revealSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Turns back what `privacy_mask` has encrypted, with the keys, and fails closed.").
		Description(`
The rules are those of `+"`privacy_mask`"+`: copy their whole list, as the first rule that matches a value decides, and the keys that rules are pinned to are none of the others. What `+"`encrypt`"+` and `+"`fpe`"+` made is turned back; the values of all other rules stay as they are, and so does all that no rule names. Only the keys that reveal have to be there. Each revealed value is counted in `+"`privacy_revealed`"+`, by the path of its rule: who looks at personal data can be told.

A token of `+"`encrypt`"+` names the key that made it, so all keys that are listed reveal. What comes out of `+"`fpe`"+` does not: where several keys could have made it, the rule must name one, and under the wrong one something else comes out, without an error.

A value that is no token of a listed key and of this path is an error, as it is for `+"`privacy_mask`"+`: the message is replaced by `+"`{}`"+`, its metadata is reduced to what `+"`metadata`"+` lists, and it is flagged with an error that names the rule, never the value. Null, absent values and the empty string pass. A message that failed before goes on as it is, and nothing in it is revealed.`).
		Fields(
			service.NewObjectListField(pmFieldRules, maskFields()...).
				Description("The rules of `privacy_mask`, each a path and one action, of which `encrypt` and `fpe` are turned back and all others are as `keep`."),
			keysField("The keys that made the values. Their order matters to `fpe` only, which reveals with the only one that no rule pins."),
			metadataField("Metadata that a message keeps when it cannot be revealed: where it is to be found at its source. Others keep all."),
		).
		LintRule(lintActions(maskActions)).
		Example("For a case officer", "Account numbers and telephone numbers of one topic come back for those who may see them.", `
pipeline:
  processors:
    - privacy_reveal:
        rules:
          - { path: account.iban, encrypt: {} }
          - { path: customer.phone, fpe: { alphabet: digits, key: phones } }
        keys:
          - { id: "2026-11", secret: "${SHOAL_KEY}" }
          - { id: phones, file: /run/secrets/phones-key }
`).
		Example("Of many domains", "One domain for both, so that the same account is the same token in each.", `
pipeline:
  processors:
    - privacy_reveal:
        rules:
          - { path: "payments.*.from", encrypt: { domain: iban } }
          - { path: "payments.*.to", encrypt: { domain: iban } }
        keys:
          - { id: bank, tink: keyset.json }
`)
}

// reveal is the processor privacy_reveal. It is safe for concurrent use.
type reveal struct {
	policy   *policy
	metadata metadataList // what a message that fails keeps
	metrics  *metrics
}

// revealing is a reversible action, turned back.
type revealing struct{ transform.Reversible }

// Apply implements [transform.Action].
func (r revealing) Apply(value any) (any, error) { return r.Reveal(value) }

func newRevealFromConfig(conf *service.ParsedConfig, res *service.Resources) (*reveal, error) {
	keys, err := parseKeys(conf, res.FS())
	if err != nil {
		return nil, err
	}
	p := &ruleParser{keys: keys, actions: maskActions, parsers: map[string]func(*service.ParsedConfig, *rule) error{}}
	for _, action := range maskActions {
		p.parsers[action] = parseKeep
	}
	p.parsers[pmFieldEncrypt], p.parsers[pmFieldFPE] = p.revealEncrypted, p.revealFPE
	rules, err := p.rules(conf)
	if err != nil {
		return nil, err
	}
	if len(rules) == 0 {
		return nil, errors.New("rules is empty: nothing would be revealed: add a rule")
	}
	r := &reveal{metrics: newRevealMetrics(res.Metrics())}
	if r.policy, err = newPolicy(rules, false); err != nil {
		return nil, err
	}
	r.policy.warn(res.Logger())
	r.metadata, err = parseMetadata(conf)
	return r, err
}

func (p *ruleParser) revealEncrypted(conf *service.ParsedConfig, r *rule) error {
	encrypt, err := p.newEncrypt(conf, r)
	r.change = revealing{encrypt}
	return err
}

// revealFPE refuses to guess which of several keys made a value.
func (p *ruleParser) revealFPE(conf *service.ParsedConfig, r *rule) error {
	if keys := p.keys.Unpinned(p.isPinned, false); !conf.Contains(pmFieldKey) && len(keys) > 1 {
		return fmt.Errorf("a value does not tell whether key %q or key %q made it: name one with key", keys[0].ID, keys[1].ID)
	}
	fpe, err := p.newFPE(conf, r)
	r.change = revealing{fpe}
	return err
}

// ProcessBatch reveals each message on its own.
func (r *reveal) ProcessBatch(_ context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	w := newWalk(r.policy)
	out := make(service.MessageBatch, len(batch))
	for i, original := range batch {
		out[i] = original
		if message.Failed(original) {
			continue
		}
		revealed := original.Copy()
		if d := r.reveal(w, revealed); d != nil {
			r.metrics.doubt(d.code)
			r.metadata.stub(original, r.policy)
			original.SetError(fmt.Errorf("privacy_reveal: %w", d))
			continue
		}
		out[i] = revealed
	}
	r.metrics.count(&w.tally, w.rules)
	return message.Runs(out), nil
}

// reveal reveals a message that nobody else has. All of its metadata stays.
func (r *reveal) reveal(w *walk, revealed *service.Message) *doubt {
	w.tally.begin()
	d := guarded(func() *doubt {
		content, d := structured(revealed)
		if d != nil {
			return d
		}
		if content, d = w.treat(content, revealed, func(string) bool { return true }); d == nil {
			revealed.SetStructuredMut(content)
		}
		return d
	})
	if d != nil {
		w.tally.undo()
	}
	return d
}

// Close has nothing to give back.
func (r *reveal) Close(context.Context) error { return nil }
