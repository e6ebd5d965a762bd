package kinesis

import (
	"context"
	"strings"
	"sync"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// CallRate is how often an operation may be called while rates are enforced.
// The zero value is as often as one likes.
type CallRate struct {
	PerSecond int
	PerStream bool // counted for each stream, else for each account and region
}

func perAccount(calls int) CallRate { return CallRate{PerSecond: calls} }

func perStream(calls int) CallRate { return CallRate{PerSecond: calls, PerStream: true} }

// at returns the operation with a rate.
func (op Operation) at(r CallRate) Operation {
	op.Rate = r
	return op
}

// limitCalls makes the operations of a table refuse calls beyond their rates,
// if rates are enforced.
func (s *Service) limitCalls(table []Operation) []Operation {
	if !s.cfg.EnforceRates {
		return table
	}
	for i := range table {
		name, limit, call := table[i].Name, table[i].Rate, table[i].Call
		if limit == (CallRate{}) {
			continue
		}
		table[i].Call = func(ctx context.Context, c service.Caller, in api.Input) (api.Output, error) {
			if err := s.admitCall(c, name, limit, in); err != nil {
				return nil, err
			}
			return call(ctx, c, in)
		}
	}
	return table
}

// admitCall takes one call of an operation, or refuses it.
func (s *Service) admitCall(c service.Caller, operation string, limit CallRate, in api.Input) error {
	owner, named := streamNamed(c, in)
	key := callKey{account: c.Account, region: c.Region, operation: operation}
	if limit.PerStream {
		key.account, key.stream = owner, named
	}
	switch {
	case s.calls.admit(key, rate(limit.PerSecond), s.engine.Now()):
		return nil
	case named == "":
		return api.Errorf(api.LimitExceeded, "Rate exceeded for account %s.", c.Account)
	}
	return api.Errorf(api.LimitExceeded, "Rate exceeded for stream %s under account %s.", named, owner)
}

// streamNamed returns the account and the name of the stream that a request is
// about, whether there is one or not; the name is "" if it is about none.
func streamNamed(c service.Caller, in api.Input) (account, name string) {
	for _, member := range [...]string{"StreamName", "StreamARN", "ResourceARN", "ConsumerARN"} {
		text, ok := in.Member(member).(*api.Opt[string])
		if !ok || !text.Set {
			continue
		}
		arn, name, isARN := strings.Cut(text.V, ":stream/")
		if !isARN {
			return c.Account, text.V
		}
		name, _, _ = strings.Cut(name, "/")
		if !c.CrossAccount {
			return c.Account, name
		}
		return arn[strings.LastIndexByte(arn, ':')+1:], name
	}
	return c.Account, ""
}

// callKey is what calls are counted for.
type callKey struct{ account, region, operation, stream string }

// minCallBuckets is how many buckets are kept before idle ones are looked for.
const minCallBuckets = 4096

// callRates counts calls. A bucket that is full again is as good as none, so
// there are never more than twice as many as were used within a second, or
// minCallBuckets.
type callRates struct {
	mu      sync.Mutex // guards all fields
	buckets map[callKey]*bucket
	// cleanAt is the number of buckets at which the idle ones are removed.
	cleanAt int
}

// admit takes one call from a rate, or reports that it is exceeded.
func (r *callRates) admit(key callKey, limit rate, now stream.Millis) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.buckets[key]
	if b == nil {
		r.makeRoomLocked(now)
		// The texts lie in a request's memory. An assignment to a key that is
		// there would replace its texts, too.
		key.account, key.region, key.stream = strings.Clone(key.account), strings.Clone(key.region), strings.Clone(key.stream)
		b = new(bucket)
		r.buckets[key] = b
	}
	b.refill(limit, now)
	if !b.affords(limit, 1) {
		return false
	}
	b.level--
	return true
}

// makeRoomLocked removes the buckets that have been idle for a second, if there
// are many.
func (r *callRates) makeRoomLocked(now stream.Millis) {
	if r.buckets == nil {
		r.buckets = make(map[callKey]*bucket)
	}
	if len(r.buckets) < max(r.cleanAt, minCallBuckets) {
		return
	}
	for key, b := range r.buckets {
		if now-b.last >= 1000 {
			delete(r.buckets, key)
		}
	}
	r.cleanAt = 2 * len(r.buckets)
}

// spend counts a change of a stream's object, or refuses it if there have been
// too many in a day.
func (s *Service) spend(obj *stream.Stream, kind stream.DailyChange) error {
	if !s.cfg.EnforceRates {
		return nil
	}
	changes, ok := obj.Changes.Spend(kind, s.engine.Now())
	if !ok {
		return api.Errorf(api.LimitExceeded,
			"Stream %s under account %s has reached the limit of %d such changes in 24 hours.", obj.Name, obj.Account, kind.Limit())
	}
	obj.Changes = changes
	return nil
}
