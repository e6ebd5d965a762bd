package crash

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"leat/internal/leattest"
	"leat/test/proc"
)

var (
	kills = flag.Int("kills", 5, "how often the server is killed")
	seed  = flag.Uint64("seed", 1, "seed of the load and of the moments of the kills")
)

const (
	streamName = "survivors"
	writers    = 4
	// A kill comes up to longestLife after the first acknowledgement.
	longestLife = 250 * time.Millisecond
	// How long anything may take that is certain to happen.
	patience = 30 * time.Second
)

// binary is the server under test.
var binary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "leat-crash-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if binary, err = proc.Build(context.Background(), dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestKill loads a server over several connections, kills it at a random
// moment and starts it again on what it left. Every acknowledged record must
// be there once, with the number that was acknowledged and in its place;
// records in flight may be there once or not at all; and the same for the
// changes of the stream.
func TestKill(t *testing.T) {
	t.Logf("%d kills with seed %d", *kills, *seed)
	rng := rand.New(rand.NewPCG(*seed, 0))
	dir := filepath.Join(t.TempDir(), "data")
	book := newLedger()
	for life := range *kills {
		server := serve(t, dir)
		client := connect(server.URL)
		if life == 0 {
			createStream(t, client)
		}
		book.verify(t, client)
		killUnderLoad(t, server, client, book, rng)
		check(t, dir)
		if t.Failed() {
			t.Fatalf("in life %d of seed %d", life, *seed)
		}
	}

	server := serve(t, dir)
	book.verify(t, connect(server.URL))
	if err := server.Stop(); err != nil {
		t.Errorf("orderly end: %v", err)
	}
	check(t, dir)
	t.Logf("%d records acknowledged, %d in flight when killed of which %d survived",
		len(book.acknowledged), book.lost+book.survived, book.survived)
}

// killUnderLoad starts all writers and kills the server a random while after
// it has acknowledged something.
func killUnderLoad(t *testing.T, server *proc.Process, client *kinesis.Client, book *ledger, rng *rand.Rand) {
	t.Helper()
	load := startLoad(t.Context(), client, book, rng)
	select {
	case <-load.acknowledged:
	case <-time.After(patience):
		t.Errorf("nothing was acknowledged within %v", patience)
	}
	<-time.After(upTo(rng, longestLife))
	if err := server.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	load.wait()
}

// upTo returns a random duration.
func upTo(rng *rand.Rand, limit time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(limit)))
}

func serve(t *testing.T, dir string) *proc.Process {
	t.Helper()
	server, err := proc.Start(t.Context(), binary, "serve",
		"--listen", "127.0.0.1:0", "--data-dir", dir, "--limits", "off", "--log-level", "warn")
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// check runs leat check, which must find a directory sound after any crash.
func check(t *testing.T, dir string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), binary, "check", dir).CombinedOutput()
	if err != nil {
		t.Errorf("leat check: %v\n%s", err, strings.TrimSpace(string(out)))
	}
}

// connect returns a client that repeats nothing: a repeated put could write a
// record twice, which the test would have to excuse.
func connect(url string) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: &url,
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
		Retryer:      aws.NopRetryer{},
		HTTPClient:   &http.Client{Transport: leattest.Transport{Base: &http.Transport{MaxIdleConnsPerHost: writers}}},
	})
}

func createStream(t *testing.T, client *kinesis.Client) {
	t.Helper()
	_, err := client.CreateStream(t.Context(), &kinesis.CreateStreamInput{
		StreamName: aws.String(streamName),
		ShardCount: aws.Int32(fewShards),
	})
	if err != nil {
		t.Fatal(err)
	}
}
