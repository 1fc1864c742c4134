package store

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// child makes the test binary do something as another process, which tests can kill.
const child = "SHOAL_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(child) {
	case "hold":
		hold(os.Args[len(os.Args)-1])
	case "commit":
		commitForEver(os.Args[len(os.Args)-1], os.Getenv("POWER") != "")
	case "fill":
		budget, err := strconv.ParseInt(os.Getenv("BUDGET"), 10, 64)
		must(err)
		fill(os.Args[len(os.Args)-1], budget)
	default:
		os.Exit(m.Run())
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// hold keeps a store open until it is killed.
func hold(path string) {
	_, err := Open(Options{Path: path, MemoryBudget: MinMemoryBudget})
	must(err)
	fmt.Println("open")
	select {}
}

// batchPlaces is how many batches a child keeps: later ones overwrite earlier ones, so
// that tables are written, merged and deleted all the time.
const batchPlaces = 500

// commitForEver commits one batch after the other, each of ten records with its number in
// front, and tells of a batch once it is committed. Now and then it closes the store and opens
// it again, so that a kill may come then as well.
func commitForEver(path string, power bool) {
	options := Options{Path: path, MemoryBudget: MinMemoryBudget, SyncWrites: power}
	s, err := Open(options)
	must(err)
	out := bufio.NewWriter(os.Stdout)
	first, err := strconv.ParseUint(os.Getenv("FIRST"), 10, 64)
	must(err)
	for number := first; ; number++ {
		place := binary.BigEndian.AppendUint16(nil, uint16(number%batchPlaces))
		must(s.Update(context.Background(), nil, func(tx *Tx) error {
			for record := range byte(10) {
				must(tx.Step(func() error {
					tx.Set(Key(KindCache, "batch", append(place, record)), append(binary.BigEndian.AppendUint64(nil, number), make([]byte, 2000)...))
					return nil
				}))
			}
			return nil
		}))
		_, err := fmt.Fprintln(out, number)
		must(errors.Join(err, out.Flush()))
		if number%300 == 0 {
			must(s.Close())
			s, err = Open(options)
			must(err)
		}
	}
}

// fill does 300,000 read-modify-writes of 500 bytes on 200,000 keys, and prints the
// memory that it has of its own then, in kilobytes: without the files that are mapped.
func fill(path string, budget int64) {
	s, err := Open(Options{Path: path, MemoryBudget: budget})
	must(err)
	random := rand.New(rand.NewPCG(1, 0))
	for range 3000 {
		must(s.Update(context.Background(), nil, func(tx *Tx) error {
			for range 100 {
				must(tx.Step(func() error {
					key := benchKey(random.IntN(200_000))
					value, err := tx.Get(key)
					tx.Set(key, modified(value))
					return err
				}))
			}
			return nil
		}))
	}
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	for line := range strings.Lines(string(status)) {
		if kilobytes, found := strings.CutPrefix(line, "RssAnon:"); found {
			fmt.Println(strings.TrimSuffix(strings.TrimSpace(kilobytes), " kB"))
		}
	}
}

// process starts the test binary as a child, and reads what it prints.
func process(t *testing.T, role, path string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(binary, path)
	command.Env = append(append(os.Environ(), child+"="+role), env...)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return command, bufio.NewScanner(out)
}

// lastNumber reads all that a child has printed.
func lastNumber(t *testing.T, out *bufio.Scanner) (last uint64) {
	t.Helper()
	for out.Scan() {
		n, err := strconv.ParseUint(out.Text(), 10, 64)
		if err != nil {
			break // cut off by the kill
		}
		last = n
	}
	return last
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(Options{Path: path, MemoryBudget: MinMemoryBudget})
	require.NoError(t, err)
	return s
}

// inMemory opens a store of the test's own.
func inMemory(t testing.TB) *Store {
	t.Helper()
	s, err := Open(Options{InMemory: true, MemoryBudget: MinMemoryBudget})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func keyOf(name string) []byte { return Key(KindCache, "test", []byte(name)) }

func set(tx *Tx, name, value string) error {
	return tx.Step(func() error {
		tx.Set(keyOf(name), []byte(value))
		return nil
	})
}

// read is the value of a record, "" when there is none.
func read(t testing.TB, s *Store, name string) (value string) {
	t.Helper()
	require.NoError(t, s.View(t.Context(), func(r Reader) error {
		v, err := r.Get(keyOf(name))
		value = string(v)
		return err
	}))
	return value
}
