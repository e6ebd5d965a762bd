package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// resource is what tags and a policy are attached to: a stream, or one of its
// consumers.
type resource struct {
	sn       *snapshot
	consumer api.Opt[consumerRef] // absent: the stream
	attachments
}

// attachments are a resource's tags and policy.
type attachments struct {
	tags   map[string]string
	policy string // "" if there is none
}

// lookupResource returns the resource with an ARN, in whatever status.
func (s *Service) lookupResource(c service.Caller, arn string) (resource, error) {
	if _, _, _, ok := stream.ParseConsumerARN(arn); !ok {
		sn, err := s.lookup(c, target{arn: api.Some(arn)})
		if err != nil {
			return resource{}, err
		}
		return resource{sn: sn, attachments: attachments{sn.Tags, sn.Policy}}, nil
	}
	r, err := consumerTarget{arn: api.Some(arn)}.ref(c)
	if err != nil {
		return resource{}, err
	}
	sn, found, err := s.lookupConsumer(r)
	if err != nil {
		return resource{}, err
	}
	return resource{sn: sn, consumer: api.Some(r), attachments: attachments{found.Tags, found.Policy}}, nil
}

// updateResource changes what is attached to a resource in one write. fn gets a
// copy that it may modify and returns the error that refuses the change.
func (s *Service) updateResource(ctx context.Context, r resource, fn func(*attachments) error) error {
	if !r.consumer.Set {
		return s.update(ctx, r.sn, func(obj *stream.Stream) error {
			return attach(&obj.Tags, &obj.Policy, fn)
		})
	}
	return s.updateConsumer(ctx, r.sn, r.consumer.V, func(obj *stream.Consumer) error {
		return attach(&obj.Tags, &obj.Policy, fn)
	})
}

func attach(tags *map[string]string, policy *string, fn func(*attachments) error) error {
	a := attachments{*tags, *policy}
	if err := fn(&a); err != nil {
		return err
	}
	*tags, *policy = a.tags, a.policy
	return nil
}
