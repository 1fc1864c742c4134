package streams

import (
	"fmt"
	"math/rand/v2"
)

// Kind is how the clusters of a stream drift.
type Kind int

// The kinds of drift.
const (
	Stable Kind = iota
	Moving
	Changing
	Sequential
	MultiDrift
)

// Kinds are all kinds.
var Kinds = []Kind{Stable, Moving, Changing, Sequential, MultiDrift}

// String names the kind.
func (k Kind) String() string {
	switch k {
	case Stable:
		return "stable"
	case Moving:
		return "moving"
	case Changing:
		return "changing"
	case Sequential:
		return "sequential"
	case MultiDrift:
		return "multidrift"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Config says which stream to make. What is zero is filled in: 20,000 points, and from the seed
// 2 to 10 dimensions and 3 to 8 clusters (over the whole stream: 6 to 12 of a sequential one, 6 to
// 10 of a multi-drift one).
type Config struct {
	Kind     Kind
	Noisy    bool
	Seed     uint64
	Points   int
	Dims     int
	Clusters int
}

// String names the stream.
func (c Config) String() string {
	noise := "clean"
	if c.Noisy {
		noise = "noisy"
	}
	return fmt.Sprintf("%v-%s-%d", c.Kind, noise, c.Seed)
}

// Which sequence of random numbers a step draws from.
const (
	forConfig = iota
	forPlan
	forPoints
)

// rng is the sequence of random numbers of a step.
func (c Config) rng(step uint64) *rand.Rand {
	return rand.New(rand.NewPCG(c.Seed, uint64(c.Kind)<<8|step))
}

// filled is the config with its defaults.
func (c Config) filled() Config {
	rng := c.rng(forConfig)
	dims := 2 + rng.IntN(9)
	clusters := 3 + rng.IntN(6)
	least := 1
	switch c.Kind {
	case Sequential:
		clusters, least = 6+rng.IntN(7), 4
	case MultiDrift:
		clusters, least = 6+rng.IntN(5), 6
	}
	if c.Points <= 0 {
		c.Points = 20_000
	}
	if c.Dims <= 0 {
		c.Dims = dims
	}
	if c.Clusters <= 0 {
		c.Clusters = clusters
	}
	c.Clusters = max(c.Clusters, least)
	return c
}
