package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// warmReserve is the free memory that is left to the processes.
const warmReserve = 512 << 20

// warm fills the free memory with page cache, as it is on a machine that has
// run for a while. Otherwise each new byte on disk is charged with the making
// of a fresh page, which on a virtual machine whose host takes free memory back
// costs more than everything that is measured here. What it reads is a file of
// holes: it takes no room on the disk, and its pages are given up for others at
// no cost. It does nothing where free memory cannot be found out.
func warm(dir string, out io.Writer) (err error) {
	free := freeMemory() - warmReserve
	if free <= 0 {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, "holes"))
	if err != nil {
		return err
	}
	// The cache goes with the name, so the file stays until the end.
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(free); err != nil {
		return err
	}
	fmt.Fprintf(out, "filling %.1f GiB of free memory with page cache\n", float64(free)/(1<<30))
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 4<<20))
	return err
}

// freeMemory returns how many bytes of memory nothing uses, 0 if that is not
// known.
func freeMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kib int64
		if line, ok := strings.CutPrefix(s.Text(), "MemFree:"); ok {
			if _, err := fmt.Sscan(line, &kib); err == nil {
				return kib << 10
			}
		}
	}
	return 0
}
