package kinesis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/stream"
)

// consumer is a consumer at one revision. It never changes.
type consumer struct {
	stream.Consumer
	revision engine.Revision
	rules    *policy.Policy // nil for none
	pushes   *pushes        // of its subscriptions; the same in all revisions
}

func (r ref) consumerKey(name string) engine.Key {
	return engine.NewKey("consumer", r.account, r.region, r.name, name)
}

// consumerTombstoneKey is where the creation second of a deregistered consumer is
// kept, so that one made again under its name gets a later one.
func (r ref) consumerTombstoneKey(name string) engine.Key {
	return engine.NewKey(tombstones, r.account, r.region, r.name, name)
}

// listConsumers returns the stream's consumers, ordered by name, with those
// whose deletion is due. The list never changes.
func (st *streamState) listConsumers() []*consumer {
	if list := st.consumers.Load(); list != nil {
		return *list
	}
	return nil
}

func searchConsumer(list []*consumer, name string) (int, bool) {
	return slices.BinarySearchFunc(list, name, func(c *consumer, name string) int {
		return strings.Compare(c.Name, name)
	})
}

// publishConsumer makes an object the one that requests see of its consumer.
// The caller holds st.mu, or has st for itself.
func (st *streamState) publishConsumer(obj stream.Consumer, rev engine.Revision) *consumer {
	list := slices.Clone(st.listConsumers())
	c := &consumer{Consumer: obj, revision: rev}
	c.rules = parseRules(st.ref.consumerARN(c), obj.Policy)
	i, found := searchConsumer(list, obj.Name)
	if found {
		c.pushes = list[i].pushes
		list[i] = c
	} else {
		c.pushes = new(pushes)
		list = slices.Insert(list, i, c)
	}
	st.consumers.Store(&list)
	return c
}

// consumersAt returns the stream's consumers but those whose deletion is due,
// ordered by name.
func (st *streamState) consumersAt(now stream.Millis) []*consumer {
	list := st.listConsumers()
	if !slices.ContainsFunc(list, func(c *consumer) bool { return c.isGone(now) }) {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(c *consumer) bool { return c.isGone(now) })
}

// isGone reports whether the consumer's deletion is due.
func (c *consumer) isGone(now stream.Millis) bool {
	return c.Status == stream.Deleting && c.BusyUntil <= now
}

// consumerStatus returns what a consumer of the stream shows as its status.
func (sn *snapshot) consumerStatus(c *consumer, now stream.Millis) stream.Status {
	if sn.Status == stream.Deleting {
		return stream.Deleting
	}
	return c.StatusAt(now)
}

func (sn *snapshot) consumerARN(c *consumer) string { return sn.state.ref.consumerARN(c) }

func (r ref) consumerARN(c *consumer) string { return stream.ConsumerARN(r.arn(), c.Name, c.Created) }

func (sn *snapshot) viewConsumer(c *consumer, status stream.Status) api.Consumer {
	return api.Consumer{
		ConsumerName:              c.Name,
		ConsumerARN:               sn.consumerARN(c),
		ConsumerStatus:            status.String(),
		ConsumerCreationTimestamp: api.Timestamp(c.Created.Start()),
	}
}

// consumerTarget is how requests name a consumer: by its ARN, by its name and
// the stream's ARN, or by all three.
type consumerTarget struct{ streamARN, name, arn api.Opt[string] }

// consumerRef is what a consumerTarget means.
type consumerRef struct {
	stream  ref
	name    string
	created stream.Second // 0 for any
	text    string        // what the request calls the consumer
}

func (t consumerTarget) ref(c service.Caller) (consumerRef, error) {
	if !t.arn.Set {
		if !t.streamARN.Set || !t.name.Set {
			return consumerRef{}, api.Errorf(api.InvalidArgument,
				"Either ConsumerARN or both StreamARN and ConsumerName should be provided.")
		}
		r, err := target{arn: t.streamARN}.ref(c)
		return consumerRef{stream: r, name: t.name.V, text: t.name.V}, err
	}
	streamARN, name, created, ok := stream.ParseConsumerARN(t.arn.V)
	switch {
	case !ok:
		return consumerRef{}, api.Errorf(api.InvalidArgument, "Invalid ConsumerARN %s.", t.arn.V)
	case t.streamARN.Set && t.streamARN.V != streamARN, t.name.Set && t.name.V != name:
		return consumerRef{}, api.Errorf(api.InvalidArgument,
			"ConsumerARN %s does not go with the given StreamARN or ConsumerName.", t.arn.V)
	}
	r, err := target{arn: api.Some(streamARN)}.ref(c)
	return consumerRef{stream: r, name: name, created: created, text: t.arn.V}, err
}

// lookupConsumer returns a consumer and its stream, in whatever status.
func (s *Service) lookupConsumer(r consumerRef) (*snapshot, *consumer, error) {
	sn := s.find(r.stream)
	if sn == nil {
		return nil, nil, errStreamNotFound(r.stream)
	}
	c, err := s.currentConsumer(sn.state, r)
	return sn, c, err
}

// currentConsumer returns the newest revision of a consumer of a stream.
func (s *Service) currentConsumer(st *streamState, r consumerRef) (*consumer, error) {
	list := st.consumersAt(s.engine.Now())
	i, found := searchConsumer(list, r.name)
	if !found || r.created != 0 && list[i].Created != r.created {
		return nil, api.Errorf(api.ResourceNotFound, "Consumer %s, account %s not found.", r.text, r.stream.account)
	}
	return list[i], nil
}

// registerConsumer makes a consumer of an active stream.
func (s *Service) registerConsumer(ctx context.Context, sn *snapshot, name string, tags map[string]string) (*consumer, error) {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return nil, err
	}
	defer unlock()
	st := sn.state
	if err := s.checkActive(sn); err != nil {
		return nil, err
	}
	if err := s.dropConsumersLocked(ctx, st); err != nil {
		return nil, err
	}
	if err := s.checkConsumerQuotas(ctx, sn, name); err != nil {
		return nil, err
	}
	last, err := s.tombstone(ctx, st.ref.consumerTombstoneKey(name))
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	obj := stream.Consumer{
		Name: name, Stream: sn.Number, Created: max(now.Second(), last+1),
		Status: stream.Creating, BusyUntil: now.Add(s.cfg.TransitionDelay), Tags: tags,
	}
	rev, err := s.engine.Write(ctx, []engine.Change{
		{Key: st.ref.consumerKey(name), Value: obj.AppendBinary(nil), Expect: engine.Absent},
	})
	if err != nil {
		return nil, fmt.Errorf("write consumer %s of stream %s: %w", name, sn.Name, err)
	}
	return st.publishConsumer(obj, rev), nil
}

// checkConsumerQuotas refuses a consumer that exists, or is one too many.
func (s *Service) checkConsumerQuotas(ctx context.Context, sn *snapshot, name string) error {
	list, now := sn.state.listConsumers(), s.engine.Now()
	quota, err := s.consumerQuota(ctx, sn, now)
	if err != nil {
		return err
	}
	if _, found := searchConsumer(list, name); found {
		return api.Errorf(api.ResourceInUse, "Consumer %s under stream %s already exists for account %s.", name, sn.Name, sn.Account)
	}
	creating := 0
	for _, c := range list {
		if c.StatusAt(now) == stream.Creating {
			creating++
		}
	}
	switch {
	case len(list) >= quota:
		return api.Errorf(api.LimitExceeded,
			"Stream %s under account %s has reached the limit on the number of registered consumers. Limit: %d",
			sn.Name, sn.Account, quota)
	case s.cfg.EnforceRates && creating >= stream.MaxCreatingConsumers:
		return api.Errorf(api.LimitExceeded,
			"Stream %s under account %s has reached the limit on the number of consumers that can simultaneously be in CREATING. Limit: %d",
			sn.Name, sn.Account, stream.MaxCreatingConsumers)
	}
	return nil
}

// consumerQuota returns how many consumers the stream may have.
func (s *Service) consumerQuota(ctx context.Context, sn *snapshot, now stream.Millis) (int, error) {
	if sn.Mode != stream.OnDemand {
		return stream.MaxConsumers, nil
	}
	agreed, _, err := s.commitment(ctx, service.Caller{Account: sn.Account, Region: sn.Region})
	if err != nil || agreed.StatusAt(now) == stream.CommitmentDisabled {
		return stream.MaxConsumers, err
	}
	return stream.MaxAdvantageConsumers, nil
}

// deregisterConsumer deletes a consumer: at once, or when its DELETING ends. Its
// subscriptions end at once. Doing it again is fine.
func (s *Service) deregisterConsumer(ctx context.Context, sn *snapshot, r consumerRef) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	st := sn.state
	c, err := s.currentConsumer(st, r)
	if err != nil || c.Status == stream.Deleting {
		return err
	}
	c, err = s.writeConsumerLocked(ctx, st, c, func(obj *stream.Consumer) error {
		obj.Status = stream.Deleting
		obj.BusyUntil = s.engine.Now().Add(s.cfg.TransitionDelay)
		return nil
	})
	if err != nil {
		return err
	}
	c.pushes.end(errSubscriptionOver)
	return s.dropConsumersLocked(ctx, st)
}

// updateConsumer changes a consumer's object in one write, unless it, or its
// stream, is DELETING.
func (s *Service) updateConsumer(ctx context.Context, sn *snapshot, r consumerRef, fn func(*stream.Consumer) error) error {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return err
	}
	defer unlock()
	st := sn.state
	c, err := s.currentConsumer(st, r)
	if err != nil {
		return err
	}
	if status := sn.consumerStatus(c, s.engine.Now()); status == stream.Deleting {
		return api.Errorf(api.ResourceInUse, "Consumer %s under stream %s under account %s is in state %s.",
			c.Name, sn.Name, sn.Account, status)
	}
	_, err = s.writeConsumerLocked(ctx, st, c, fn)
	return err
}

// writeConsumerLocked makes a change of a consumer durable and visible. The
// caller holds the stream's mu and c is the newest revision; fn gets a copy that
// it may modify.
func (s *Service) writeConsumerLocked(
	ctx context.Context, st *streamState, c *consumer, fn func(*stream.Consumer) error,
) (*consumer, error) {
	obj := c.Consumer
	obj.Tags = maps.Clone(obj.Tags)
	if err := fn(&obj); err != nil {
		return nil, err
	}
	rev, err := s.engine.Write(ctx, []engine.Change{
		{Key: st.ref.consumerKey(obj.Name), Value: obj.AppendBinary(nil), Expect: c.revision},
	})
	if err != nil {
		return nil, fmt.Errorf("write consumer %s of stream %s: %w", obj.Name, st.ref.name, err)
	}
	return st.publishConsumer(obj, rev), nil
}

// dropConsumersLocked removes the consumers whose deletion is due.
func (s *Service) dropConsumersLocked(ctx context.Context, st *streamState) error {
	now := s.engine.Now()
	left := st.consumersAt(now)
	list := st.listConsumers()
	if len(left) == len(list) {
		return nil
	}
	gone := slices.DeleteFunc(slices.Clone(list), func(c *consumer) bool { return !c.isGone(now) })
	if _, err := s.engine.Write(ctx, st.consumerRemovals(gone)); err != nil {
		return fmt.Errorf("delete consumers of stream %s: %w", st.ref.name, err)
	}
	st.consumers.Store(&left)
	return nil
}

// consumerRemovals returns the changes that remove consumers of the stream.
func (st *streamState) consumerRemovals(gone []*consumer) []engine.Change {
	changes := make([]engine.Change, 0, 2*len(gone))
	for _, c := range gone {
		changes = append(changes,
			engine.Change{Key: st.ref.consumerKey(c.Name), Delete: true, Expect: c.revision},
			engine.Change{Key: st.ref.consumerTombstoneKey(c.Name), Value: encodeSecond(c.Created), Expect: engine.Any})
	}
	return changes
}

// loadConsumers gives the streams their consumers. Those that are left of a
// stream which a program that knew no consumers has deleted are removed.
func (s *Service) loadConsumers(ctx context.Context) error {
	entries, err := s.engine.List(ctx, engine.NewKey("consumer"), "", 0)
	if err != nil {
		return err
	}
	var orphans []engine.Change
	for _, e := range entries {
		parts := e.Key.Parts()
		if len(parts) != 5 {
			return fmt.Errorf("unexpected key %s", e.Key)
		}
		obj, err := stream.DecodeConsumer(e.Value)
		if err != nil {
			return fmt.Errorf("decode %s: %w", e.Key, err)
		}
		st := s.reg.streams[ref{parts[1], parts[2], parts[3]}]
		if st == nil || st.snap.Load().Number != obj.Stream {
			orphans = append(orphans, engine.Change{Key: e.Key, Delete: true, Expect: e.Revision})
			continue
		}
		st.publishConsumer(obj, e.Revision)
	}
	if len(orphans) == 0 {
		return nil
	}
	_, err = s.engine.Write(ctx, orphans)
	return err
}
