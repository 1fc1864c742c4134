package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"
)

const (
	sbFieldStore     = "store"
	sbFieldDirectory = "directory"
	sbFieldFullEvery = "full_every"
	sbFieldKeep      = "keep"
)

func backupSpec() *service.ConfigSpec {
	return service.NewConfigSpec().
		Summary("Backs a segment_store up while it is in use, and replaces a message by a receipt.").
		Description(`
The message only says when: send one from a `+"`generate`"+` input each night, or from an `+"`http_server`"+` on demand. A backup is the state at one instant. It is encrypted if the store is.

`+"```json"+`
{"file":"/backups/customers-20261126T020000.000Z-all.backup","of":"all","records":412816,"bytes":98128311,"at":"2026-11-26T02:00:00Z"}
`+"```"+`

The first backup, and each `+"`full_every`"+`-th, is of `+"`all`"+`; the others are of what is `+"`new`"+` since the one before, and 9 bytes for each record that is still there. To restore, name a backup of all and those that follow it, in the order of their names, at a new path:

`+"```sh"+`
shoal store restore --path NEW --from customers-...-all.backup --from customers-...-new.backup
`+"```"+`

A backup has customers who were erased after it. Restoring takes `+"`--erasures`"+`, the store that is replaced or a later backup, and erases them before the new store is there. Use `+"`keep`"+` so that backups do not outlast what may be kept of people.

The store stays open while it is backed up: a reload of the configuration waits for a backup that is under way, which takes seconds for each gigabyte, and longer where the directory is slow. Backups of one store come one after the other. Each commits a few bytes to the store first, so there is none while the disk of the store has less room than `+"`min_free`"+`.`).
		Fields(
			service.NewStringField(sbFieldStore).Description("Label of the segment_store."),
			service.NewStringField(sbFieldDirectory).Description("Where the files go: a directory, which is created if absent; of this store only, as `keep` deletes by the label. It should be on another disk, or be copied elsewhere. What a backup left there that was killed (`.part`) goes with the next one."),
			service.NewIntField(sbFieldFullEvery).Description("How many backups there are from one of all to the next. 1, the default: each is of all.").Default(1),
			service.NewIntField(sbFieldKeep).Description("How many backups of all are kept, with those that go on from them; older ones are deleted once there is a new one. 0, the default, keeps all.").Default(0),
		).
		Example("Each night", "One of all a week, for a month.", `
input:
  generate:
    interval: '0 0 3 * * *'
    mapping: root = {}

pipeline:
  processors:
    - segment_backup: { store: customers, directory: /backups, full_every: 7, keep: 5 }

output:
  reject_errored: # tried again
    drop: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`).
		Example("On demand, over HTTP", "The answer is the receipt.", `
input:
  http_server:
    path: /backup

pipeline:
  processors:
    - segment_backup: { store: customers, directory: /backups }

output:
  sync_response: {}

cache_resources:
  - label: customers
    segment_store:
      path: ./state
`)
}

// backupProcessor is the processor segment_backup.
type backupProcessor struct {
	store     *Label
	label     string
	directory string
	fullEvery int
	keep      int
	now       func() time.Time
	logger    *service.Logger
}

func newBackupFromConfig(conf *service.ParsedConfig, res *service.Resources) (p *backupProcessor, err error) {
	p = &backupProcessor{now: time.Now, logger: res.Logger()}
	if p.label, err = conf.FieldString(sbFieldStore); err != nil {
		return nil, err
	}
	if p.directory, err = conf.FieldString(sbFieldDirectory); err != nil {
		return nil, err
	}
	if p.fullEvery, err = conf.FieldInt(sbFieldFullEvery); err != nil {
		return nil, err
	}
	if p.keep, err = conf.FieldInt(sbFieldKeep); err != nil {
		return nil, err
	}
	switch {
	case p.directory == "":
		return nil, errors.New(`directory "": name one`)
	case p.fullEvery < 1:
		return nil, fmt.Errorf("full_every %d: use 1 or more", p.fullEvery)
	case p.keep < 0:
		return nil, fmt.Errorf("keep %d: use a number of backups, or 0 for all", p.keep)
	}
	p.store, err = Use(res, p.label)
	return p, err
}

// Process implements [service.Processor].
func (p *backupProcessor) Process(ctx context.Context, msg *service.Message) (service.MessageBatch, error) {
	var made map[string]any
	err := p.store.Do(ctx, func(s *Store) error {
		// One after the other: each thread of the pipeline has a processor of its own.
		turn, err := Attach(s, "backup", func() (*sync.Mutex, error) { return &sync.Mutex{}, nil })
		if err != nil {
			return err
		}
		turn.Lock()
		defer turn.Unlock()
		if made, err = p.backup(ctx, s); err != nil {
			return err
		}
		return p.prune()
	})
	if err != nil {
		p.logger.Errorf("there is no backup: %v", err) // Benthos says so at debug level only
		return nil, err
	}
	receipt := msg.Copy()
	receipt.SetStructuredMut(made)
	return service.MessageBatch{receipt}, nil
}

// backup makes one, and its receipt.
func (p *backupProcessor) backup(ctx context.Context, s *Store) (receipt map[string]any, err error) {
	at := p.now().UTC()
	file, since, err := p.place(at)
	if err != nil {
		return nil, err
	}
	done, err := s.Backup(ctx, file, since, nil)
	if err != nil && since != "" { // that one is damaged, or of before the store was rewritten
		file, since = p.name(at, ofAll), ""
		done, err = s.Backup(ctx, file, since, nil)
	}
	if err != nil {
		return nil, err
	}
	of := ofAll
	if since != "" {
		of = ofNew
	}
	return map[string]any{
		"file": file, "of": of, "records": done.Records, "bytes": done.Bytes, "at": at.Format(time.RFC3339),
	}, nil
}

// Close implements [service.Processor].
func (p *backupProcessor) Close(context.Context) error { return nil }

// What a backup is of, in its name.
const (
	ofAll = "all"
	ofNew = "new"
)

func (p *backupProcessor) name(at time.Time, of string) string {
	return filepath.Join(p.directory, p.label+"-"+at.Format("20060102T150405.000Z")+"-"+of+".backup")
}

// place says which file to write, and which one it goes on from; empty: none. It deletes what
// was left half-way.
func (p *backupProcessor) place(at time.Time) (file, since string, err error) {
	if err := os.MkdirAll(p.directory, 0o700); err != nil {
		return "", "", fmt.Errorf("directory %q: name one that can be made and written: %w", p.directory, err)
	}
	parts, err := p.files(partEnd)
	if err != nil {
		return "", "", err
	}
	if err := remove(parts); err != nil {
		return "", "", err
	}
	files, err := p.files("")
	if err != nil {
		return "", "", err
	}
	all := lastOfAll(files)
	if p.fullEvery == 1 || all < 0 || len(files)-all >= p.fullEvery {
		return p.name(at, ofAll), "", nil
	}
	return p.name(at, ofNew), files[len(files)-1], nil
}

// files are the backups that there are whose names end so, in order.
func (p *backupProcessor) files(end string) ([]string, error) {
	entries, err := os.ReadDir(p.directory)
	if err != nil {
		return nil, fmt.Errorf("directory %q: name one that can be read: %w", p.directory, err)
	}
	var files []string
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), p.label+"-")
		stamp, of, _ := strings.Cut(rest, "-")
		if _, err := time.Parse("20060102T150405.000Z", stamp); ours && err == nil && (of == ofAll+".backup"+end || of == ofNew+".backup"+end) {
			files = append(files, filepath.Join(p.directory, entry.Name()))
		}
	}
	slices.SortFunc(files, cmp.Compare[string])
	return files, nil
}

func remove(files []string) error {
	for _, file := range files {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("deleting an old backup: let the directory be written: %w", err)
		}
	}
	return nil
}

func lastOfAll(files []string) int {
	for i, file := range slices.Backward(files) {
		if strings.HasSuffix(file, "-"+ofAll+".backup") {
			return i
		}
	}
	return -1
}

// prune deletes what is older than the backups that are kept.
func (p *backupProcessor) prune() error {
	if p.keep == 0 {
		return nil
	}
	files, err := p.files("")
	if err != nil {
		return err
	}
	end := len(files)
	for range p.keep {
		if end = lastOfAll(files[:end]); end < 0 {
			return nil
		}
	}
	return remove(files[:end])
}
