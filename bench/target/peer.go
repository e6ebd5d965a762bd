package target

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// peerPatience is how long a peer may take to listen or to end.
const peerPatience = 30 * time.Second

// Peer is another server of the same API, installed by make bench-peers.
type Peer struct {
	Name   string
	Shards int // most that it can have here
	script string
	args   func(port int) []string
	env    func(port int) []string
}

// ErrNotInstalled is what a peer answers that is absent, or lacks node.
var ErrNotInstalled = errors.New("not installed (make bench-peers)")

// Peers returns the peers that are known, installed or not.
func Peers() []Peer {
	return []Peer{
		{
			Name: "kinesalite", Shards: 100, script: "kinesalite/cli.js",
			args: func(port int) []string {
				return []string{"--port", strconv.Itoa(port), "--shardLimit", "100"}
			},
			env: func(int) []string { return nil },
		},
		{
			Name: "kinesis-local", Shards: 100, script: "kinesis-local/main.js",
			args: func(int) []string { return nil },
			env: func(port int) []string {
				return []string{
					fmt.Sprintf("KINESIS_MOCK_PLAIN_PORT=%d", port),
					"KINESIS_MOCK_TLS_PORT=" + strconv.Itoa(port+1),
					"SHARD_LIMIT=100", "LOG_LEVEL=ERROR",
				}
			},
		},
	}
}

// Start runs the peer. It fails with ErrNotInstalled if it is absent.
func (p Peer) Start(ctx context.Context) (*Process, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	script := filepath.Join(cache, "leat", "bench-peers", "node_modules", p.script)
	if _, err := os.Stat(script); errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotInstalled
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, ErrNotInstalled
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, node, append([]string{script}, p.args(port)...)...)
	cmd.Dir = filepath.Dir(script) // kinesis-local reads its certificate there
	cmd.Env = append(os.Environ(), p.env(port)...)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how a peer ends is its own affair
	}()
	address := fmt.Sprintf("127.0.0.1:%d", port)
	running := &Process{
		Name: p.Name, URL: "http://" + address, Address: address, Pid: cmd.Process.Pid,
		stop: func() error { return endPeer(cmd.Process, syscall.SIGTERM, ended) },
		kill: func() error { return endPeer(cmd.Process, syscall.SIGKILL, ended) },
	}
	if err := awaitListener(ctx, address, ended); err != nil {
		return nil, errors.Join(err, running.Kill())
	}
	return running, nil
}

// freePort returns a port that nobody uses, nor the one above it.
func freePort(ctx context.Context) (int, error) {
	var listen net.ListenConfig
	for {
		l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		above, occupied := listen.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port+1))
		if occupied == nil {
			return port, errors.Join(above.Close(), l.Close())
		}
		if err := l.Close(); err != nil {
			return 0, err
		}
	}
}

// awaitListener returns when something listens on an address, or what should
// has ended.
func awaitListener(ctx context.Context, address string, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, peerPatience)
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-retry.C:
		case <-ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return fmt.Errorf("nothing listens on %s: %w", address, err)
		}
	}
}

// endPeer ends a peer and waits until it has ended.
func endPeer(p *os.Process, how os.Signal, ended <-chan struct{}) error {
	overdue := time.AfterFunc(peerPatience, func() { _ = p.Kill() })
	defer overdue.Stop()
	if err := p.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-ended
	return nil
}
