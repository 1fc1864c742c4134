package features

import (
	"context"

	"github.com/shoal-stream/shoal/plugin/store"
)

// silent reads so many customers after one, in the order of their keys, and shows those
// whose newest event is not after an instant, with features as of another. It returns how
// many it has read and the last of them: "" when there are no more. Those whose
// record is damaged have their turn as well, and damaged is told.
func (p *Profiles) silent(ctx context.Context, s *store.Store, r store.Reader, after string, most int, since, asOf int64, show func(customer string, c *Customer), damaged func(error)) (read int, last string, err error) {
	b, err := p.bind(ctx, s, r)
	if err != nil || b == nil {
		return 0, "", err
	}
	prefix := store.Prefix(store.KindProfile, p.set)
	from := prefix
	if after != "" {
		from = append(profileKey(p.set, after), 0)
	}
	last = after
	var c customer
	err = r.ScanFrom(prefix, from, func(key, stored []byte) error {
		if read == most {
			return errEnough
		}
		read++
		last = string(key[len(prefix):])
		if err := c.decode(b.codec, stored); err != nil {
			damaged(err)
			return nil
		}
		if c.profile.Newest <= since {
			show(last, b.show(&c.profile, asOf))
		}
		return nil
	})
	if err == nil {
		return read, "", nil // there are no more
	}
	return read, last, ended(err)
}
