package features

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/features/aggregate"
	"github.com/shoal-stream/shoal/plugin/store"
)

// silent reads so many customers after one, in the order of their keys, and shows those
// whose newest event is not after an instant, with features as of another. It returns how
// many it has read and the last of them: "" when there are no more.
func (p *Profiles) silent(r store.Reader, after string, most int, since, asOf int64, show func(customer string, c *Customer)) (read int, last string, err error) {
	plan, codec, err := p.bind(r)
	if err != nil || plan == nil {
		return 0, "", err
	}
	prefix := store.Prefix(store.KindProfile, p.set)
	from := prefix
	if after != "" {
		from = append(profileKey(p.set, after), 0)
	}
	last = after
	var profile aggregate.Profile
	err = r.ScanFrom(prefix, from, func(key, stored []byte) error {
		if read == most {
			return errEnough
		}
		read++
		last = string(key[len(prefix):])
		if _, err := decodeProfile(codec, stored, &profile); err != nil {
			return fmt.Errorf("feature set %q: %w", p.set, err)
		}
		if profile.Newest <= since {
			show(last, customerOf(plan, &profile, asOf))
		}
		return nil
	})
	if err == nil {
		return read, "", nil // there are no more
	}
	return read, last, ended(err)
}
