package kinesis_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"leat/internal/api"
)

// follower is a consumer that subscribes to a shard and, at its end, to its
// children. It often gives a subscription up, or lets its next one take over,
// and goes on from the last continuation.
type follower struct {
	f       *fixture
	arn     string
	running sync.WaitGroup

	mu      sync.Mutex // guards all that follows
	rng     *rand.Rand
	got     map[string]int // how often data was pushed
	started map[string]bool
}

// start follows a shard, unless it is followed already.
func (l *follower) start(shard string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started[shard] {
		return
	}
	l.started[shard] = true
	l.running.Go(func() { l.follow(shard) })
}

func (l *follower) follow(shard string) {
	in := subscribeInput(l.arn, shard, "TRIM_HORIZON", "")
	for {
		s, err := l.f.trySubscribe(in)
		switch e, _ := errors.AsType[*api.Error](err); {
		case err == nil:
		case e.Code == string(api.ServiceUnavailable):
			return
		case e.Code == string(api.ResourceInUse):
			pass(time.Second)
			continue
		default:
			l.f.t.Error(err)
			return
		}
		last := l.take(s, shard, &in)
		if l.pick(2) == 0 {
			s.leave()
		} else {
			pass(5 * time.Second)
		}
		if last {
			return
		}
	}
}

// take takes some events, and sets where to go on from there. It reports
// whether the shard has ended.
func (l *follower) take(s *subscriber, shard string, in **api.SubscribeToShardInput) (last bool) {
	for range 1 + l.pick(8) {
		p, ok := <-s.events
		if !ok {
			return false
		}
		l.count(p.data)
		for _, child := range p.childs {
			l.start(child)
		}
		if p.continuation == "" {
			return true
		}
		*in = subscribeInput(l.arn, shard, []string{"AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"}[l.pick(2)], p.continuation)
	}
	return false
}

func (l *follower) pick(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.IntN(n)
}

func (l *follower) count(data []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range data {
		l.got[d]++
	}
}

// TestFollowersMissNothing follows a stream while its shards are split and
// merged. Every record is pushed to every follower, once.
func TestFollowersMissNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture) {
		const consumers, records = 3, 600
		var followers []*follower
		for i := range consumers {
			l := &follower{
				f: f, arn: f.register("s", fmt.Sprint("app", i)).ConsumerARN, rng: rand.New(rand.NewPCG(1, uint64(i))),
				got: make(map[string]int), started: make(map[string]bool),
			}
			l.start(shard0)
			followers = append(followers, l)
		}
		rng := rand.New(rand.NewPCG(2, 3))
		targets := []int32{2, 4, 3, 5, 3, 2, 1}
		for i := range records {
			f.put("s", fmt.Sprint("key", i), fmt.Sprint(i))
			if i%40 == 20 {
				f.call("UpdateShardCount", &api.UpdateShardCountInput{
					StreamName: some("s"), TargetShardCount: some(targets[i/40%len(targets)]), ScalingType: some("UNIFORM_SCALING"),
				})
			}
			pass(time.Duration(rng.IntN(1000)) * time.Millisecond)
		}
		pass(time.Minute)
		f.EndSubscriptions()
		for i, l := range followers {
			l.running.Wait()
			if len(l.got) != records {
				t.Errorf("follower %d has %d of %d records", i, len(l.got), records)
			}
			for data, n := range l.got {
				if n != 1 {
					t.Errorf("follower %d has record %s %d times", i, data, n)
				}
			}
		}
	})
}
