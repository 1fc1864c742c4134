package ledger

import "crypto/sha256"

// Parts numbers the parts of messages that were split, among the messages of one batch. A part
// is known by its place among those of its message, as that stays when the message is
// delivered again, and is split in the same way.
//
// An input may also bring one message twice in a batch. So what has the position and the
// content of another is that one again, and no other part: two parts that are equal count once.
// What has changed in between, as by a processor before this one, is another part.
type Parts struct {
	n       int
	content func(i int) ([]byte, error)
	first   map[place]int // the message that came first
	split   map[place]*split
}

// place is a position without its part. The timestamp is in it, so that the message of a topic
// which was made anew is no part of the old one.
type place struct {
	topic     string
	partition int32
	offset    int64
	timestamp int64
}

// split are the different messages of one place.
type split struct {
	numbers map[[sha256.Size]byte]int // by content
	next    int
}

// NewParts numbers the parts in a batch of n messages. Content is that of one of them, and asked
// for only where several have one position: until Number returns for the last of them.
func NewParts(n int, content func(i int) ([]byte, error)) *Parts {
	return &Parts{n: n, content: content}
}

// Number sets the part of the position of message i. Call it for all messages that have a
// position, in their order, and also for those that are not to be applied: they count.
func (l *Parts) Number(i int, p *Position) {
	if l.first == nil {
		l.first = make(map[place]int, l.n)
	}
	at := place{p.Topic, p.Partition, p.Offset, p.Timestamp}
	first, several := l.first[at]
	if !several {
		l.first[at] = i
		return
	}
	s := l.split[at]
	if s == nil {
		if l.split == nil {
			l.split = map[place]*split{}
		}
		s = &split{numbers: map[[sha256.Size]byte]int{}}
		l.split[at] = s
		s.number(l.content(first))
	}
	p.Part = s.number(l.content(i))
}

// number is that of a content. What cannot be read is like nothing else.
func (s *split) number(content []byte, err error) int {
	hash := sha256.Sum256(content)
	if n, again := s.numbers[hash]; again && err == nil {
		return n
	}
	n := s.next
	s.next++
	if err == nil {
		s.numbers[hash] = n
	}
	return n
}
