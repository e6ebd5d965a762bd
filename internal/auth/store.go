package auth

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"leat/internal/vfs"
)

// Store is the directory of a file that its user may change at any time.
type Store struct {
	file string
	log  *slog.Logger

	current atomic.Pointer[Directory]
	text    []byte // what the file had when the current directory was made of it
}

// Load reads a file once.
func Load(file string) (*Directory, error) {
	text, err := read(file)
	if err != nil {
		return nil, err
	}
	return parse(file, text)
}

func read(file string) ([]byte, error) {
	text, err := vfs.ReadPrivateOSFile(file)
	if err != nil {
		return nil, fmt.Errorf("the auth file: %w", err)
	}
	return text, nil
}

func parse(file string, text []byte) (*Directory, error) {
	d, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the auth file %s: %w", file, err)
	}
	return d, nil
}

// Open returns the store of a file.
func Open(ctx context.Context, file string, log *slog.Logger) (*Store, error) {
	s := &Store{file: file, log: log}
	if err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Directory returns what is in force.
func (s *Store) Directory() *Directory { return s.current.Load() }

// Refresh reads the file again. It may run beside everything but itself. After
// an error the old directory is still in force.
func (s *Store) Refresh(ctx context.Context) error {
	text, err := read(s.file)
	if err != nil {
		return err
	}
	if s.current.Load() != nil && bytes.Equal(text, s.text) {
		return nil
	}
	d, err := parse(s.file, text)
	if err != nil {
		return err
	}
	s.current.Store(d)
	s.text = text
	s.log.InfoContext(ctx, "auth file loaded", "file", s.file, "keys", len(d.keys))
	return nil
}
