package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"leat/internal/keyring"
	"leat/internal/vfs"
)

func newKeyring() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keyring",
		Short: "Change the file with the keys of encrypted streams",
		Long: "leat serve --keyring FILE knows the keys of that file and no others, and reads it\n" +
			"again when it changes. Whoever has the file can read what its keys encrypt, and\n" +
			"without it nobody can: keep it safe, and keep a copy.\n\n" +
			"A KEY is an id, an alias (alias/NAME) or the ARN of either.",
		Args: exactly(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "new FILE", Short: "Make a file without keys", Args: exactly(1),
			RunE: func(_ *cobra.Command, args []string) error { return createKeyring(args[0]) },
		},
		&cobra.Command{
			Use: "add FILE [KEY]...", Short: "Add a key, with an id and aliases if they are given, and print its id",
			Args: atLeast(1),
			RunE: func(cmd *cobra.Command, args []string) error { return addKey(cmd.OutOrStdout(), args[0], args[1:]) },
		},
		newKeyChange("disable", "Refuse to use a key", func(k *keyring.Keys, key string) (*keyring.Keys, error) {
			return k.SetDisabled(key, true)
		}),
		newKeyChange("enable", "Use a disabled key again", func(k *keyring.Keys, key string) (*keyring.Keys, error) {
			return k.SetDisabled(key, false)
		}),
		newKeyChange("rotate", "Give a key a new secret for what is encrypted from now on", (*keyring.Keys).Rotate),
	)
	return cmd
}

// atLeast is an argument rule whose failure is the user's.
func atLeast(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= n {
			return nil
		}
		return usage(fmt.Errorf("%s takes %d arguments or more, not %d", cmd.CommandPath(), n, len(args)))
	}
}

// newKeyChange returns a command that changes one key of a keyring.
func newKeyChange(name, short string, change func(k *keyring.Keys, key string) (*keyring.Keys, error)) *cobra.Command {
	return &cobra.Command{
		Use: name + " FILE KEY", Short: short, Args: exactly(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return editKeyring(args[0], func(k *keyring.Keys) (*keyring.Keys, error) {
				after, err := change(k, args[1])
				if errors.Is(err, keyring.ErrNotFound) {
					return nil, fmt.Errorf("there is no key %s", args[1])
				}
				return after, err
			})
		},
	}
}

// createKeyring makes a keyring that is not there yet.
func createKeyring(path string) (err error) {
	lock, err := lockKeyring(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	_, err = vfs.ReadOSFile(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s exists already", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return writeKeyring(path, keyring.None())
}

// addKey adds a key with some names to a keyring.
func addKey(w io.Writer, path string, keys []string) error {
	names := make([]string, len(keys))
	for i, key := range keys {
		name, ok := keyring.Name(key)
		if !ok {
			return usage(fmt.Errorf("%q is not the id of a KMS key or alias/NAME", key))
		}
		names[i] = name
	}
	var id string
	err := editKeyring(path, func(k *keyring.Keys) (after *keyring.Keys, err error) {
		after, id, err = k.Add(names...)
		return after, err
	})
	if err == nil {
		_, err = fmt.Fprintln(w, id)
	}
	return err
}

// lockKeyring keeps others from changing a keyring until the lock is closed: of two
// changes at a time one would be lost, and maybe a key that is in use. The lock is a
// file beside it, as the keyring's own is replaced.
func lockKeyring(path string) (io.Closer, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	fsys, err := vfs.OpenOS(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer func() { _ = fsys.Close() }()
	lock, err := fsys.Lock(filepath.Base(path) + ".lock")
	if err != nil {
		return nil, fmt.Errorf("lock %s.lock: %w", path, err)
	}
	return lock, nil
}

// editKeyring changes a keyring.
func editKeyring(path string, change func(*keyring.Keys) (*keyring.Keys, error)) (err error) {
	lock, err := lockKeyring(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	b, err := vfs.ReadPrivateOSFile(path)
	if err != nil {
		return err
	}
	before, err := keyring.Parse(b)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	after, err := change(before)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeKeyring(path, after)
}

// writeKeyring writes a keyring that its owner alone may read, whole or not at
// all. A symbolic link stays one.
func writeKeyring(path string, keys *keyring.Keys) (err error) {
	b, err := keys.Encode()
	if err != nil {
		return err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	fsys, err := vfs.OpenOS(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fsys.Close()) }()
	return vfs.ReplaceFile(fsys, filepath.Base(path), b)
}
