package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// chain reads a backup of all, and those that go on from it, as one: of each record the newest,
// in order, without those that were deleted.
type chain struct {
	links []*link
	alive []uint64 // those not told yet; nil where there is one link
}

// link is one backup. Its records are in order.
type link struct {
	name  string
	file  *os.File
	from  *itemReader
	ahead item // nil key: none is read yet
	ended bool
}

func openChain(files []string, key []byte) (c *chain, err error) {
	if len(files) == 0 {
		return nil, errors.New("there is no backup to restore: name a file")
	}
	c = &chain{}
	for i, name := range files {
		if err = c.open(name, key); err != nil {
			break
		}
		this := c.links[i].from.head
		switch {
		case i == 0 && this.since != 0:
			err = fmt.Errorf("%s goes on from another backup: name that one before it, and first the one of all", name)
		case i > 0 && this.since == 0:
			err = fmt.Errorf("%s is a backup of all: name it first, or alone", name)
		case i > 0 && (this.lineage != c.links[i-1].from.head.lineage || this.since != c.links[i-1].from.head.version):
			err = fmt.Errorf("%s does not go on from %s: name backups in the order in which they were made, none left out", name, files[i-1])
		}
		if err != nil {
			break
		}
		c.alive = this.alive
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *chain) open(name string, key []byte) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	l := &link{name: name, file: file}
	c.links = append(c.links, l)
	if l.from, err = openBackup(file, key); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (c *chain) close() {
	for _, l := range c.links {
		_ = l.file.Close() // it is only read
	}
}

// next is io.EOF after the last record.
func (c *chain) next() (item, error) {
	for {
		i, err := c.merged()
		switch {
		case len(c.links) == 1:
			return i, err
		case errors.Is(err, io.EOF) && len(c.alive) > 0:
			return i, errSealedDamaged
		case err != nil:
			return i, err
		case len(c.alive) > 0 && c.alive[0] == nameOf(i.key):
			c.alive = c.alive[1:]
			return i, nil
		}
	}
}

// merged is the next record, of the newest link that has it.
func (c *chain) merged() (i item, err error) {
	for _, l := range c.links {
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
	for _, l := range c.links {
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
	i, err := l.from.next()
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
