package kinesis

import (
	"context"
	"strconv"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// ListShards lists the shards that a filter selects, in the order of their ids,
// at most 1,000 at a time.
//
// A NextToken stands for the whole request that it came from, so it excludes
// the other members, and is valid for 300 seconds. A StreamCreationTimestamp
// that is not the stream's means another stream of that name: not found.

// listShardsToken is the kind of ListShards' page tokens.
const listShardsToken = "ListShards"

// shardQuery is what a ListShards asks for, as far as its pages share it.
type shardQuery struct {
	stream ref    // in a query from a token
	number uint64 // the stream's, likewise
	filter stream.Filter
	after  stream.ShardID
}

func (s *Service) listShards(_ context.Context, c service.Caller, in *api.ListShardsInput) (*api.ListShardsOutput, error) {
	q, sn, err := s.shardQuery(c, in)
	if err != nil {
		return nil, err
	}
	now := s.engine.Now()
	if status := sn.status(now); status == stream.Creating {
		return nil, errNotActive(sn.state.ref, status)
	}
	shards := sn.visibleShards(now).Filter(q.filter, sn.Horizon(now)).After(q.after)
	limit := min(int(in.MaxResults.Or(stream.MaxListShards)), stream.MaxListShards)
	out := new(api.ListShardsOutput)
	if len(shards) > limit {
		shards = shards[:limit]
		q.after = shards[limit-1].ID
		out.NextToken = api.Some(s.sealToken(listShardsToken, q.fields(sn)...))
	}
	out.Shards = api.Some(viewShards(shards))
	return out, nil
}

// shardQuery reads a request, the first or one with a token, and finds its
// stream.
func (s *Service) shardQuery(c service.Caller, in *api.ListShardsInput) (shardQuery, *snapshot, error) {
	if in.NextToken.Set {
		q, err := s.continuedQuery(c, in)
		if err != nil {
			return q, nil, err
		}
		sn := s.find(q.stream)
		if sn == nil || sn.Number != q.number {
			return q, nil, errStreamNotFound(q.stream)
		}
		return q, sn, nil
	}
	var q shardQuery
	if !in.StreamName.Set && !in.StreamARN.Set {
		return q, nil, errNothingToList()
	}
	sn, after, err := s.lookupFrom(c, target{in.StreamName, in.StreamARN}, in.ExclusiveStartShardId)
	if err != nil {
		return q, nil, err
	}
	q.after = after
	if t := in.StreamCreationTimestamp; t.Set && stream.Millis(t.V).Second() != sn.CreatedSecond {
		return q, nil, errStreamNotFound(sn.state.ref)
	}
	q.filter, err = sn.shardFilter(in.ShardFilter)
	return q, sn, err
}

// shardFilter reads a ShardFilter. Without one all shards are listed.
func (sn *snapshot) shardFilter(in api.Opt[api.ShardFilter]) (stream.Filter, error) {
	f := stream.Filter{Type: stream.FromTrimHorizon}
	if !in.Set {
		return f, nil
	}
	f.Type, _ = stream.ParseFilterType(in.V.Type.V)
	byTime := f.Type == stream.AtTime || f.Type == stream.FromTime
	switch {
	case byTime != in.V.Timestamp.Set:
		return f, api.Errorf(api.InvalidArgument,
			"The ShardFilter type %s and its Timestamp do not go together: a Timestamp belongs to AT_TIMESTAMP and FROM_TIMESTAMP only.", f.Type)
	case (f.Type == stream.AfterShardID) != in.V.ShardId.Set:
		return f, api.Errorf(api.InvalidArgument,
			"The ShardFilter type %s and its ShardId do not go together: a ShardId belongs to AFTER_SHARD_ID only.", f.Type)
	case in.V.ShardId.Set:
		id, ok := stream.ParseShardID(in.V.ShardId.V)
		if !ok {
			return f, errBadShardID(sn.state.ref, in.V.ShardId.V)
		}
		f.Shard = id
	}
	f.Time = stream.Millis(in.V.Timestamp.V)
	return f, nil
}

func errNothingToList() error {
	return api.Errorf(api.InvalidArgument, "Either NextToken or StreamName should be provided.")
}

// continuedQuery reads a request that goes on where a token says.
func (s *Service) continuedQuery(c service.Caller, in *api.ListShardsInput) (shardQuery, error) {
	if in.StreamName.Set || in.StreamARN.Set || in.StreamCreationTimestamp.Set ||
		in.ExclusiveStartShardId.Set || in.ShardFilter.Set {
		return shardQuery{}, api.Errorf(api.InvalidArgument, "NextToken and StreamName cannot be provided together.")
	}
	fields, err := s.openToken(listShardsToken, in.NextToken.V, shardQueryFields)
	if err != nil {
		return shardQuery{}, err
	}
	q, err := parseShardQuery(fields)
	q.stream.region = c.Region
	if !c.CrossAccount {
		q.stream.account = c.Account
	}
	return q, err
}

// shardQueryFields is how many fields a token of a shardQuery has.
const shardQueryFields = 7

// fields returns the query as a token holds it.
func (q shardQuery) fields(sn *snapshot) []string {
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		sn.Name, strconv.FormatUint(sn.Number, 10), q.filter.Type.String(),
		number(int64(q.filter.Shard)), number(int64(q.filter.Time)), number(int64(q.after)), sn.Account,
	}
}

// parseShardQuery is the inverse of fields.
func parseShardQuery(fields []string) (shardQuery, error) {
	filter, ok := stream.ParseFilterType(fields[2])
	number, err := strconv.ParseUint(fields[1], 10, 64)
	if !ok || err != nil {
		return shardQuery{}, api.Errorf(api.InvalidArgument, "Invalid NextToken.")
	}
	var n [3]int64
	for i := range n {
		if n[i], err = strconv.ParseInt(fields[3+i], 10, 64); err != nil {
			return shardQuery{}, api.Errorf(api.InvalidArgument, "Invalid NextToken.")
		}
	}
	return shardQuery{
		stream: ref{account: fields[6], name: fields[0]},
		number: number,
		filter: stream.Filter{Type: filter, Shard: stream.ShardID(n[0]), Time: stream.Millis(n[1])},
		after:  stream.ShardID(n[2]),
	}, nil
}
