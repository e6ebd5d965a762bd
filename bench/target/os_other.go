//go:build !linux

package target

import (
	"errors"
	"os"
)

func syncData(f *os.File) error { return f.Sync() }

// DropCache fails: there is no portable way.
func DropCache(string) error { return errors.ErrUnsupported }

// FreeDisk fails: there is no portable way.
func FreeDisk(string) (int64, error) { return 0, errors.ErrUnsupported }
