// Package target runs what is measured, each as a process of its own on the
// machine of the generator: leat, the ceilings, and the peers when they are
// installed. What processes use is read from /proc.
package target

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"leat/test/proc"
)

// Process is a server that runs.
type Process struct {
	Name    string
	URL     string
	Address string // host and port of the URL
	Pid     int

	stop, kill func() error
}

func fromProc(name string, p *proc.Process) *Process {
	return &Process{Name: name, URL: p.URL, Address: p.Address(), Pid: p.Pid(), stop: p.Stop, kill: p.Kill}
}

// Stop asks the process to end and waits for that.
func (p *Process) Stop() error { return p.stop() }

// Kill ends the process as kill -9 does.
func (p *Process) Kill() error { return p.kill() }

// clockTick is the unit of times in /proc: user space sees 100 a second on
// every Linux.
const clockTick = time.Second / 100

// CPU returns the processor time that the process has used.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.Pid))
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

// Resident returns the process's memory in bytes.
func (p *Process) Resident() (int64, error) { return p.status("VmRSS:") }

// Peak returns the most memory that the process has had since ResetPeak.
func (p *Process) Peak() (int64, error) { return p.status("VmHWM:") }

// ResetPeak makes Peak begin anew.
func (p *Process) ResetPeak() error {
	const resetPeak = "5" // see proc_pid_clear_refs(5)
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.Pid), []byte(resetPeak), 0o200)
}

// status returns a size in /proc/PID/status, in bytes.
func (p *Process) status(name string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no %s in the status of process %d", name, p.Pid)
}

// Metrics returns the metrics of a leat that have no labels.
func (p *Process) Metrics(ctx context.Context) (map[string]float64, error) {
	page, err := Get(ctx, p.URL+"/metrics")
	if err != nil {
		return nil, err
	}
	return parseMetrics(bytes.NewReader(page))
}

// Get returns the body of what is at a URL, over a connection of its own.
func Get(ctx context.Context, url string) (body []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return body, nil
}

// parseMetrics takes lines of a name and a value, and leaves the others.
func parseMetrics(r io.Reader) (map[string]float64, error) {
	values := make(map[string]float64)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") || strings.Contains(name, "{") {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		values[name] = v
	}
	return values, lines.Err()
}
