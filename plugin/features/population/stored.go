package population

import (
	"fmt"

	"github.com/shoal-stream/shoal/plugin/record"
)

// Load reads a population. It errs if what is stored cannot be one.
func Load(from Reader) (*Population, error) {
	p := &Population{}
	err := from.Scan([]byte{kindPage}, func(key, value []byte) error {
		number, err := parseKey(key, 3)
		if err != nil {
			return err
		}
		return p.loadPage(placePage(number), value)
	})
	if err != nil {
		return nil, err
	}
	changes, err := readJournal(from, func(number uint32, length int) {
		p.journal.add(number, entry{length: length})
	})
	if err != nil {
		return nil, err
	}
	return p, p.change(changes)
}

func (p *Population) loadPage(at placePage, stored []byte) error {
	if at.slot() >= maxSlots {
		return fmt.Errorf("the key of a page of slot %d: %w", at.slot(), ErrDamaged)
	}
	return p.sketch(at.slot()).load(at, stored)
}

// load reads a page that is after all others.
func (s *Sketch) load(at placePage, stored []byte) error {
	r := record.Read(stored)
	version := r.Byte()
	if !r.Damaged() && version != pageVersion {
		return fmt.Errorf("reading a page of votes of version %d: %w", version, ErrDamaged)
	}
	if n := len(s.pages); n > 0 && s.pages[n-1].number >= at.number() {
		r.Refuse()
	}
	s.take(&r, uint64(at.number()))
	if !r.Complete() {
		return fmt.Errorf("reading a page of votes: %w", ErrDamaged)
	}
	return nil
}

// readJournal adds up the records of the journal that are stored.
func readJournal(from Reader, each func(number uint32, length int)) ([]change, error) {
	var changes []change
	err := from.Scan([]byte{kindJournal}, func(key, value []byte) error {
		number, err := parseKey(key, 4)
		if err != nil {
			return err
		}
		each(number, len(value))
		changes, err = decodeChanges(changes, value)
		return err
	})
	return net(changes), err
}

// Fold writes the pages that the journal changes, and deletes its records. Run it when it is
// [Population.Due], in a transaction of its own that no other fold runs beside; batches may.
// After the commit, call settle. When there is none, the journal stays, and the next fold
// does it.
func (p *Population) Fold(from Reader, to Writer) (settle func(), err error) {
	var folded []uint32
	changes, err := readJournal(from, func(number uint32, _ int) {
		p.find(number)
		folded = append(folded, number)
	})
	if err != nil {
		return nil, err
	}
	for len(changes) > 0 {
		at, n := changes[0].at.page(), 1
		for n < len(changes) && changes[n].at.page() == at {
			n++
		}
		if err := foldPage(from, to, at, changes[:n]); err != nil {
			return nil, err
		}
		changes = changes[n:]
	}
	for _, number := range folded {
		to.Delete(journalKey(number))
	}
	return func() { p.settle(folded) }, nil
}

func foldPage(from Reader, to Writer, at placePage, changes []change) error {
	stored, err := from.Get(pageKey(at))
	if err != nil {
		return err
	}
	var page Sketch // of this page alone
	if stored != nil {
		if err := page.load(at, stored); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if err := page.change(c.at.bucket(), c.votes); err != nil {
			return err
		}
	}
	if page.votes == 0 {
		to.Delete(pageKey(at))
		return nil
	}
	to.Put(pageKey(at), page.pages[0].append([]byte{pageVersion}))
	return nil
}
