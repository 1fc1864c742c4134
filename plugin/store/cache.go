package store

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

// cache is the store as a complete Benthos cache, for dedupe and cached. Its items
// live under its label, so caches that share a path do not share items.
//
// An item is its expiry in Unix nanoseconds (0: never), then the value. Badger's
// own expiry, in whole seconds, comes later and frees the space.
type cache struct {
	store *Store
	label string
	stop  func()
}

func (c *cache) key(key string) []byte { return Key(KindCache, c.label, []byte(key)) }

func (c *cache) Get(ctx context.Context, key string) (value []byte, err error) {
	err = c.store.View(ctx, func(r Reader) error {
		value, err = live(r, c.key(key))
		return err
	})
	if err == nil && value == nil {
		err = service.ErrKeyNotFound
	}
	return value, err
}

func (c *cache) Set(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	return c.SetMulti(ctx, service.CacheItem{Key: key, Value: value, TTL: ttl})
}

// SetMulti commits all items in one transaction, or in several when they are many.
func (c *cache) SetMulti(ctx context.Context, items ...service.CacheItem) error {
	locks := make([]Lock, len(items))
	for i, item := range items {
		locks[i] = LockOf(c.key(item.Key))
	}
	return c.store.Update(ctx, locks, func(tx *Tx) error {
		for _, item := range items {
			err := tx.Step(func() error {
				c.set(tx, item)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *cache) Add(ctx context.Context, key string, value []byte, ttl *time.Duration) error {
	stored := c.key(key)
	return c.store.Update(ctx, []Lock{LockOf(stored)}, func(tx *Tx) error {
		return tx.Step(func() error {
			old, err := live(tx, stored)
			if err != nil {
				return err
			}
			if old != nil {
				return service.ErrKeyAlreadyExists
			}
			c.set(tx, service.CacheItem{Key: key, Value: value, TTL: ttl})
			return nil
		})
	})
}

func (c *cache) Delete(ctx context.Context, key string) error {
	stored := c.key(key)
	return c.store.Update(ctx, []Lock{LockOf(stored)}, func(tx *Tx) error {
		return tx.Step(func() error {
			tx.Delete(stored)
			return nil
		})
	})
}

// Close is quick and may be called twice: state is safe without it.
func (c *cache) Close(context.Context) error {
	if c.stop == nil {
		return nil
	}
	c.stop()
	c.stop = nil
	return c.store.Close()
}

func (c *cache) set(tx *Tx, item service.CacheItem) {
	var expires time.Time
	var nanoseconds uint64
	if item.TTL != nil {
		expires = time.Now().Add(*item.TTL)
		nanoseconds = uint64(expires.UnixNano())
	}
	value := binary.BigEndian.AppendUint64(make([]byte, 0, 8+len(item.Value)), nanoseconds)
	value = append(value, item.Value...)
	if expires.IsZero() {
		tx.Set(c.key(item.Key), value)
	} else {
		tx.SetUntil(c.key(item.Key), value, expires)
	}
}

// live returns the value of an item that is there and has not expired, else nil.
func live(r Reader, key []byte) ([]byte, error) {
	item, err := r.Get(key)
	if err != nil || item == nil {
		return nil, err
	}
	if len(item) < 8 {
		return nil, errors.New("reading a cached item: it is cut short: delete it, or restore a backup")
	}
	if expires := binary.BigEndian.Uint64(item); expires != 0 && time.Now().UnixNano() >= int64(expires) {
		return nil, nil
	}
	return item[8:], nil
}
