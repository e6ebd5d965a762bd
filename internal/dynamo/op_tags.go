package dynamo

import (
	"context"
	"maps"
	"strings"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
	"leat/internal/stream"
)

// TagResource adds tags to a table, or overwrites their values; UntagResource
// removes them, unknown keys included; ListTagsOfResource lists all by key.
//
// Order of checks: the ARN, that there is a tag, the table, the keys, how many
// tags there would be.

func (s *Service) tagResource(ctx context.Context, c service.Caller, in *dynamodb.TagResourceInput) error {
	sn, err := s.lookupResource(c, in.ResourceArn.V, func() error {
		if len(in.Tags.V) == 0 {
			return invalid("Atleast one Tag needs to be provided as Input.")
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.update(ctx, sn, func(d *definition) (err error) {
		d.Tags, err = addTags(d.Tags, in.Tags.V)
		return err
	})
	return err
}

func (s *Service) untagResource(ctx context.Context, c service.Caller, in *dynamodb.UntagResourceInput) error {
	sn, err := s.lookupResource(c, in.ResourceArn.V, func() error {
		if len(in.TagKeys.V) == 0 {
			return invalid("Atleast one Tag Key needs to be provided as Input.")
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = s.update(ctx, sn, func(d *definition) error {
		for _, key := range in.TagKeys.V {
			delete(d.Tags, key)
		}
		return nil
	})
	return err
}

func (s *Service) listTagsOfResource(
	_ context.Context, c service.Caller, in *dynamodb.ListTagsOfResourceInput,
) (*dynamodb.ListTagsOfResourceOutput, error) {
	sn, err := s.lookupResource(c, in.ResourceArn.V, func() error { return nil })
	if err != nil {
		return nil, err
	}
	list := make([]dynamodb.Tag, 0, len(sn.Tags))
	for _, key := range byName(sn.Tags) {
		list = append(list, dynamodb.Tag{Key: api.Some(key), Value: api.Some(sn.Tags[key])})
	}
	return &dynamodb.ListTagsOfResourceOutput{Tags: api.Some(list)}, nil
}

// lookupResource returns the table with an ARN. The check comes between that of the
// ARN and that there is the table.
func (s *Service) lookupResource(c service.Caller, arn string, check func() error) (*snapshot, error) {
	if _, ok := parseARN(arn); !ok {
		return nil, invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", arn)
	}
	if err := check(); err != nil {
		return nil, err
	}
	r, err := refOf(c, arn)
	if err != nil {
		return nil, err
	}
	sn := s.reg.get(r)
	if sn == nil || r.region != c.Region {
		return nil, api.Errorf(api.ResourceNotFound, "Requested resource not found: ResourcArn: %s not found", arn)
	}
	return sn, nil
}

// addTags returns tags with more added, which are copied. What there was may be
// changed.
func addTags(have map[string]string, more []dynamodb.Tag) (map[string]string, error) {
	if have = maps.Clone(have); have == nil && len(more) > 0 {
		have = make(map[string]string, len(more))
	}
	for i := range more {
		key := more[i].Key.V
		if stream.ReservedTagKey(key) {
			return nil, invalidValue("Tag keys that begin with aws: are reserved for system use: %s", key)
		}
		have[strings.Clone(key)] = strings.Clone(more[i].Value.V)
	}
	if len(have) > maxTags {
		return nil, invalidValue("Too many tags: a table may have %d", maxTags)
	}
	return have, nil
}
