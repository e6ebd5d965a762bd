package leattest_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// follower reads a stream as it is written, each shard after its parents, and
// keeps what it got of each key.
type follower struct {
	arn     string
	clients chan *kinesis.Client
	done    chan struct{} // closed when it has as many
	tasks   sync.WaitGroup

	mu       sync.Mutex // guards the fields below
	got      map[string][]string
	records  int
	want     int             // how many records there are in the end; 0 while that is open
	finished map[string]bool // closed shards that were read
	begun    map[string]bool
	err      error
}

// follow begins to read a shard, once.
func (f *follower) follow(ctx context.Context, shard string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begun[shard] {
		return
	}
	f.begun[shard] = true
	f.tasks.Go(func() {
		if err := f.read(ctx, shard); err != nil && ctx.Err() == nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.err = fmt.Errorf("%s: %w", shard, err)
		}
	})
}

// read reads a shard to its end, and then its children if they have no other
// parent that is still read.
func (f *follower) read(ctx context.Context, shard string) error {
	out, err := (<-f.clients).SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
		ConsumerARN: &f.arn, ShardId: &shard,
		StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
	})
	if err != nil {
		return err
	}
	events := out.GetStream()
	defer func() { _ = events.Close() }()
	for e := range events.Events() {
		event := e.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value
		f.take(event.Records)
		for _, child := range f.ready(shard, event.ChildShards) {
			f.follow(ctx, child)
		}
	}
	return events.Err()
}

func (f *follower) take(records []types.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range records {
		f.got[*r.PartitionKey] = append(f.got[*r.PartitionKey], string(r.Data[:8]))
	}
	f.records += len(records)
	f.checkLocked()
}

// expect says how many records there are.
func (f *follower) expect(records int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.want = records
	f.checkLocked()
}

func (f *follower) checkLocked() {
	if f.want > 0 && f.records == f.want {
		close(f.done)
	}
}

// ready returns the children of a finished shard that can be read now.
func (f *follower) ready(shard string, children []types.ChildShard) (ready []string) {
	if len(children) == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.finished[shard] = true
	for _, child := range children {
		if !slices.ContainsFunc(child.ParentShards, func(parent string) bool { return !f.finished[parent] }) {
			ready = append(ready, *child.ShardId)
		}
	}
	return ready
}

// writer writes to four keys of the stream's first quarter in turn.
type writer struct {
	sent map[string][]string
	n    int
	err  error
}

// write writes until it is told to stop; seen gets the shards that took records.
func (w *writer) write(ctx context.Context, c *kinesis.Client, id int, stop <-chan struct{}, seen func(shard string)) {
	filler := make([]byte, 1000)
	for {
		select {
		case <-stop:
			return
		default:
		}
		place := id*4 + w.n%4
		key, data := fmt.Sprint("key-", place), fmt.Sprintf("%08d", w.n)
		out, err := c.PutRecord(ctx, &kinesis.PutRecordInput{
			StreamName: aws.String("s"), PartitionKey: &key, Data: append([]byte(data), filler...),
			ExplicitHashKey: aws.String(stream.HashKey{Hi: uint64(place) << 58}.String()),
		})
		if err != nil {
			w.err = err
			return
		}
		w.sent[key] = append(w.sent[key], data)
		w.n++
		seen(*out.ShardId)
	}
}

// onDemand starts a server with an on-demand stream s, of which a shard is hot
// that gets 120 kB in a minute.
func onDemand(t *testing.T, opts ...leattest.Option) *leattest.Server {
	t.Helper()
	s := leattest.Start(t, append(opts, leattest.WithDisk(""), leattest.WithOnDemand(2000, 30*24*time.Hour, time.Second))...)
	_, err := s.Client().CreateStream(t.Context(), &kinesis.CreateStreamInput{
		StreamName: aws.String("s"), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func openShards(t *testing.T, c *kinesis.Client) int {
	t.Helper()
	out, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	if err != nil {
		t.Fatal(err)
	}
	return int(*out.StreamDescriptionSummary.OpenShardCount)
}

// TestOnDemandSplitsWhileInUse writes to one quarter of the keys until the shard
// there was split, and one of its children, while a consumer follows. Nothing is
// lost, and each key's records come in order. A restart takes nothing back.
func TestOnDemandSplitsWhileInUse(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]leattest.Option{"limits": {leattest.WithLimits()}, "no limits": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := onDemand(t, opts...)
			f := newFollower(t, s)
			ctx, cancel := context.WithCancel(t.Context())
			defer f.tasks.Wait()
			defer cancel()
			for i := range 4 {
				f.follow(ctx, fmt.Sprintf("shardId-%012d", i))
			}
			writers := writeUntilSplitTwice(t, s)
			var total int
			for _, w := range writers {
				total += w.n
			}
			f.expect(total)
			select {
			case <-f.done:
			case <-time.After(bound):
			}
			cancel()
			f.tasks.Wait()
			if f.records != total || f.err != nil {
				t.Errorf("the consumer has %d of %d records (%v)", f.records, total, f.err)
			}
			for _, w := range writers {
				for key, want := range w.sent {
					if !slices.Equal(f.got[key], want) {
						t.Errorf("%s: %d records, in order: %t; want %d", key, len(f.got[key]), slices.IsSorted(f.got[key]), len(want))
					}
				}
			}
			checkRestart(t, s)
		})
	}
}

func newFollower(t *testing.T, s *leattest.Server) *follower {
	t.Helper()
	f := &follower{
		arn: register(t, s.Client(), "app"), clients: make(chan *kinesis.Client, 64), done: make(chan struct{}),
		got: map[string][]string{}, finished: map[string]bool{}, begun: map[string]bool{},
	}
	// One for each subscription: those of one client race for its memory.
	for range cap(f.clients) {
		f.clients <- s.Client()
	}
	return f
}

// writeUntilSplitTwice runs four writers until records went to a shard that came
// from two splits, and there were enough of them that the shards are needed.
func writeUntilSplitTwice(t *testing.T, s *leattest.Server) []*writer {
	t.Helper()
	const secondSplit, enough = "shardId-000000000006", 1000
	stop := make(chan struct{})
	var once sync.Once
	var taken atomic.Int64
	var split atomic.Bool
	seen := func(shard string) {
		if shard >= secondSplit {
			split.Store(true)
		}
		if taken.Add(1) >= enough && split.Load() {
			once.Do(func() { close(stop) })
		}
	}
	late := time.AfterFunc(bound, func() { once.Do(func() { close(stop) }) })
	defer late.Stop()
	writers := make([]*writer, 4)
	var running sync.WaitGroup
	for i := range writers {
		writers[i] = &writer{sent: map[string][]string{}}
		c := s.Client()
		running.Go(func() { writers[i].write(t.Context(), c, i, stop, seen) })
	}
	running.Wait()
	for _, w := range writers {
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
	if !split.Load() {
		t.Fatalf("no shard was split twice, %d records later", taken.Load())
	}
	return writers
}

// checkRestart checks that the shards outlive a restart, until what they were
// needed for is forgotten.
func checkRestart(t *testing.T, s *leattest.Server) {
	t.Helper()
	s.Restart()
	c := s.Client()
	for range 5 {
		s.Advance(24 * time.Hour)
	}
	before := openShards(t, c)
	if before < 5 {
		t.Errorf("%d shards after the restart", before)
	}
	s.Advance(31 * 24 * time.Hour)
	for range before {
		s.Advance(time.Minute)
	}
	if n := openShards(t, c); n != 4 {
		t.Errorf("%d shards after a month", n)
	}
}

// TestShutdownKeepsPeaks ends the server before it has stored what it knows of
// a stream, which then keeps its shards.
func TestShutdownKeepsPeaks(t *testing.T) {
	t.Parallel()
	s := leattest.Start(t, leattest.WithStream("s", 6), leattest.WithFS(vfs.NewMem()),
		leattest.WithClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)))
	c := s.Client()
	_, err := c.UpdateStreamMode(t.Context(), &kinesis.UpdateStreamModeInput{
		StreamARN:         aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/s"),
		StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Restart()
	s.Advance(29 * 24 * time.Hour)
	if n := openShards(t, c); n != 6 {
		t.Errorf("%d shards after the restart", n)
	}
	s.Advance(2 * 24 * time.Hour)
	if n := openShards(t, c); n != 5 {
		t.Errorf("%d shards when the peak is forgotten", n)
	}
}
