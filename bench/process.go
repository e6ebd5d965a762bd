package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs beside the generator.
type process struct {
	cmd     *exec.Cmd
	address string
}

func startLeat(ctx context.Context, leat, dir string) (*process, error) {
	return start(exec.CommandContext(ctx, leat, "serve",
		"--listen", "127.0.0.1:0", "--data-dir", dir, "--limits", "off", "--log-level", "warn"))
}

func startCeiling(ctx context.Context) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(exec.CommandContext(ctx, self, "-ceiling"))
}

// start returns when the server has said that it is ready.
func start(cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s did not become ready: %w", cmd.Path, err), p.stop())
	}
	_, where, _ := strings.Cut(strings.TrimSpace(line), " is ready on ")
	u, err := url.Parse(where)
	if err != nil || u.Host == "" {
		return nil, errors.Join(fmt.Errorf("%s said %q", cmd.Path, line), p.stop())
	}
	p.address = u.Host
	return p, nil
}

// stop ends the process in an orderly way.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.cmd.Wait()
}

// clockTick is the unit of times in /proc: user space sees 100 a second on
// every Linux.
const clockTick = time.Second / 100

// processor returns the processor time that the process has used.
func (p *process) processor() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may hold spaces; user and system time are the
	// 12th and 13th field behind it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// resident returns the process's memory in bytes.
func (p *process) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}
