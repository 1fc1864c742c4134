package tests

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Keys of the mask. They are in files: in streams mode, Benthos shows a configuration to who asks
// for /streams/ID with what it was given from the environment.
const (
	maskKey     = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
	customerKey = "Y3VzdG9tZXItY3VzdG9tZXItY3VzdG9tZXItY3VzdG8="
)

// canaryMask has all that a mask may be told.
const canaryMask = `
    - privacy_mask:
        rules:
          - { path: customer.id, pseudonymize: { key: customer } }
          - { path: customer.email, pseudonymize: { type: email } }
          - { path: customer.name, drop: {} }
          - { path: customer.address, drop: {} }
          - { path: customer.phone, fpe: { alphabet: digits, key: customer } }
          - { path: customer.account, encrypt: {} }
          - { path: visit.at, shift_date: { max_days: 30, by: this.customer.id, key: customer } }
          - { path: payment.card, mask: { keep_last: 2 } }
          - { path: client.ip, truncate_ip: {} }
          - { path: customer.born, truncate_date: { to: year } }
          - path: "**"
            scan:
              region: US
              numbers: true
              json: true
              detectors: [ email, phone, credit_card, iban, ip_address, mac_address, url, us_ssn, date_of_birth, crypto_address, api_key ]
          - { path: "@user", pseudonymize: { key: customer } }
        consent: { check: this.consent.analytics == true, otherwise: drop }
        keys:
          - { id: "2026-11", file: 2026-11.key }
          - { id: customer, file: customer.key }
        metadata: [ kafka_topic, kafka_partition, kafka_offset, kafka_timestamp_ms ]`

// canaryStream tells all that it knows: what it sees in its log, whom it sees in its metrics, and
// what is wrong in dead letters.
const canaryStream = `
input:
  redpanda:
    seed_brokers: [ "%s" ]
    topics: [ events ]
    consumer_group: %s
    start_offset: earliest
    session_timeout: 600ms
    heartbeat_interval: 150ms
    commit_period: 200ms
    max_yield_batch_bytes: 64KB
pipeline:
  threads: 2
  processors:%s
    - log: { level: TRACE, message: 'sees ${! content() } ${! meta() } ${! error() }' }
    - metric: { type: counter, name: seen, labels: { customer: '${! json("customer.id").string().catch("none") }' } }
    - feature_extract:
        store: customers
        key: this.customer.id
        event: |
          root.kind = this.type
          root.at = this.at
          root.amount = this.amount
          root.email = this.customer.email
          root.card = this.payment.card
        features:
          - { name: orders, agg: count, on: purchase }
          - { name: spend, agg: sum, on: purchase, of: amount, half_life: 30d }
          - { name: favourite, agg: top, of: card }
          - { name: addresses, agg: distinct, of: email }
    - segment_assign: { store: customers, key: this.customer.id, select: [ orders, spend ], kmeans: { k: 4 }, warmup: 20, refresh: { points: 500 } }
    - log: { level: DEBUG, message: 'emits ${! content() } ${! error() }' }
output:
  processors:
    - mapping: |
        root.partition = @kafka_partition
        root.offset = @kafka_offset
        root.customer = this.customer.id.catch(null)
        root.event = this.catch(content().string())
        root.meta = @
        root.error = error()
  switch:
    cases:
      - { check: this.error != null, output: { file: { path: dead.jsonl, codec: lines } } }
      - { output: { file: { path: out.jsonl, codec: lines } } }
`

// shopper is somebody whose data nobody may see.
func shopper(i int) map[string]any {
	card := luhn(fmt.Sprintf("40770077%07d", i))
	email := fmt.Sprintf("canary.%d@example.org", i)
	return map[string]any{
		"customer": map[string]any{
			"id": fmt.Sprintf("canary-customer-%d", i), "email": email, "name": fmt.Sprintf("Canary Jones %d", i), "phone": fmt.Sprintf("+1 (212) 555-01%02d", i%100),
			"account": "DE89370400440532013000", "born": "1931-06-05", "address": map[string]any{"street": "Canary Wharf", "numbers": []any{"canary", i}},
		},
		"visit":   map[string]any{"at": "1931-06-05T10:00:00Z"},
		"payment": map[string]any{"card": card},
		"client":  map[string]any{"ip": "203.0.113.77"},
		"consent": map[string]any{"analytics": true},
		"type":    "purchase", "at": time.Date(2026, 1, 1, 0, i%1000, 0, 0, time.UTC).Format(time.RFC3339), "amount": i % 97,
		"text": fmt.Sprintf("Write to %s or call +1 212-555-0177, pay with %s %s %s %s or from DE89 3704 0044 0532 0130 00; born on 1931-06-05, SSN 536-22-8726, at 203.0.113.77 "+
			"with 00:1b:44:11:3a:b7, https://canary:canary@example.org/?token=canary, 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa, AKIAIOSFODNN7CANARYX", email, card[:4], card[4:8], card[8:12], card[12:]),
		"raw":  json.Number(card),
		"json": fmt.Sprintf(`{"to":[%q]}`, email),
		"by":   map[string]any{email: 1},
	}
}

// canaries are in what a shopper sends, as it is or in base64, and nowhere else.
var canaries = []string{
	"canary", "y2fuyxj5", "nhbmfye", "jyw5hcn", "40770077", "4077 0077", "2125550", "212-555", "(212) 555", "3704004405", "3704 0044", "1931-06-05", "536-22-8726", "5362287",
	"203.0.113.77", "00:1b:44", "1a1zp1ep5q", "akiaiosfodnn7", strings.ToLower(maskKey), strings.ToLower(customerKey),
}

// luhn appends the digit that makes a number valid.
func luhn(digits string) string {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return fmt.Sprint(digits, (10-sum%10)%10)
}

// canaryEvent is what a shopper sends, which may be broken in one of many ways, and what is to
// become of it.
func canaryEvent(t *testing.T, i int) (text string, fate fate) {
	t.Helper()
	e := shopper(i % 300)
	customer, fate := e["customer"].(map[string]any), passes
	switch i % 25 {
	case 1:
		return `{"customer":{"id":"canary`, fails
	case 2:
		return oneLineOf(t, e) + ` {"email":"canary@example.org"}`, fails
	case 3:
		return "canary\x00@example.org", fails
	case 4:
		customer["phone"], fate = "canary 12", fails // too few digits
	case 5:
		e["visit"], fate = map[string]any{"at": "canary"}, fails
	case 6:
		e["client"], fate = map[string]any{"ip": map[string]any{"canary": "canary"}}, fails
	case 7:
		customer["born"], fate = []any{"canary"}, fails
	case 8:
		delete(customer, "id") // whose day is it?
		fate = fails
	case 9:
		delete(e, "consent")
		fate = goes
	case 10:
		e["consent"], fate = map[string]any{"analytics": "canary"}, goes
	case 11:
		e["amount"], fate = "canary.5@example.org", fails // masked, and no amount
	case 12:
		e["at"], fate = "canary@example.org", fails
	case 13:
		customer["id"], fate = map[string]any{"canary": []any{"canary"}}, fails
	case 14:
		return strings.Repeat(`{"a":`, 200) + oneLineOf(t, e) + strings.Repeat("}", 200), goes
	case 15:
		line := oneLineOf(t, e)
		return line[:len(line)-1] + strings.Repeat(`,"x":{"a":["canary@example.org",`, 70) + "0" + strings.Repeat("]}", 70) + "}", fails
	case 16:
		if i%500 == 16 { // the end is more than is looked at
			e["text"] = strings.Repeat("word ", 13_200) + strings.Repeat(" canary", 20_000)
		}
	case 17:
		line := oneLineOf(t, e)
		return line[:len(line)-1] + `,"text":"canary@example.org","text":"to \u0063anary@example.org"}`, passes
	case 18:
		customer["account"], fate = "e_canary_canarycanarycanary", passes // only looks like a token
	}
	return oneLineOf(t, e), fate
}

// fate is what becomes of a message.
type fate int

const (
	passes fate = iota
	fails
	goes
)

func oneLineOf(t *testing.T, v any) string {
	t.Helper()
	line, err := json.Marshal(v)
	require.NoError(t, err)
	return string(line)
}

// canaryShop is a process in streams mode on a topic that is full of canaries.
type canaryShop struct {
	dir, address string
	out, dead    *follower
	want         [3]int            // messages by their fate
	seen         map[string]string // of a place, what is around a canary; "" when none is there
	shown        string            // what the endpoints answered last
	again        func(*testing.T)  // has the topic read from its beginning
}

func newCanaryShop(t *testing.T, messages int, mask string) *canaryShop {
	t.Helper()
	c := &canaryShop{dir: t.TempDir(), address: free(t), seen: map[string]string{}}
	c.out, c.dead = follow(filepath.Join(c.dir, "out.jsonl")), follow(filepath.Join(c.dir, "dead.jsonl"))
	brokers := broker(t, "events", 2)
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic("events"), kgo.ProducerBatchMaxBytes(1<<20))
	require.NoError(t, err)
	defer client.Close()
	var records []*kgo.Record
	for i := range messages {
		text, fate := canaryEvent(t, i)
		c.want[fate]++
		records = append(records, &kgo.Record{
			Key: fmt.Append(nil, "canary-customer-", i%300), Value: []byte(text),
			Headers: []kgo.RecordHeader{{Key: "user", Value: []byte("canary")}, {Key: "canary", Value: []byte("canary@example.org")}},
		})
	}
	require.NoError(t, client.ProduceSync(t.Context(), records...).FirstErr())
	write(t, c.dir, "main.yaml", "http: { address: "+c.address+", debug_endpoints: true }\nlogger: { level: ALL }\nmetrics: { prometheus: {} }\n")
	write(t, c.dir, "resources.yaml", storeResource)
	write(t, c.dir, "shop.yaml", fmt.Sprintf(canaryStream, brokers, "first", mask))
	c.again = func(t *testing.T) {
		t.Helper()
		write(t, c.dir, "shop.yaml", fmt.Sprintf(canaryStream, brokers, "again", mask))
	}
	return c
}

func (c *canaryShop) start(t *testing.T) *shoal {
	t.Helper()
	return command(t, c.dir, "streams", "-o", "main.yaml", "-r", "resources.yaml", "shop.yaml")
}

// ask asks all endpoints.
func (c *canaryShop) ask(t *testing.T) {
	t.Helper()
	c.shown = ""
	for _, path := range []string{
		"/ping", "/ready", "/version", "/endpoints", "/metrics", "/stats", "/streams", "/streams/shop", "/streams/shop/stats", "/shop/metrics", "/shop/ready",
		"/debug/config/json", "/debug/config/yaml", "/debug/stack", "/debug/vars",
		"/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/pprof/heap?debug=1", "/debug/pprof/cmdline",
	} {
		response, err := http.Get("http://" + c.address + path)
		if err != nil {
			continue // it is not up yet, or was killed
		}
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		c.shown += fmt.Sprintf("GET %s: %s\n%s\n", path, response.Status, body)
	}
	c.search("the endpoints", c.shown)
}

// search looks for canaries in what was found in a place.
func (c *canaryShop) search(place, text string) {
	lower := strings.ToLower(text)
	for _, canary := range canaries {
		if at := strings.Index(lower, canary); at >= 0 {
			c.seen[place] = fmt.Sprintf("%q in ...%q", canary, lower[max(0, at-300):min(len(lower), at+100)])
			return
		}
	}
	c.seen[place] += ""
}

// ended looks into the log of a process.
func (c *canaryShop) ended(p *shoal) { c.search("the log", p.output.String()) }

func (c *canaryShop) look(t *testing.T) (news int) {
	t.Helper()
	return c.out.look(t) + c.dead.look(t)
}

// finish waits until all is told, and asks a last time.
func (c *canaryShop) finish(t *testing.T, p *shoal) {
	t.Helper()
	require.Eventually(t, func() bool {
		c.look(t)
		return len(c.out.seen) >= c.want[passes] && len(c.dead.seen) >= c.want[fails]
	}, 2*time.Minute, 20*time.Millisecond, "%.4000s", &p.output)
	c.ask(t)
	p.stop(t)
	c.ended(p)
}

// searchFiles looks into all that the processes have written.
func (c *canaryShop) searchFiles(t *testing.T) {
	t.Helper()
	for _, name := range []string{"out.jsonl", "dead.jsonl"} {
		c.search(name, read(t, filepath.Join(c.dir, name)))
	}
	state := filepath.Join(c.dir, "state")
	require.NoError(t, filepath.WalkDir(state, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		c.search("the state", read(t, path))
		return nil
	}))
	for key, value := range contents(t, state) { // were it compressed in the files
		c.search("the records", key+" "+value)
	}
}

// What privacy_mask is told to hide is in no place that a process writes to or answers from,
// whatever is in the messages, and whatever happens to the process.
func TestKillAmidMarkedMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	t.Parallel()
	inRounds(t, escape)
}

// escape kills a process with canaries again and again, and looks for them.
func escape(t *testing.T, round uint64) {
	t.Helper()
	c := newCanaryShop(t, 10_000, canaryMask)
	write(t, c.dir, "2026-11.key", maskKey)
	for _, key := range []string{"", "not base64 " + customerKey, customerKey[:20]} { // nothing is read
		if key != "" {
			write(t, c.dir, "customer.key", key)
		}
		p := c.start(t)
		require.Error(t, p.end(time.Minute), "a key is missing, too short or none")
		c.ended(p)
		require.Zero(t, c.look(t))
	}
	write(t, c.dir, "customer.key", customerKey)

	random := rand.New(rand.NewPCG(21, round))
	kills := 0
	for ; kills < 8 && len(c.out.seen) < c.want[passes]; kills++ {
		p := c.start(t)
		if random.IntN(4) > 0 {
			require.Eventually(t, func() bool { return c.look(t) > 0 }, time.Minute, 5*time.Millisecond, "%.4000s", &p.output)
			c.ask(t)
		}
		require.False(t, p.finishes(t, time.Duration(random.IntN(200))*time.Millisecond))
		c.ended(p)
		c.look(t)
	}
	c.finish(t, c.start(t))
	t.Logf("%d messages passed, %d failed, %d had to go; killed %d times", c.want[passes], c.want[fails], c.want[goes], kills)
	require.Positive(t, kills)
	assert.Len(t, c.out.seen, c.want[passes])
	assert.Len(t, c.dead.seen, c.want[fails])

	out, dead := c.out.seen, c.dead.seen
	c.out.seen, c.dead.seen = map[place]int{}, map[place]int{}
	c.again(t)
	p := c.start(t)
	c.finish(t, p)
	assert.Contains(t, p.output.String(), "level=trace", "the log has all")
	assert.Len(t, c.out.seen, len(out), "of those that came once more")
	assert.Len(t, c.dead.seen, len(dead))

	c.searchFiles(t)
	assert.Len(t, c.seen, 6)
	for place, what := range c.seen {
		assert.Empty(t, what, place)
	}
	assert.Contains(t, c.shown, "pseudonymize", "the endpoints show the configuration")
	assert.Contains(t, c.shown, `seen{customer="p_customer_`, "the endpoints show metrics")
}

// In run mode, the endpoints show no key, from wherever it is.
func TestKeysAreNotShown(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), free(t)
	write(t, dir, "shoal.yaml", "http: { address: "+address+", debug_endpoints: true }\n"+`
input: { http_server: { address: "`+free(t)+`", path: /post } }
pipeline:
  processors:
    - privacy_mask: { rules: [ { path: a, encrypt: {} } ], keys: [ { id: k, secret: "${SHOAL_KEY}" } ] }
output: { drop: {} }
`)
	p := launch(t, dir, []string{asShoal + "=1", "SHOAL_KEY=" + maskKey}, "run", "shoal.yaml")
	for _, path := range []string{"/debug/config/json", "/debug/config/yaml"} {
		var body []byte
		require.Eventually(t, func() bool {
			response, err := http.Get("http://" + address + path)
			if err != nil {
				return false
			}
			body, err = io.ReadAll(response.Body)
			return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
		}, time.Minute, 20*time.Millisecond)
		assert.Contains(t, string(body), "privacy_mask")
		assert.NotContains(t, string(body), maskKey)
	}
	p.stop(t)
	assert.NotContains(t, p.output.String(), maskKey)
}

// Without the mask, the same search finds canaries in each of these places.
func TestMarkedMessagesAreFound(t *testing.T) {
	t.Parallel()
	c := newCanaryShop(t, 200, "")
	c.want = [3]int{50, 10, 0}
	c.finish(t, c.start(t))
	c.searchFiles(t)
	assert.Len(t, c.seen, 6)
	for place, what := range c.seen {
		assert.NotEmpty(t, what, place)
	}
	output, found := strings.ToLower(read(t, c.out.path)), 0
	for _, canary := range canaries {
		if strings.Contains(output, canary) {
			found++
		}
	}
	assert.Equal(t, len(canaries)-6, found, "all but two keys, one in base64, and a number that is written otherwise")
}
