package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

const eventTimeout = 30 * time.Second

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"leat": main})
}

// TestScripts runs the scripts of testdata. Beside the usual commands they have:
//
//	exits CODE ARG...      runs leat and checks its exit code; a code of 1 or 2
//	                       comes with one line on stderr
//	start NAME ARG...      starts leat serve and sets $NAME to its URL, $NAME_ADDR
//	                       to its address
//	get URL STATUS [TEXT]  checks a page
//	trusts NAME FILE HOST...
//	                       verifies a server's certificate for hosts with an
//	                       authority's certificate
//	preflight NAME HOST ORIGIN STATUS
//	                       asks, as a browser, for a page of an origin
//	signal NAME SIG        sends SIGINT, SIGTERM or SIGKILL
//	ends NAME CODE         waits for the end of a server; a code of -1 is a
//	                       signal. Its log is stderr then
//	flip FILE OFFSET       changes a byte of a file, if there is that file
//	stuck NAME             leaves a request with the server that never ends
//	logs NAME REGEXP [VAR] waits until a server has logged something, and sets
//	                       $VAR to what the first group is
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			servers := make(map[string]*child)
			env.Values["servers"] = servers
			env.Defer(func() {
				for _, c := range servers {
					c.kill()
				}
			})
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition")
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     scriptExits,
			"start":     scriptStart,
			"get":       scriptGet,
			"trusts":    scriptTrusts,
			"preflight": scriptPreflight,
			"signal":    scriptSignal,
			"ends":      scriptEnds,
			"flip":      scriptFlip,
			"stuck":     scriptStuck,
			"logs":      scriptLogs,
		},
	})
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("leat", args[1:]...)
	if got := exitCode(ts, err); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	stderr := ts.ReadFile("stderr")
	if want != 0 && (!strings.HasPrefix(stderr, "leat: ") || strings.Count(stderr, "\n") != 1) {
		ts.Fatalf("not one line on stderr: %q", stderr)
	}
}

// exitCode returns the exit code of a process that ended with err, and -1 if
// it was a signal that ended it.
func exitCode(ts *testscript.TestScript, err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// child is a running leat serve.
type child struct {
	cmd   *exec.Cmd
	url   string
	log   syncBuffer
	stuck io.Closer
	ended chan struct{} // closed once err is set
	err   error
}

func (c *child) kill() {
	if c.stuck != nil {
		_ = c.stuck.Close()
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
}

// syncBuffer is a buffer that tells of writes.
type syncBuffer struct {
	mu      sync.Mutex // guards the fields below
	b       bytes.Buffer
	written chan struct{} // closed by the next write, nil if nobody waits
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written != nil {
		close(s.written)
		s.written = nil
	}
	return s.b.Write(p)
}

// next returns what has been written, and a channel that is closed when there
// is more.
func (s *syncBuffer) next() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.written == nil {
		s.written = make(chan struct{})
	}
	return s.b.String(), s.written
}

var ready = regexp.MustCompile(`^leat is ready on (http://127\.0\.0\.1:[1-9][0-9]*)\n$`)

func scriptStart(ts *testscript.TestScript, _ bool, args []string) {
	c := &child{ended: make(chan struct{})}
	c.cmd = exec.Command("leat", append([]string{"serve"}, args[1:]...)...)
	c.cmd.Dir = ts.Getenv("WORK")
	c.cmd.Env = append(os.Environ(), scriptEnv(ts)...)
	c.cmd.Stderr = &c.log
	stdout, err := c.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(c.cmd.Start())
	overdue := time.AfterFunc(eventTimeout, func() { _ = c.cmd.Process.Kill() })
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	overdue.Stop()
	go func() {
		c.err = c.cmd.Wait()
		close(c.ended)
	}()
	ts.Value("servers").(map[string]*child)[args[0]] = c
	m := ready.FindStringSubmatch(line)
	if m == nil {
		<-c.ended
		text, _ := c.log.next()
		ts.Fatalf("the server said %q (%v)\n%s", line, c.err, text)
	}
	c.url = m[1]
	ts.Setenv(args[0], c.url)
	ts.Setenv(args[0]+"_ADDR", strings.TrimPrefix(c.url, "http://"))
}

// scriptEnv returns the variables for leat that a script has set.
func scriptEnv(ts *testscript.TestScript) []string {
	var env []string
	newServe(context.Background(), os.LookupEnv).Flags().VisitAll(func(f *pflag.Flag) {
		if v := ts.Getenv(envName(f.Name)); v != "" {
			env = append(env, envName(f.Name)+"="+v)
		}
	})
	return env
}

func started(ts *testscript.TestScript, name string) *child {
	c, ok := ts.Value("servers").(map[string]*child)[name]
	if !ok {
		ts.Fatalf("no server %s", name)
	}
	return c
}

func scriptGet(ts *testscript.TestScript, _ bool, args []string) {
	resp, err := (&http.Client{Timeout: eventTimeout}).Get(args[0])
	ts.Check(err)
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	ts.Check(err)
	if got := strings.TrimSpace(string(body)); strconv.Itoa(resp.StatusCode) != args[1] || len(args) > 2 && got != args[2] {
		ts.Fatalf("answered %d %q", resp.StatusCode, got)
	}
}

func scriptTrusts(ts *testscript.TestScript, neg bool, args []string) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(ts.ReadFile(args[1]))) {
		ts.Fatalf("no certificate in %s", args[1])
	}
	addr := strings.TrimPrefix(started(ts, args[0]).url, "http://")
	for _, host := range args[2:] {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: host}}
		ctx, cancel := context.WithTimeout(context.Background(), eventTimeout)
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		cancel()
		if err == nil {
			_ = conn.Close()
		}
		if (err != nil) != neg {
			ts.Fatalf("%s: %v", host, err)
		}
	}
}

func scriptPreflight(ts *testscript.TestScript, _ bool, args []string) {
	url := started(ts, args[0]).url
	r, err := http.NewRequest(http.MethodOptions, url, nil)
	ts.Check(err)
	_, port, _ := net.SplitHostPort(r.URL.Host)
	r.Host = net.JoinHostPort(args[1], port)
	r.Header.Set("Origin", args[2])
	resp, err := (&http.Client{Timeout: eventTimeout}).Do(r)
	ts.Check(err)
	_ = resp.Body.Close()
	allowed := resp.Header.Get("Access-Control-Allow-Origin") != ""
	if strconv.Itoa(resp.StatusCode) != args[3] || allowed != (resp.StatusCode == http.StatusOK) {
		ts.Fatalf("answered %d, %v", resp.StatusCode, resp.Header)
	}
}

func scriptSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"SIGINT": os.Interrupt, "SIGTERM": syscall.SIGTERM, "SIGKILL": os.Kill}
	ts.Check(started(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func scriptEnds(ts *testscript.TestScript, _ bool, args []string) {
	c := started(ts, args[0])
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	select {
	case <-c.ended:
	case <-time.After(eventTimeout):
		ts.Fatalf("the server does not end")
	}
	text, _ := c.log.next()
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(text), 0o600))
	if got := exitCode(ts, c.err); got != want {
		ts.Fatalf("exit code %d, want %d\n%s", got, want, text)
	}
}

func scriptFlip(ts *testscript.TestScript, _ bool, args []string) {
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	file := ts.MkAbs(args[0])
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	ts.Check(err)
	b[offset] ^= 0x10
	ts.Check(os.WriteFile(file, b, 0o600))
}

func scriptStuck(ts *testscript.TestScript, _ bool, args []string) {
	c := started(ts, args[0])
	r, w := io.Pipe()
	c.stuck = w
	arrived := make(chan struct{})
	go func() {
		req, err := http.NewRequest(http.MethodPost, c.url, io.MultiReader(&once{then: arrived}, r))
		if err != nil {
			return
		}
		// The body is sent when the server asks for it: the request is under
		// way there by then.
		req.Header.Set("Expect", "100-continue")
		client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: eventTimeout}}
		if resp, err := client.Do(req); err == nil {
			_ = resp.Body.Close()
		}
	}()
	select {
	case <-arrived:
	case <-time.After(eventTimeout):
		ts.Fatalf("the request was not sent")
	}
}

// once is an empty reader that closes a channel when it has been read.
type once struct{ then chan struct{} }

func (o *once) Read([]byte) (int, error) {
	close(o.then)
	return 0, io.EOF
}

func scriptLogs(ts *testscript.TestScript, _ bool, args []string) {
	c := started(ts, args[0])
	want := regexp.MustCompile(args[1])
	timeout := time.After(eventTimeout)
	for {
		text, more := c.log.next()
		if m := want.FindStringSubmatch(text); m != nil {
			if len(args) > 2 {
				ts.Setenv(args[2], m[1])
			}
			return
		}
		select {
		case <-more:
		case <-timeout:
			ts.Fatalf("nothing of %q in the log:\n%s", args[1], text)
		}
	}
}
