package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/stream"
)

// TagResource adds tags to a resource by its ARN, or overwrites their values;
// UntagResource removes them, unknown keys included; ListTagsForResource lists
// all of them by key. The tags of a stream are those of AddTagsToStream.
//
// Order of checks: resource, then the characters of keys and values, of which
// one more is allowed than by AddTagsToStream, the colon; then how many tags
// there would be.

func (s *Service) tagResource(ctx context.Context, c Caller, in *api.TagResourceInput) error {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		if err := checkResourceTags(in.Tags.V); err != nil {
			return err
		}
		return mergeTags(obj, in.Tags.V)
	})
}

func (s *Service) untagResource(ctx context.Context, c Caller, in *api.UntagResourceInput) error {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	keys := make(map[string]string, len(in.TagKeys.V))
	for _, key := range in.TagKeys.V {
		keys[key] = ""
	}
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		if err := checkResourceTags(keys); err != nil {
			return err
		}
		for key := range keys {
			delete(obj.Tags, key)
		}
		return nil
	})
}

func (s *Service) listTagsForResource(
	_ context.Context, c Caller, in *api.ListTagsForResourceInput,
) (*api.ListTagsForResourceOutput, error) {
	sn, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return nil, err
	}
	return &api.ListTagsForResourceOutput{Tags: api.Some(viewTags(sn.Tags))}, nil
}

// checkResourceTags applies the rules on the characters of tags.
func checkResourceTags(tags map[string]string) error {
	for k, v := range tags {
		switch {
		case stream.ReservedTagKey(k):
			return errReservedTag()
		case !stream.ValidResourceTagText(k) || !stream.ValidResourceTagText(v):
			return api.Errorf(api.InvalidArgument,
				"Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . : / = + - @.")
		}
	}
	return nil
}
