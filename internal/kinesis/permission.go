package kinesis

import (
	"fmt"

	"leat/internal/api"
	"leat/internal/policy"
	"leat/internal/service"
	"leat/internal/stream"
)

// subject says what an operation is about.
type subject struct {
	// find returns the resource of a request, without an action and the
	// request's tags.
	find func(c service.Caller, in api.Input) (service.Resource, error)
	// shared is whether the resource's policy can allow the operation to other
	// accounts.
	shared bool
	// itself is whether the operation is about the resource's policy, which
	// then does not decide: nobody locks himself out.
	itself bool
	// tagAction is an action that requests with tags need in addition.
	tagAction string
}

// on returns the operation with what it is about.
func (op Operation) on(find func(service.Caller, api.Input) (service.Resource, error)) Operation {
	op.subject.find = find
	return op
}

// onShared is on for operations that other accounts can be allowed.
func (op Operation) onShared(find func(service.Caller, api.Input) (service.Resource, error)) Operation {
	op.subject.shared = true
	return op.on(find)
}

// onItself is on for operations on the policy itself.
func (op Operation) onItself(find func(service.Caller, api.Input) (service.Resource, error)) Operation {
	op.subject.itself = true
	return op.on(find)
}

// tagging returns the operation with the action that its requests need if they
// have tags.
func (op Operation) tagging(action string) Operation {
	op.subject.tagAction = action
	return op
}

// withResources makes the actions and resources of a table's operations from
// what they are about. An operation that does not say has neither.
func withResources(table []Operation) []Operation {
	for i := range table {
		op := &table[i]
		if op.subject.find == nil {
			continue
		}
		op.Action = "kinesis:" + op.Name
		action, subject := op.Action, op.subject
		op.Resources = func(c service.Caller, in api.Input) ([]service.Resource, error) {
			return subject.resources(c, action, in)
		}
	}
	return table
}

// resources returns what a request for an action needs.
func (s *subject) resources(c service.Caller, action string, in api.Input) ([]service.Resource, error) {
	r, err := s.find(c, in)
	if err != nil {
		return nil, err
	}
	r.Action = action
	if s.itself || !s.shared && r.Account != c.Account {
		r.Policy = nil
	}
	if tags, ok := in.Member("Tags").(*api.Opt[map[string]string]); ok {
		r.RequestTags = tags.V
	}
	if keys, ok := in.Member("TagKeys").(*api.Opt[[]string]); ok {
		r.TagKeys = keys.V
	}
	if s.tagAction == "" || len(r.RequestTags) == 0 {
		return []service.Resource{r}, nil
	}
	tagged := r
	tagged.Action = s.tagAction
	return []service.Resource{r, tagged}, nil
}

// everything is the subject of operations on no resource in particular.
func everything(c service.Caller, _ api.Input) (service.Resource, error) {
	return service.Resource{ARN: "*", Account: c.Account}, nil
}

// aStream finds the stream that a request names.
func (s *Service) aStream(c service.Caller, in api.Input) (service.Resource, error) {
	r, err := target{optText(in, "StreamName"), optText(in, "StreamARN")}.ref(c)
	if err != nil {
		return service.Resource{}, err
	}
	return s.streamResource(r), nil
}

// aNewStream names the stream that a request makes.
func (s *Service) aNewStream(c service.Caller, in api.Input) (service.Resource, error) {
	r := ref{c.Account, c.Region, optText(in, "StreamName").V}
	return service.Resource{ARN: r.arn(), Account: r.account}, nil
}

// aListedStream finds the stream that ListShards names, or its token.
func (s *Service) aListedStream(c service.Caller, in api.Input) (service.Resource, error) {
	list := in.(*api.ListShardsInput)
	switch {
	case list.NextToken.Set:
		q, err := s.continuedQuery(c, list)
		if err != nil {
			return service.Resource{}, err
		}
		return s.streamResource(q.stream), nil
	case !list.StreamName.Set && !list.StreamARN.Set:
		return service.Resource{}, errNothingToList()
	}
	return s.aStream(c, in)
}

// anIteratorsStream finds the stream that a shard iterator is for.
func (s *Service) anIteratorsStream(c service.Caller, in api.Input) (service.Resource, error) {
	it, err := s.openIterator(c, optText(in, "ShardIterator").V)
	if err != nil {
		return service.Resource{}, err
	}
	return s.streamResource(iteratorRef(it)), nil
}

// aConsumer finds the consumer that a request names.
func (s *Service) aConsumer(c service.Caller, in api.Input) (service.Resource, error) {
	r, err := consumerTarget{optText(in, "StreamARN"), optText(in, "ConsumerName"), optText(in, "ConsumerARN")}.ref(c)
	if err != nil {
		return service.Resource{}, err
	}
	return s.consumerResource(r), nil
}

// aResource finds the stream or consumer whose ARN a request has.
func (s *Service) aResource(c service.Caller, in api.Input) (service.Resource, error) {
	arn := optText(in, "ResourceARN")
	if _, _, _, ok := stream.ParseConsumerARN(arn.V); ok {
		r, err := consumerTarget{arn: arn}.ref(c)
		if err != nil {
			return service.Resource{}, err
		}
		return s.consumerResource(r), nil
	}
	r, err := target{arn: arn}.ref(c)
	if err != nil {
		return service.Resource{}, err
	}
	return s.streamResource(r), nil
}

// streamResource returns a stream as policies know it, whether there is one or
// not: who may not use it does not learn whether there is.
func (s *Service) streamResource(r ref) service.Resource {
	out := service.Resource{ARN: r.arn(), Account: r.account}
	if sn := s.find(r); sn != nil {
		out.Policy, out.Tags = sn.rules, sn.Tags
	}
	return out
}

// consumerResource returns a consumer as policies know it. One that is named
// without its creation time and does not exist has none.
func (s *Service) consumerResource(r consumerRef) service.Resource {
	out := service.Resource{ARN: stream.ConsumerARN(r.stream.arn(), r.name, r.created), Account: r.stream.account}
	if r.created == 0 {
		out.Name = r.stream.arn() + "/consumer/" + r.name
	}
	if sn, c, err := s.lookupConsumer(r); err == nil {
		out.ARN, out.Policy, out.Tags = sn.consumerARN(c), c.rules, c.Tags
	}
	return out
}

// optText returns a member that is a text, absent where the input has none of
// that name.
func optText(in api.Input, name string) api.Opt[string] {
	if m, ok := in.Member(name).(*api.Opt[string]); ok {
		return *m
	}
	return api.Opt[string]{}
}

// denyAll stands for a stored policy that cannot be read.
const denyAll = `{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}`

// parseRules returns the stored policy of a resource, nil for none. One that
// cannot be read, as an older program did not look at what it stored, denies
// everything until it is replaced.
func parseRules(arn, text string) *policy.Policy {
	if text == "" {
		return nil
	}
	rules, err := policy.ParseJSON("the policy of "+arn, policy.Resource, []byte(text))
	if err == nil {
		return rules
	}
	rules, err = policy.ParseJSON("the policy of "+arn+", which cannot be read", policy.Resource, []byte(denyAll))
	if err != nil {
		panic(fmt.Sprintf("BUG: the policy that denies everything: %v", err))
	}
	return rules
}
