package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"leat/internal/engine/disk/segment"
	"leat/internal/vfs"
)

const (
	formatFile    = "FORMAT"
	formatNew     = "FORMAT.new"
	formatPrefix  = "leat data directory, format "
	formatVersion = 1
	maxFormatFile = 128
)

// prepareDirectory makes sure that the directory has this program's format, and
// gives it to an empty one.
func prepareDirectory(fsys vfs.FS) error {
	err := checkFormat(fsys)
	if errors.Is(err, fs.ErrNotExist) {
		err = writeFormat(fsys)
	}
	if err != nil {
		return err
	}
	for _, dir := range []string{journalDir, segment.Dir} {
		if err := fsys.Mkdir(dir); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
	}
	if err := fsys.SyncDir("."); err != nil {
		return fmt.Errorf("sync data directory: %w", err)
	}
	return nil
}

// checkFormat fails unless the directory has this program's format.
func checkFormat(fsys vfs.FS) error {
	f, err := fsys.OpenFile(formatFile, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("open %s: %w", formatFile, err)
	}
	defer func() { _ = f.Close() }() // read only
	size, err := f.Size()
	if err != nil {
		return fmt.Errorf("size of %s: %w", formatFile, err)
	}
	b := make([]byte, min(size, maxFormatFile))
	if n, err := f.ReadAt(b, 0); n < len(b) {
		return fmt.Errorf("read %s: %w", formatFile, err)
	}
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(b), "\n"), formatPrefix)
	version, err := strconv.Atoi(text)
	switch {
	case !ok || err != nil || version < 1:
		return fmt.Errorf("the %s file does not say that this is a leat data directory", formatFile)
	case version > formatVersion:
		return fmt.Errorf("the data directory has format %d and this program knows formats up to %d: use a newer one", version, formatVersion)
	}
	return nil
}

// writeFormat makes the FORMAT file of a new directory.
func writeFormat(fsys vfs.FS) error {
	if _, err := fsys.ReadDir(journalDir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the data directory has a journal but no %s file: %w", formatFile, fs.ErrNotExist)
	}
	f, err := fsys.OpenFile(formatNew, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("create %s: %w", formatFile, err)
	}
	err = writeStart(f, fmt.Appendf(nil, "%s%d\n", formatPrefix, formatVersion))
	if err = errors.Join(err, f.Close()); err == nil {
		err = fsys.Rename(formatNew, formatFile)
	}
	if err == nil {
		err = fsys.SyncDir(".")
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", formatFile, err)
	}
	return nil
}
