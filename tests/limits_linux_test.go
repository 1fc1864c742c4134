package tests

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// mount makes a disk of so many MiB in memory.
func mount(dir string, size int) error {
	return syscall.Mount("none", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size))
}

func unmount(dir string) error { return syscall.Unmount(dir, 0) }

// limitFiles keeps the files of a process from growing beyond so many bytes.
func limitFiles(pid int, bytes uint64) error {
	return unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: bytes}, nil)
}
