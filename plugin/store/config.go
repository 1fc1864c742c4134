package store

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/duration"
)

const (
	ssFieldPath          = "path"
	ssFieldInMemory      = "in_memory"
	ssFieldDurability    = "durability"
	ssFieldEncryptionKey = "encryption_key"
	ssFieldMemoryBudget  = "memory_budget"
	ssFieldMinFree       = "min_free"
	ssFieldRetention     = "retention"
	ssFieldMoves         = "moves"
	ssFieldPerCustomer   = "moves_per_customer"
	ssFieldEvents        = "events"

	durabilityProcess = "process"
	durabilityPower   = "power"
)

func storeSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Where Shoal keeps its state: an embedded Badger database. It is a persistent cache as well.").
		Description(`
Processors name this resource by its label in their field `+"`store`"+`. Resources that name the same directory in one process share one database; a directory belongs to one process at a time.

As a cache it supports get, set, add and delete with a TTL, for processors such as `+"`dedupe` and `cached`"+`: items survive a restart, and stay apart by label.

State survives the death of the process at any instant. With `+"`durability: power`"+` it survives a loss of power, too; commits then wait for the disk, which costs little for batches of 100 messages or more.`).
		Fields(
			service.NewStringField(ssFieldPath).
				Description("Directory of the database, created if absent. Use a local disk, one directory for each process. It is made readable for its user only; so is an empty one that is there, if it is this user's.").
				Default("").Example("./state"),
			service.NewBoolField(ssFieldInMemory).
				Description("Keep nothing on disk, for tests and demonstrations; `path` is ignored. By default state is on disk.").
				Default(false),
			service.NewStringEnumField(ssFieldDurability, durabilityProcess, durabilityPower).
				Description("What a commit survives: `process`, the default, the death of the process; `power` also a loss of power.").
				Default(durabilityProcess),
			service.NewStringField(ssFieldEncryptionKey).
				Description("Base64 of 16, 24 or 32 random bytes: encrypts the files with AES. Empty, the default: not encrypted. It cannot be changed for existing state.").
				Default("").Secret(),
			service.NewStringField(ssFieldMemoryBudget).
				Description("Sizes memtables and caches, so that the memory of the store stays near it. At least 32MiB.").
				Default("256MiB"),
			service.NewStringField(ssFieldMinFree).
				Description("Free space on the disk below which commits are refused until there is room again; messages fail meanwhile and nothing is lost. It leaves room for compactions: keep it at `memory_budget` or more, and at 128MiB or more. 0 turns the check off: a full disk then kills the process.").
				Default("256MiB"),
			service.NewObjectField(ssFieldRetention,
				service.NewStringField(ssFieldMoves).
					Description("For how long the moves of customers between segments are kept; 0s: for ever.").Default("90d"),
				service.NewIntField(ssFieldPerCustomer).
					Description("How many moves of a customer are kept, the last ones.").Default(defaultMovesPerCustomer),
				service.NewStringField(ssFieldEvents).
					Description("For how long the births, deaths, splits, merges and revivals of segments are kept, and drift alarms; 0s: for ever.").Default("365d"),
			).Description("How long history is kept, by the clock on the wall."),
		).
		Example("State on a volume, encrypted", "The key comes from the environment.", `
cache_resources:
  - label: customers
    segment_store:
      path: /state
      encryption_key: ${SHOAL_STATE_KEY}
`).
		Example("Deduplication that survives a restart", "The embedded persistent cache as the memory of a `dedupe` processor.", `
cache_resources:
  - label: seen
    segment_store:
      path: ./seen

pipeline:
  processors:
    - dedupe:
        cache: seen
        key: ${! json("order_id") }
`)
}

// Register adds the cache segment_store and the processor segment_backup to an environment.
func Register(env *service.Environment) error {
	return errors.Join(
		env.RegisterCache("segment_store", storeSpec(), func(conf *service.ParsedConfig, res *service.Resources) (service.Cache, error) {
			return newStoreFromConfig(conf, res)
		}),
		env.RegisterProcessor("segment_backup", backupSpec(), func(conf *service.ParsedConfig, res *service.Resources) (service.Processor, error) {
			return newBackupFromConfig(conf, res)
		}),
	)
}

func newStoreFromConfig(conf *service.ParsedConfig, res *service.Resources) (*cache, error) {
	options, err := parseOptions(conf)
	if err != nil {
		return nil, err
	}
	options.Logger = res.Logger()
	s, err := Open(options)
	if err != nil {
		return nil, err
	}
	res.SetGeneric(handleKey(res.Label()), s)
	return &cache{store: s, label: res.Label(), stop: exportMetrics(s, res.Metrics())}, nil
}

func parseOptions(conf *service.ParsedConfig) (o Options, err error) {
	if o.Path, err = conf.FieldString(ssFieldPath); err != nil {
		return o, err
	}
	if o.InMemory, err = conf.FieldBool(ssFieldInMemory); err != nil {
		return o, err
	}
	durability, err := conf.FieldString(ssFieldDurability)
	if err != nil {
		return o, err
	}
	o.SyncWrites = durability == durabilityPower

	secret, err := conf.FieldString(ssFieldEncryptionKey)
	if err != nil {
		return o, err
	}
	if o.EncryptionKey, err = DecodeKey(secret); err != nil {
		return o, err
	}
	if o.MemoryBudget, err = parseBytes(conf, ssFieldMemoryBudget); err != nil {
		return o, err
	}
	if o.MinFree, err = parseBytes(conf, ssFieldMinFree); err != nil {
		return o, err
	}
	if o.Retention, err = parseRetention(conf); err != nil {
		return o, err
	}
	return o, o.check()
}

func parseRetention(conf *service.ParsedConfig) (r Retention, err error) {
	for field, d := range map[string]*time.Duration{ssFieldMoves: &r.Moves, ssFieldEvents: &r.Events} {
		text, err := conf.FieldString(ssFieldRetention, field)
		if err != nil {
			return r, err
		}
		if *d, err = duration.Parse(text); err != nil {
			return r, fmt.Errorf("segment_store retention.%s: %w", field, err)
		}
	}
	r.MovesPerCustomer, err = conf.FieldInt(ssFieldRetention, ssFieldPerCustomer)
	return r, err
}

// DecodeKey reads an encryption key as users write it: base64, or empty for none.
func DecodeKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return nil, errors.New("segment_store encryption_key is not base64: use 16, 24 or 32 random bytes, such as from: openssl rand -base64 32")
	}
	return key, nil
}

func parseBytes(conf *service.ParsedConfig, field string) (int64, error) {
	text, err := conf.FieldString(field)
	if err != nil {
		return 0, err
	}
	bytes, err := humanize.ParseBytes(text)
	if err != nil || bytes > 1<<50 {
		return 0, fmt.Errorf("segment_store %s %q: use a size such as 256MiB or 1GiB", field, text)
	}
	return int64(bytes), nil
}
