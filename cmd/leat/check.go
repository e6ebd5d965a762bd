package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"leat/internal/engine/disk"
	"leat/internal/vfs"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check DIR",
		Short: "Verify a data directory",
		Long: "Verify every checksum of a data directory that no server uses, and how its\n" +
			"files fit together. Each damage is a line with file and offset, and then the\n" +
			"exit code is 1. The directory of a server that was killed is sound.",
		Args: exactly(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}

// check verifies a data directory, and fails if it is damaged.
func check(dir string, stdout, stderr io.Writer) (err error) {
	fsys, err := vfs.OpenOS(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, fsys.Close()) }()
	progress, finish := showProgress(stderr)
	report, err := disk.Check(fsys, progress)
	finish()
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return fmt.Errorf("the data directory %s is in use by a leat server", dir)
	case err != nil:
		return fmt.Errorf("check %s: %w", dir, err)
	}
	for _, d := range report.Damage {
		if _, err := fmt.Fprintln(stdout, d); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "verified %d bytes: %d records and %d metadata keys in %d logs and %d segments\n",
		report.Bytes, report.Records, report.Keys, report.Logs, report.Segments)
	if n := len(report.Damage); n > 0 && err == nil {
		return fmt.Errorf("%s is damaged in %d places", dir, n)
	}
	return err
}

// showProgress returns what to call with the bytes that are done, and at the
// end. On what is no terminal both do nothing.
func showProgress(w io.Writer) (progress func(done, total int64), finish func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(0,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription("checking"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	// A bar that cannot be drawn is no reason to stop.
	progress = func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done)
	}
	return progress, func() { _ = bar.Finish() }
}
