package server

import (
	"errors"
	"fmt"
	"io"

	"leat/internal/engine"
	"leat/internal/engine/disk"
	"leat/internal/engine/memory"
	"leat/internal/vfs"
)

// openEngine opens the engine that cfg asks for, and the directory that it is in,
// which it closes and keeps for this process. In memory that is one of its own.
func openEngine(cfg Config) (engine.Engine, vfs.FS, error) {
	if cfg.Memory {
		return memory.Open(memory.Options{Now: cfg.Now}), vfs.NewMem(), nil
	}
	if cfg.FS != nil {
		e, err := openDisk(cfg, cfg.FS)
		if err != nil {
			return nil, nil, err
		}
		return e, cfg.FS, nil
	}
	if err := vfs.CreateDir(cfg.DataDir); err != nil {
		return nil, nil, err
	}
	dir, err := vfs.OpenOS(cfg.DataDir)
	if err != nil {
		return nil, nil, err
	}
	e, err := openDisk(cfg, dir)
	if err != nil {
		return nil, nil, errors.Join(dataDirError(cfg.DataDir, err), dir.Close())
	}
	return &directoryEngine{Engine: e, dir: dir}, dir, nil
}

func openDisk(cfg Config, fsys vfs.FS) (*disk.Engine, error) {
	opts := cfg.Disk
	opts.Logger, opts.Now = cfg.Logger, cfg.Now
	return disk.Open(fsys, opts)
}

// dataDirError says in one line why a data directory cannot be served.
func dataDirError(dir string, err error) error {
	if errors.Is(err, vfs.ErrLocked) {
		return fmt.Errorf("the data directory %s is in use by another leat server (%w)", dir, vfs.ErrLocked)
	}
	return fmt.Errorf("open the data directory %s: %w", dir, err)
}

// directoryEngine is a disk engine that also closes the directory it is in.
type directoryEngine struct {
	*disk.Engine
	dir io.Closer
}

func (e *directoryEngine) Close() error { return errors.Join(e.Engine.Close(), e.dir.Close()) }
