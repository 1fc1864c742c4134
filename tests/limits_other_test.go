//go:build !linux

package tests

import "errors"

var errNotHere = errors.New("it takes Linux")

func mount(string, int) error { return errNotHere }

func unmount(string) error { return errNotHere }

func limitFiles(int, uint64) error { return errNotHere }
