// Package proc runs leat, or a server that announces itself like leat, as a
// process of its own, for tests and benchmarks of the whole program.
package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a process may take to become ready or to end.
const patience = 30 * time.Second

// Build compiles leat into a directory and returns the path of the binary. It
// has to be called from within the module.
func Build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "leat")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "leat/cmd/leat").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build leat: %w\n%s", err, out)
	}
	return binary, nil
}

// Process is a server that runs. Its methods are not for concurrent use.
type Process struct {
	// URL is where it said to be ready.
	URL string

	cmd *exec.Cmd
}

// Start runs a program and returns when it has printed that it is ready. What
// the program writes to stderr goes to ours. The end of the context kills it.
func Start(ctx context.Context, program string, args ...string) (*Process, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd}
	overdue := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	overdue.Stop()
	_, where, found := strings.Cut(strings.TrimSpace(line), " is ready on ")
	if err != nil || !found {
		return nil, errors.Join(fmt.Errorf("%s said %q instead of being ready", program, line), err, p.Kill())
	}
	p.URL = where
	return p, nil
}

// Pid returns the number of the process.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Address returns the host and port of the URL.
func (p *Process) Address() string {
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Stop asks the process to end, waits for that, and returns an error unless it
// ended well.
func (p *Process) Stop() error {
	overdue := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	defer overdue.Stop()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return errors.Join(err, p.Kill())
	}
	return p.cmd.Wait()
}

// Kill ends the process as kill -9 does and waits until it is gone.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if _, ended := errors.AsType[*exec.ExitError](p.cmd.Wait()); !ended {
		return errors.New("the process had ended before it was killed")
	}
	return nil
}
