package kinesis

import (
	"context"
	"slices"
	"strings"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// ListStreams lists the caller's streams in the region by name, in whatever
// status, at most 100 at a time. The start, by NextToken or
// ExclusiveStartStreamName, is strictly before the first, and need not exist.

// listStreamsToken is the kind of ListStreams' page tokens.
const listStreamsToken = "ListStreams"

func (s *Service) listStreams(_ context.Context, c service.Caller, in *api.ListStreamsInput) (*api.ListStreamsOutput, error) {
	after := in.ExclusiveStartStreamName.V
	if in.NextToken.Set {
		token, err := s.openToken(listStreamsToken, in.NextToken.V, 1)
		if err != nil {
			return nil, err
		}
		after = token[0]
	}
	var states []*snapshot
	for sn := range s.streams(c) {
		if sn.Name > after {
			states = append(states, sn)
		}
	}
	slices.SortFunc(states, func(a, b *snapshot) int { return strings.Compare(a.Name, b.Name) })
	limit := min(int(in.Limit.Or(stream.MaxListStreams)), stream.MaxListStreams)
	out := &api.ListStreamsOutput{HasMoreStreams: len(states) > limit, StreamNames: []string{}}
	if out.HasMoreStreams {
		states = states[:limit]
		out.NextToken = api.Some(s.sealToken(listStreamsToken, states[limit-1].Name))
	}
	now := s.engine.Now()
	summaries := make([]api.StreamSummary, len(states))
	for i, sn := range states {
		out.StreamNames = append(out.StreamNames, sn.Name)
		summaries[i] = api.StreamSummary{
			StreamName:              sn.Name,
			StreamARN:               sn.ARN(),
			StreamStatus:            sn.status(now).String(),
			StreamModeDetails:       sn.modeDetails(),
			StreamCreationTimestamp: api.Some(sn.created()),
		}
	}
	out.StreamSummaries = api.Some(summaries)
	return out, nil
}
