//go:build darwin || freebsd

package vfs

import (
	"errors"
	"os"
)

// syncData is the full flush: on Darwin only Sync (F_FULLFSYNC) reaches the
// medium.
func syncData(f *os.File) error { return f.Sync() }

// uncache has no counterpart here.
func uncache(*os.File, int64, int64) {}

// writeDirect has none either.
func writeDirect(*os.File, []byte, int64) error { return errors.ErrUnsupported }
