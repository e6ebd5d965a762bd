package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"leat/test/proc"
)

// process is a server that runs beside the generator.
type process struct{ *proc.Process }

func startLeat(ctx context.Context, leat, dir string) (process, error) {
	p, err := proc.Start(ctx, leat, "serve",
		"--listen", "127.0.0.1:0", "--data-dir", dir, "--limits", "off", "--log-level", "warn")
	return process{p}, err
}

func startCeiling(ctx context.Context) (process, error) {
	self, err := os.Executable()
	if err != nil {
		return process{}, err
	}
	p, err := proc.Start(ctx, self, "-ceiling")
	return process{p}, err
}

// clockTick is the unit of times in /proc: user space sees 100 a second on
// every Linux.
const clockTick = time.Second / 100

// processor returns the processor time that the process has used.
func (p process) processor() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid()))
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
func (p process) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid()))
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
