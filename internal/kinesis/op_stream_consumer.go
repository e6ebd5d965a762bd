package kinesis

import (
	"context"
	"strings"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// RegisterStreamConsumer makes a consumer of an active stream. The answer says
// CREATING, however short that lasts. DescribeStreamConsumer shows a consumer,
// and DeregisterStreamConsumer ends its subscriptions and removes it.
//
// Order of checks: what names the consumer, stream, its status, tags, whether
// the name is taken, quotas.

func (s *Service) registerStreamConsumer(
	ctx context.Context, c service.Caller, in *api.RegisterStreamConsumerInput,
) (*api.RegisterStreamConsumerOutput, error) {
	sn, err := s.lookupActive(c, target{arn: in.StreamARN})
	if err != nil {
		return nil, err
	}
	tags, err := addTags(sn.state.ref, nil, in.Tags.V)
	if err != nil {
		return nil, err
	}
	made, err := s.registerConsumer(ctx, sn, strings.Clone(in.ConsumerName.V), tags)
	if err != nil {
		return nil, err
	}
	return &api.RegisterStreamConsumerOutput{Consumer: sn.viewConsumer(made, stream.Creating)}, nil
}

func (s *Service) describeStreamConsumer(
	_ context.Context, c service.Caller, in *api.DescribeStreamConsumerInput,
) (*api.DescribeStreamConsumerOutput, error) {
	r, err := consumerTarget{in.StreamARN, in.ConsumerName, in.ConsumerARN}.ref(c)
	if err != nil {
		return nil, err
	}
	sn, found, err := s.lookupConsumer(r)
	if err != nil {
		return nil, err
	}
	view := sn.viewConsumer(found, sn.consumerStatus(found, s.engine.Now()))
	return &api.DescribeStreamConsumerOutput{ConsumerDescription: api.ConsumerDescription{
		ConsumerName:              view.ConsumerName,
		ConsumerARN:               view.ConsumerARN,
		ConsumerStatus:            view.ConsumerStatus,
		ConsumerCreationTimestamp: view.ConsumerCreationTimestamp,
		StreamARN:                 sn.ARN(),
	}}, nil
}

func (s *Service) deregisterStreamConsumer(ctx context.Context, c service.Caller, in *api.DeregisterStreamConsumerInput) error {
	r, err := consumerTarget{in.StreamARN, in.ConsumerName, in.ConsumerARN}.ref(c)
	if err != nil {
		return err
	}
	sn, _, err := s.lookupConsumer(r)
	if err != nil {
		return err
	}
	return s.deregisterConsumer(ctx, sn, r)
}
