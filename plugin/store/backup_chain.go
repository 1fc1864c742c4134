package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// chain reads a backup of all, and those that go on from it, as one: of each record the newest,
// in order, without those that were deleted. It holds one record of each in memory.
type chain struct {
	before []*link
	last   *link // says which records there are
}

// link is one backup. Its records are in order.
type link struct {
	name  string
	file  *os.File
	from  *entryReader
	ahead item // nil key: none is read yet
	ended bool
}

func openChain(files []string, key []byte) (c *chain, err error) {
	if len(files) == 0 {
		return nil, errors.New("there is no backup to restore: name a file")
	}
	c = &chain{}
	for i, name := range files {
		if err := c.open(name, key); err != nil {
			c.close()
			return nil, err
		}
		this := c.last.from.head
		switch {
		case i == 0 && this.since != mark{}:
			err = fmt.Errorf("%s goes on from another backup: name that one before it, and first the one of all", name)
		case i > 0 && this.since == mark{}:
			err = fmt.Errorf("%s is a backup of all: name it first, or alone", name)
		case i > 0 && this.since != c.before[i-1].from.head.mark:
			err = fmt.Errorf("%s does not go on from %s: name backups in the order in which they were made, none left out", name, files[i-1])
		}
		if err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *chain) open(name string, key []byte) error {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("there is no backup to restore: name one that is there: %w", err)
	}
	if c.last != nil {
		c.before = append(c.before, c.last)
	}
	c.last = &link{name: name, file: file}
	if c.last.from, err = openBackup(file, key); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (c *chain) close() {
	for _, l := range c.before {
		_ = l.file.Close() // it is only read
	}
	if c.last != nil {
		_ = c.last.file.Close()
	}
}

// next is io.EOF after the last record, and once all backups were found sound.
func (c *chain) next() (item, error) {
	e, err := c.last.from.next()
	switch {
	case errors.Is(err, io.EOF):
		return item{}, c.drain()
	case err != nil:
		return item{}, fmt.Errorf("%s: %w", c.last.name, err)
	case e.key != nil:
		return e.item, nil
	}
	for {
		i, err := c.merged()
		if errors.Is(err, io.EOF) {
			return i, fmt.Errorf("%s: it names a record that no backup before it has: %w", c.last.name, errSealedDamaged)
		}
		if err != nil || nameOf(i.key) == e.name {
			return i, err
		}
	}
}

// drain reads what the others have that is gone.
func (c *chain) drain() error {
	for {
		if _, err := c.merged(); err != nil {
			return err
		}
	}
}

// merged is the next record that backups before the last have, of the newest that has it.
func (c *chain) merged() (i item, err error) {
	for _, l := range c.before {
		if err := l.look(); err != nil {
			return i, fmt.Errorf("%s: %w", l.name, err)
		}
		if !l.ended && (i.key == nil || bytes.Compare(l.ahead.key, i.key) <= 0) {
			i = l.ahead
		}
	}
	if i.key == nil {
		return i, io.EOF
	}
	for _, l := range c.before {
		if !l.ended && bytes.Equal(l.ahead.key, i.key) {
			l.ahead = item{}
		}
	}
	return i, nil
}

func (l *link) look() error {
	if l.ended || l.ahead.key != nil {
		return nil
	}
	i, err := l.from.nextRecord()
	switch {
	case errors.Is(err, io.EOF):
		l.ended = true
		return nil
	case err != nil:
		return err
	}
	l.ahead = i
	return nil
}
