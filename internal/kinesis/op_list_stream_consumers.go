package kinesis

import (
	"context"
	"strconv"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// ListStreamConsumers lists the consumers of a stream by name, in whatever
// status, at most 100 at a time.
//
// A NextToken goes with the ARN of the stream that it is from, is valid for 300
// seconds, and excludes a StreamCreationTimestamp. One that is not the stream's
// means another stream of that name: not found.

// listConsumersToken is the kind of ListStreamConsumers' page tokens; they hold
// the stream's name and number and the last consumer's name.
const listConsumersToken = "ListStreamConsumers"

func (s *Service) listStreamConsumers(
	_ context.Context, c service.Caller, in *api.ListStreamConsumersInput,
) (*api.ListStreamConsumersOutput, error) {
	sn, err := s.lookup(c, target{arn: in.StreamARN})
	if err != nil {
		return nil, err
	}
	if t := in.StreamCreationTimestamp; t.Set && stream.Millis(t.V).Second() != sn.CreatedSecond {
		return nil, errStreamNotFound(sn.state.ref)
	}
	now := s.engine.Now()
	list := sn.state.consumersAt(now)
	if in.NextToken.Set {
		after, err := s.listedConsumer(sn, in)
		if err != nil {
			return nil, err
		}
		i, found := searchConsumer(list, after)
		if found {
			i++
		}
		list = list[i:]
	}
	out := new(api.ListStreamConsumersOutput)
	if limit := min(int(in.MaxResults.Or(stream.MaxListConsumers)), stream.MaxListConsumers); len(list) > limit {
		list = list[:limit]
		out.NextToken = api.Some(s.sealToken(listConsumersToken,
			sn.Name, strconv.FormatUint(sn.Number, 10), list[limit-1].Name))
	}
	views := make([]api.Consumer, len(list))
	for i, c := range list {
		views[i] = sn.viewConsumer(c, sn.consumerStatus(c, now))
	}
	out.Consumers = api.Some(views)
	return out, nil
}

// listedConsumer returns the name that a page token says has been listed last.
func (s *Service) listedConsumer(sn *snapshot, in *api.ListStreamConsumersInput) (string, error) {
	if in.StreamCreationTimestamp.Set {
		return "", api.Errorf(api.InvalidArgument, "NextToken and StreamCreationTimestamp cannot be provided together.")
	}
	fields, err := s.openToken(listConsumersToken, in.NextToken.V, 3)
	switch {
	case err != nil:
		return "", err
	case fields[0] != sn.Name:
		return "", api.Errorf(api.InvalidArgument, "Invalid NextToken.")
	case fields[1] != strconv.FormatUint(sn.Number, 10):
		return "", errStreamNotFound(sn.state.ref)
	}
	return fields[2], nil
}
