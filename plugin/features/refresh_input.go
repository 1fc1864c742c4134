package features

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Jeffail/checkpoint"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/shoal-stream/shoal/plugin/message"
	"github.com/shoal-stream/shoal/plugin/store"
)

// refreshInput is the input feature_refresh. Its messages are acknowledged in any order;
// what is stored is how far all were.
type refreshInput struct {
	store    *store.Label
	set      string
	profiles *Profiles
	event    bool             // the clock is that of the events
	wall     func() time.Time // the other one
	key      message.Path
	result   message.Path
	cursor   []byte // the key of the record of progress
	damage   *damage

	mu      sync.Mutex // guards what follows
	pace    pace
	after   string // the last customer who had their turn
	pending *checkpoint.Uncapped[progress]
	saved   time.Time // when progress was stored last
}

func newRefreshFromConfig(conf *service.ParsedConfig, res *service.Resources) (_ *refreshInput, err error) {
	in := &refreshInput{wall: time.Now, pending: checkpoint.NewUncapped[progress]()}
	if in.set, err = conf.FieldString(feFieldFeatureSet); err != nil {
		return nil, err
	}
	in.profiles = ProfilesOf(in.set)
	in.damage = newDamage(res, in.set)
	if err = in.parseClock(conf); err != nil {
		return nil, err
	}
	if err = in.parsePaths(conf); err != nil {
		return nil, err
	}
	in.cursor = append(progressPrefix(in.set), sweepOf(res)...)
	label, err := conf.FieldString(feFieldStore)
	if err != nil {
		return nil, err
	}
	if in.store, err = store.Use(res, label); err != nil {
		return nil, err
	}
	ctx := context.Background()
	return in, in.store.Do(ctx, func(s *store.Store) error {
		_, err := censusOf(ctx, s, in.set)
		return err
	})
}

// sweepOf tells the sweeps of a feature set apart: each input of each pipeline sweeps for
// itself. One with a label is the same wherever it stands; one without is known by its place.
func sweepOf(res *service.Resources) string {
	if label := res.Label(); label != "" {
		return res.StreamID() + "\x00" + label
	}
	return res.StreamID() + "\x00\x00" + strings.Join(res.Path(), "\x00")
}

// parseClock reads what sets the pace. On the wall, a sweep that was held up makes up for a
// minute: more would be a burst. Event time comes in jumps, and a replay is to be refreshed
// all the way, so a whole pass is made up for.
func (in *refreshInput) parseClock(conf *service.ParsedConfig) error {
	clock, err := conf.FieldString(frFieldClock)
	if err != nil {
		return err
	}
	if clock != clockWall && clock != clockEvent {
		return fmt.Errorf("%s %q: use %s or %s", frFieldClock, clock, clockWall, clockEvent)
	}
	in.event = clock == clockEvent
	if in.pace.every, err = durationField(conf, frFieldEvery); err != nil {
		return err
	}
	if in.pace.every <= 0 {
		return fmt.Errorf("%s %v: use a time above 0, such as 24h", frFieldEvery, in.pace.every)
	}
	in.pace.slack = in.pace.every
	if !in.event {
		in.pace.slack = min(in.pace.every, time.Minute)
	}
	return nil
}

func (in *refreshInput) parsePaths(conf *service.ParsedConfig) error {
	for field, to := range map[string]*message.Path{frFieldKeyField: &in.key, feFieldResult: &in.result} {
		text, err := conf.FieldString(field)
		if err != nil {
			return err
		}
		if *to, err = message.ParsePath(text); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	for _, pair := range [][2]message.Path{{in.key, in.result}, {in.result, in.key}, {in.key, {refreshAt}}, {in.result, {refreshAt}}} {
		if n := min(len(pair[0]), len(pair[1])); slices.Equal(pair[0][:n], pair[1][:n]) {
			return fmt.Errorf("%s, %s and %s would be in one place of the message: give each a place of its own", frFieldKeyField, feFieldResult, refreshAt)
		}
	}
	return nil
}

// Connect finds where the last process went on to. The first on a store begins now on the
// wall, which is stored, as it may be ended before anybody's turn comes; in event time, a
// whole pass is due.
func (in *refreshInput) Connect(ctx context.Context) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pending = checkpoint.NewUncapped[progress]()
	err := in.store.Do(ctx, func(s *store.Store) error {
		return s.View(ctx, func(r store.Reader) error {
			stored, err := r.Get(in.cursor)
			if err != nil {
				return err
			}
			p := progress{at: never}
			if stored != nil {
				if p, err = decodeProgress(stored); err != nil {
					return fmt.Errorf("feature set %q: %w", in.set, err)
				}
			}
			in.after, in.pace.at = p.after, p.at
			return nil
		})
	})
	if err != nil || in.event || in.pace.at != never {
		return err
	}
	in.pace.at = in.wall().UnixNano()
	return in.keep(ctx, &progress{at: in.pace.at}, 0)
}

// refreshAtOnce is how many customers are read at once: in one short transaction, and for
// one batch.
const refreshAtOnce = 100

// ReadBatch waits for customers whose turn it is, and who were silent.
func (in *refreshInput) ReadBatch(ctx context.Context) (service.MessageBatch, service.AckFunc, error) {
	for {
		batch, ack, rest, err := in.readMore(ctx)
		if err != nil || len(batch) > 0 {
			return batch, ack, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(rest):
		}
	}
}

// readMore gives the next customers their turns. Without a batch, it says how long to wait.
func (in *refreshInput) readMore(ctx context.Context) (batch service.MessageBatch, ack service.AckFunc, rest time.Duration, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	turns := 0
	err = in.store.Do(ctx, func(s *store.Store) error {
		census, err := censusOf(ctx, s, in.set)
		if err != nil {
			return err
		}
		customers, now := census.look()
		if !in.event {
			now = in.wall().UnixNano()
		}
		if turns = min(in.pace.turns(now, customers), customers, refreshAtOnce); turns == 0 {
			rest = in.idle(now, customers)
			return nil
		}
		if batch, err = in.sweep(ctx, s, turns, now); err != nil {
			return err
		}
		in.pace.take(turns, customers)
		return nil
	})
	if err != nil || turns == 0 {
		return nil, nil, rest, err
	}
	resolve := in.pending.Track(progress{in.after, in.pace.at}, int64(max(len(batch), 1)))
	if len(batch) == 0 {
		return nil, nil, 0, in.keep(ctx, resolve(), time.Second)
	}
	return batch, func(ctx context.Context, err error) error {
		if err != nil {
			return nil // it is delivered again
		}
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.keep(ctx, resolve(), 0)
	}, 0, nil
}

// idle is how long to wait for a turn. Event time goes on when it does.
func (in *refreshInput) idle(now int64, customers int) time.Duration {
	const look = 50 * time.Millisecond
	if in.event {
		return look
	}
	return in.pace.rest(now, customers)
}

// sweep reads the customers whose turn it is, in the order of their keys, from the first
// again after the last. It gives messages of those who were silent.
func (in *refreshInput) sweep(ctx context.Context, s *store.Store, turns int, now int64) (batch service.MessageBatch, err error) {
	silentSince := max(now, math.MinInt64+int64(in.pace.every)) - int64(in.pace.every)
	at := instant(now)
	err = s.View(ctx, func(r store.Reader) error {
		after := in.after
		for left := turns; ; {
			read, next, err := in.profiles.silent(ctx, s, r, after, left, silentSince, now, func(customer string, c *Customer) {
				batch = append(batch, in.message(customer, c, at))
			}, in.damage.note)
			if err != nil {
				return err
			}
			left -= read
			if left == 0 || after == "" {
				in.after = next
				return nil
			}
			after = next // the pass has ended, and the next begins
		}
	})
	return batch, err
}

// refreshAt is the name of the instant in a message.
const refreshAt = "at"

func (in *refreshInput) message(customer string, c *Customer, at string) *service.Message {
	content := map[string]any{refreshAt: at}
	put(content, in.key, customer)
	put(content, in.result, c.Features)
	m := service.NewMessage(nil)
	m.SetStructured(content)
	m.MetaSetMut(metaAsOf, at)
	m.MetaSetMut(metaVersion, int64(c.Version))
	return message.WithRefresh(m, message.Refresh{
		FeatureSet: in.set, Customer: customer, At: c.AsOf, Seen: c.LastSeen, Version: c.Version,
	})
}

// put sets a value in an object that is being made.
func put(object map[string]any, path message.Path, value any) {
	for _, name := range path[:len(path)-1] {
		next, ok := object[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			object[name] = next
		}
		object = next
	}
	object[path[len(path)-1]] = value
}

// keep stores how far all messages were acknowledged, nil when that is as far as before;
// not more often than once in a while.
func (in *refreshInput) keep(ctx context.Context, done *progress, while time.Duration) error {
	if done == nil || time.Since(in.saved) < while {
		return nil
	}
	in.saved = time.Now()
	return in.store.Do(ctx, func(s *store.Store) error {
		erasures, err := erasuresOf(s)
		if err != nil {
			return err
		}
		return s.Update(ctx, []store.Lock{store.LockOf(in.cursor)}, func(tx *store.Tx) error {
			hold := erasures.share(tx)
			tx.BeforeCommit(func() error {
				hold()
				return s.View(ctx, func(r store.Reader) error {
					p, err := done.amongKnown(r, in.set)
					tx.Set(in.cursor, p.encode())
					return err
				})
			})
			return nil
		})
	})
}

// Close has nothing to do: progress is stored as messages are acknowledged.
func (in *refreshInput) Close(context.Context) error { return nil }
