package kinesis

import (
	"context"
	"errors"
	"time"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/service"
	"leat/internal/stream"
)

// SubscribeToShard pushes the records of a shard to a consumer, from a starting
// position on and for five minutes.
//
// Order of checks: what names the consumer, the shard id's syntax, consumer, its
// status, shard, the starting position, rate, whether there is a subscription
// already. A consumer has one subscription to a shard; from 5 seconds on the
// next call takes its place.
//
// An event has the records that are durable, at most 1 MiB of them or one that
// is larger. Where there are none for a while an empty event says so. The
// ContinuationSequenceNumber of an event is before the first record behind it
// and after all others, so that both AT_SEQUENCE_NUMBER and
// AFTER_SEQUENCE_NUMBER go on there.
//
// After the last record of a closed shard an empty event has none, and names
// the child shards. It is the last one.
//
// Differs: with --limits off a subscription that has ended can be followed by
// the next one at once; AWS lets 5 seconds pass since it began.

// heartbeat is how long a subscription is silent at most. Clients are promised
// an event every 5 seconds.
const heartbeat = 4500 * time.Millisecond

// errSubscriptionOver ends a subscription cleanly.
var errSubscriptionOver = errors.New("the subscription is over")

func (s *Service) subscribeToShard(ctx context.Context, c service.Caller, in *api.SubscribeToShardInput) (service.Events, error) {
	sub, err := s.newSubscription(ctx, c, in)
	if err != nil {
		return nil, err
	}
	if in.DryRun.V {
		return nil, errDryRun()
	}
	ctx, stop := context.WithTimeout(ctx, s.cfg.SubscriptionTTL)
	ctx, sub.end = context.WithCancelCause(ctx)
	if err := sub.consumer.pushes.admit(sub, s.engine.Now(), s.cfg.EnforceRates); err != nil {
		s.countSubscribe(sub, err)
		stop()
		return nil, err
	}
	if err := s.checkSubscribable(sub); err != nil {
		sub.end(nil)
		stop()
		sub.consumer.pushes.release(sub)
		return nil, err
	}
	s.countSubscribe(sub, nil)
	sub.feed = s.feeds.join(sub.sn.logID(sub.shard.ID))
	return func(yield func(api.Output, error) bool) {
		defer sub.consumer.pushes.release(sub)
		defer s.feeds.leave(sub.feed)
		defer stop()
		s.push(ctx, sub, yield)
	}, nil
}

// newSubscription checks a request and returns the subscription that it asks
// for.
func (s *Service) newSubscription(ctx context.Context, c service.Caller, in *api.SubscribeToShardInput) (*subscription, error) {
	r, err := consumerTarget{arn: in.ConsumerARN}.ref(c)
	if err != nil {
		return nil, err
	}
	id, ok := stream.ParseShardID(in.ShardId.V)
	if !ok {
		return nil, errBadShardID(r.stream, in.ShardId.V)
	}
	sn, consumer, err := s.lookupConsumer(r)
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	if sn.consumerStatus(consumer, now) != stream.Active {
		return nil, errConsumerNotActive(sn, consumer)
	}
	shard, ok := sn.shard(id, now)
	if !ok {
		return nil, errShardMissing(r.stream, id)
	}
	start := in.StartingPosition.V
	kind, _ := stream.ParseIteratorType(start.Type.V)
	p := startPosition{kind: kind, number: start.SequenceNumber, at: start.Timestamp}
	if err := p.check(sn, shard, now); err != nil {
		return nil, err
	}
	it, err := s.startIterator(ctx, sn, shard, p)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, errShardMissing(r.stream, id)
	}
	if err != nil {
		return nil, err
	}
	return &subscription{sn: sn, consumer: consumer, shard: shard, next: iteratorCursor(it)}, nil
}

func errConsumerNotActive(sn *snapshot, c *consumer) error {
	return api.Errorf(api.ResourceInUse,
		"Consumer %s with creation timestamp %d under stream: %s , account %s is not in ACTIVE status.",
		c.Name, c.Created, sn.Name, sn.Account)
}

// checkSubscribable is for what has changed between a subscription's checks and
// its admission, from where on changes end it.
func (s *Service) checkSubscribable(sub *subscription) error {
	if s.closing.Load() {
		return api.Errorf(api.ServiceUnavailable, "")
	}
	list := sub.sn.state.listConsumers()
	i, found := searchConsumer(list, sub.consumer.Name)
	if !found || list[i].pushes != sub.consumer.pushes || list[i].Status == stream.Deleting {
		return errConsumerNotActive(sub.sn, sub.consumer)
	}
	return s.checkStream(sub)
}

// checkStream reports that the stream of a subscription is no longer there.
func (s *Service) checkStream(sub *subscription) error {
	if sn := sub.sn.state.snap.Load(); sn == nil || sn.Status == stream.Deleting {
		return errStreamNotFound(sub.sn.state.ref)
	}
	return nil
}

// push yields a subscription's events until its end.
func (s *Service) push(ctx context.Context, sub *subscription, yield func(api.Output, error) bool) {
	for {
		event, err := s.nextEvent(ctx, sub)
		switch {
		case errors.Is(err, errSubscriptionOver):
			return
		case err != nil:
			if !isRefusal(err) {
				s.countEvent(sub, nil)
			}
			yield(nil, storageError(err))
			return
		}
		s.countEvent(sub, event)
		if !yield(event, nil) || event.last {
			return
		}
	}
}

// nextEvent returns the next event: when there are records, at the end of the
// shard, or when nothing else has happened for a while. It returns an error when
// the subscription ends.
func (s *Service) nextEvent(ctx context.Context, sub *subscription) (*subscriptionEvent, error) {
	idle, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	if err := s.payDebt(ctx, sub); err != nil {
		return nil, err
	}
	for {
		err := s.engine.Wait(idle, sub.sn.logID(sub.shard.ID), sub.next.position)
		switch {
		case ctx.Err() != nil:
			return nil, endOf(ctx)
		case err != nil && idle.Err() != nil:
			sub.feed.trim(s.engine.Now())
			return s.idleEvent(sub), nil
		case err != nil:
			return nil, s.subscriptionError(sub, err)
		}
		event, err := s.readEvent(ctx, sub)
		switch {
		case ctx.Err() != nil && err != nil:
			return nil, endOf(ctx)
		case err != nil:
			return nil, s.subscriptionError(sub, err)
		case event != nil:
			return event, nil
		}
	}
}

// endOf returns why a subscription whose context has ended is over.
func endOf(ctx context.Context) error {
	if e, ok := errors.AsType[*api.Error](context.Cause(ctx)); ok {
		return e
	}
	return errSubscriptionOver
}

// subscriptionError says in AWS's words that what is subscribed to is gone.
func (s *Service) subscriptionError(sub *subscription, err error) error {
	if !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	if err := s.checkStream(sub); err != nil {
		return err
	}
	return errShardMissing(sub.sn.state.ref, sub.shard.ID)
}

// payDebt waits until the subscription's rate permits more.
func (s *Service) payDebt(ctx context.Context, sub *subscription) error {
	if !s.cfg.EnforceRates {
		return nil
	}
	wait := sub.consumer.pushes.debt(sub.shard.ID, s.engine.Now())
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return endOf(ctx)
	}
}

// subscriptionEvent is an event that gives its memory back once it has been
// encoded, or one that the subscription shares with others.
type subscriptionEvent struct {
	api.SubscribeToShardEvent
	page    *readPage    // nil when there are no records, or others have it, too
	shared  *sharedEvent // held; nil for one that is not shared
	encoded bool         // whether shared has been encoded for this subscription
	bytes   int          // of the records
	last    bool
}

// Release implements api.Releaser.
func (e *subscriptionEvent) Release() {
	switch {
	case e.shared != nil:
		e.shared.release(e.encoded)
	case e.page != nil:
		e.page.release()
	}
}

// Encoded implements api.Shared.
func (e *subscriptionEvent) Encoded(form string, encode func(dst []byte) []byte) []byte {
	if e.shared == nil {
		return nil
	}
	message := e.shared.encoded(form, encode)
	if !e.encoded {
		e.encoded = true
		e.shared.releasePage()
	}
	return message
}

// EncodedSize implements api.Sizer.
func (e *subscriptionEvent) EncodedSize() int {
	if e.page == nil {
		return 0
	}
	return e.page.encodedSize()
}

// idleEvent says that there is nothing.
func (s *Service) idleEvent(sub *subscription) *subscriptionEvent {
	e := new(subscriptionEvent)
	e.Records = []api.Record{}
	e.ContinuationSequenceNumber = api.Some(sub.continuation())
	return e
}

// continuation returns the number that is right before the next record: at its
// position, and earlier than its time can be.
func (sub *subscription) continuation() string {
	if sub.next.position == stream.PositionBefore {
		return sub.shard.StartingSequenceNumber().String()
	}
	n := stream.SequenceNumber{Created: sub.shard.Created, Shard: sub.shard.ID, Position: sub.next.position}
	switch {
	case sub.next.after:
		n.Time = sub.next.second
	case sub.next.second > 0:
		n.Time = sub.next.second - 1
	}
	return n.String()
}

// readEvent reads the event that is due, or nothing, as when all that there was
// has expired. Either way the subscription moves on.
func (s *Service) readEvent(ctx context.Context, sub *subscription) (*subscriptionEvent, error) {
	sn := sub.sn.state.snap.Load()
	if sn == nil {
		return nil, engine.ErrNotFound
	}
	if sub.feed.isShared() && sub.next == (cursor{position: sub.next.position}) {
		return s.readShared(ctx, sn, sub)
	}
	return s.readAlone(ctx, sn, sub)
}

// readShared is readEvent for an event that other subscriptions are due, too.
func (s *Service) readShared(ctx context.Context, sn *snapshot, sub *subscription) (*subscriptionEvent, error) {
	shared, first := sub.feed.take(sub.next.position, s.engine.Now())
	if first {
		return s.readFirst(ctx, sn, sub, shared)
	}
	select {
	case <-shared.ready:
	case <-ctx.Done():
		shared.release(false)
		return nil, ctx.Err()
	}
	if !shared.read {
		shared.release(false)
		return s.readAlone(ctx, sn, sub)
	}
	sub.next = cursor{position: shared.next}
	s.charge(sub, shared.bytes)
	return &subscriptionEvent{SubscribeToShardEvent: shared.content, shared: shared, bytes: shared.bytes}, nil
}

// readFirst is readShared for the subscription that reads for the others.
func (s *Service) readFirst(
	ctx context.Context, sn *snapshot, sub *subscription, shared *sharedEvent,
) (event *subscriptionEvent, err error) {
	defer func() {
		sub.feed.settle(shared, s.engine.Now())
		if !shared.read {
			shared.release(false)
		}
	}()
	event, err = s.readAlone(ctx, sn, sub)
	if err != nil || event == nil || event.page == nil {
		return event, err
	}
	shared.fill(event, sub.next.position)
	event.page, event.shared = nil, shared
	return event, nil
}

// readAlone is readEvent for an event that is the subscription's own.
func (s *Service) readAlone(ctx context.Context, sn *snapshot, sub *subscription) (*subscriptionEvent, error) {
	limits := readLimits{records: stream.MaxGetRecords, bytes: stream.MaxEventBytes}
	page, err := s.read(ctx, sn, sub.shard.ID, sub.next, limits)
	if err != nil {
		return nil, err
	}
	if page.next > sub.next.position {
		sub.next = cursor{position: page.next}
	}
	now := s.engine.Now()
	switch {
	case page.drained():
		defer page.release()
		return s.lastEvent(ctx, sub, page, now)
	case len(page.records) == 0:
		page.release()
		return nil, nil
	}
	s.charge(sub, page.bytes)
	e := &subscriptionEvent{page: page, bytes: page.bytes}
	e.Records = page.view(sub.shard)
	e.ContinuationSequenceNumber = api.Some(sub.continuation())
	e.MillisBehindLatest = page.millisBehind(now)
	return e, nil
}

// charge takes what a subscription is pushed from its rate.
func (s *Service) charge(sub *subscription, bytes int) {
	if s.cfg.EnforceRates {
		sub.consumer.pushes.charge(sub.shard.ID, bytes)
	}
}

// lastEvent says where to go on from a closed shard.
func (s *Service) lastEvent(
	ctx context.Context, sub *subscription, page *readPage, now stream.Millis,
) (*subscriptionEvent, error) {
	sn, err := s.settled(ctx, sub.sn.state)
	if err != nil {
		return nil, err
	}
	e := &subscriptionEvent{last: true}
	e.Records = []api.Record{}
	e.ChildShards = api.Some(childShards(sn, sub.shard.ID))
	e.MillisBehindLatest = page.millisBehind(now)
	return e, nil
}
