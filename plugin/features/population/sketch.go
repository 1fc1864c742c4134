package population

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrDamaged is wrapped by all errors of this package about state: counts, ballots and
// records that cannot belong together.
var ErrDamaged = errors.New("the population of a feature set is damaged: restore the newest backup to a new path")

// maxVotes is how many votes a sketch takes: their number is exact as a float64.
const maxVotes = 1 << 53

// Sketch counts the votes for each bucket of one feature. The zero Sketch has none. It is
// not safe for concurrent use.
//
// Adding and removing take O(log pages), that is, constant time; a customer's vote moves
// little, so a page is a range of neighbours.
type Sketch struct {
	votes uint64
	pages []*page // by number; none is empty
}

// page holds the counts of 64 buckets: half a factor of two.
type page struct {
	number uint16 // the high bits of its buckets
	votes  uint64
	counts [pageSize]uint64
}

const (
	pageBits = 6
	pageSize = 1 << pageBits
)

func (b Bucket) page() uint16 { return uint16(b >> pageBits) }

// Count is the number of votes, abstentions aside.
func (s *Sketch) Count() uint64 { return s.votes }

// Add counts a vote. An abstention is none.
func (s *Sketch) Add(b Bucket) error { return s.change(b, 1) }

// Remove takes back a vote that was added. It errs, and changes nothing, if there is none.
func (s *Sketch) Remove(b Bucket) error { return s.change(b, -1) }

// Merge adds the votes of another sketch, such as that of other customers. It errs, and
// changes nothing, if they are too many to count.
func (s *Sketch) Merge(other *Sketch) error {
	if s.votes+other.votes > maxVotes {
		return fmt.Errorf("there are more than 2^53 votes: %w", ErrDamaged)
	}
	for _, p := range other.pages {
		for place, count := range &p.counts {
			if count > 0 {
				if err := s.change(p.bucket(place), int64(count)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// change adds to a count. It errs, and changes nothing, where the count would be what a
// number of votes cannot be.
func (s *Sketch) change(b Bucket, votes int64) error {
	if b == Abstention || votes == 0 {
		return nil
	}
	i, found := s.find(b.page())
	if !found {
		if votes < 0 {
			return fmt.Errorf("a vote to take back was never cast: %w", ErrDamaged)
		}
		s.pages = slices.Insert(s.pages, i, &page{number: b.page()})
	}
	p := s.pages[i]
	count := &p.counts[b%pageSize]
	switch {
	case votes < 0 && *count < uint64(-votes):
		return fmt.Errorf("a vote to take back was never cast: %w", ErrDamaged)
	case votes > 0 && s.votes+uint64(votes) > maxVotes:
		if p.votes == 0 {
			s.pages = slices.Delete(s.pages, i, i+1)
		}
		return fmt.Errorf("there are more than 2^53 votes: %w", ErrDamaged)
	}
	*count += uint64(votes) // wraps around for a negative number, as it should
	p.votes += uint64(votes)
	s.votes += uint64(votes)
	if p.votes == 0 {
		s.pages = slices.Delete(s.pages, i, i+1)
	}
	return nil
}

// find is the place of a page, or the one where it belongs.
func (s *Sketch) find(number uint16) (place int, found bool) {
	return slices.BinarySearchFunc(s.pages, number, func(p *page, number uint16) int {
		return cmp.Compare(p.number, number)
	})
}

func (p *page) bucket(place int) Bucket { return Bucket(p.number)<<pageBits | Bucket(place) }
