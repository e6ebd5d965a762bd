package kinesis

import (
	"context"
	"sync"
	"time"

	"leat/internal/api"
	"leat/internal/stream"
)

// pushes is what the subscriptions of one consumer share. The zero value is
// ready for use.
type pushes struct {
	mu     sync.Mutex // guards all fields, and those of its slots
	shards map[stream.ShardID]*pushSlot
}

// pushSlot is the place of one consumer's one subscription to a shard. It
// outlives the subscription, since the next one inherits its debts.
type pushSlot struct {
	calls   bucket // SubscribeToShard calls
	pushed  bucket // bytes
	since   stream.Millis
	current *subscription // since since; nil if it has ended
}

// subscription is a subscription that runs.
type subscription struct {
	sn       *snapshot // of when it began
	consumer *consumer
	shard    stream.Shard
	next     cursor
	feed     *feed // while it runs
	// end ends the subscription: with errSubscriptionOver, or an *api.Error
	// that the client hears.
	end context.CancelCauseFunc
}

// admit gives the subscription the place of its shard, unless there is one that
// it may not take over yet, or calls come too fast. What held the place ends.
//
// Under enforced rates the place is kept for 5 seconds even when the
// subscription that got it has ended, as AWS does.
func (p *pushes) admit(sub *subscription, now stream.Millis, enforce bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := p.shards[sub.shard.ID]
	if slot == nil {
		slot = new(pushSlot)
		if p.shards == nil {
			p.shards = make(map[stream.ShardID]*pushSlot)
		}
		p.shards[sub.shard.ID] = slot
	}
	if enforce {
		slot.calls.refill(stream.SubscribeCallsPerSecond, now)
		if !slot.calls.affords(stream.SubscribeCallsPerSecond, 1) {
			return errSubscribeRate(sub)
		}
		slot.calls.level--
	}
	held := slot.current != nil || enforce && slot.since != 0
	if held && now.Sub(slot.since) < stream.TakeoverAfter {
		return errTakenOver(sub)
	}
	if slot.current != nil {
		slot.current.end(errTakenOver(sub))
	}
	slot.current, slot.since = sub, now
	return nil
}

// release gives back the place of a subscription that has ended, if it still
// has it.
func (p *pushes) release(sub *subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.shards[sub.shard.ID]; slot != nil && slot.current == sub {
		slot.current = nil
	}
}

// charge takes what has been read for a shard's subscription.
func (p *pushes) charge(shard stream.ShardID, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot := p.shards[shard]; slot != nil {
		slot.pushed.level -= float64(bytes)
	}
}

// debt returns how long nothing more may be read for a shard's subscription.
func (p *pushes) debt(shard stream.ShardID, now stream.Millis) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	slot := p.shards[shard]
	if slot == nil {
		return 0
	}
	slot.pushed.refill(stream.PushBytesPerSecond, now)
	if slot.pushed.level > 0 {
		return 0
	}
	seconds := -slot.pushed.level / stream.PushBytesPerSecond
	return time.Duration(seconds*float64(time.Second)) + time.Millisecond
}

// end ends all subscriptions of the consumer.
func (p *pushes) end(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, slot := range p.shards {
		if slot.current != nil {
			slot.current.end(cause)
		}
	}
}

// forget drops the place of a shard that is gone.
func (p *pushes) forget(shard stream.ShardID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.shards, shard)
}

// endSubscriptions ends the subscriptions to a stream.
func (st *streamState) endSubscriptions(cause error) {
	for _, c := range st.listConsumers() {
		c.pushes.end(cause)
	}
}

// EndSubscriptions ends all subscriptions, and refuses new ones: the server is
// about to close.
func (s *Service) EndSubscriptions() {
	s.closing.Store(true)
	for _, st := range s.allStates() {
		st.endSubscriptions(errSubscriptionOver)
	}
}

// errTakenOver is for a subscription that is one too many: the new one within 5
// seconds, and the old one after that.
func errTakenOver(sub *subscription) *api.Error {
	return api.Errorf(api.ResourceInUse, "Another active subscription exists for this consumer: %s:%s:%s:%s",
		sub.sn.Account, sub.sn.Name, sub.shard.ID, sub.consumer.Name)
}

func errSubscribeRate(sub *subscription) *api.Error {
	return api.Errorf(api.LimitExceeded, "Rate exceeded for consumer %s and shard %s",
		sub.sn.consumerARN(sub.consumer), sub.shard.ID)
}
