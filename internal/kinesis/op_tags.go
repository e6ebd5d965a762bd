package kinesis

import (
	"context"
	"slices"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// AddTagsToStream adds tags, or overwrites their values; RemoveTagsFromStream
// removes them, unknown keys included; ListTagsForStream lists them by key, from
// strictly after ExclusiveStartTagKey on, which need not exist.
//
// Order of checks: stream, then the characters of keys and values, then how
// many tags there would be.

func (s *Service) addTagsToStream(ctx context.Context, c service.Caller, in *api.AddTagsToStreamInput) error {
	sn, err := s.lookup(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	return s.update(ctx, sn, func(obj *stream.Stream) (err error) {
		obj.Tags, err = addTags(sn.state.ref, obj.Tags, in.Tags.V)
		return err
	})
}

func (s *Service) removeTagsFromStream(ctx context.Context, c service.Caller, in *api.RemoveTagsFromStreamInput) error {
	sn, err := s.lookup(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	keys := keysOnly(in.TagKeys.V)
	return s.update(ctx, sn, func(obj *stream.Stream) error {
		if err := checkTagCharacters(sn.state.ref, keys, "remove tags from"); err != nil {
			return err
		}
		for key := range keys {
			delete(obj.Tags, key)
		}
		return nil
	})
}

func (s *Service) listTagsForStream(
	_ context.Context, c service.Caller, in *api.ListTagsForStreamInput,
) (*api.ListTagsForStreamOutput, error) {
	sn, err := s.lookup(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return nil, err
	}
	tags := viewTags(sn.Tags)
	if in.ExclusiveStartTagKey.Set {
		tags = slices.DeleteFunc(tags, func(tag api.Tag) bool { return tag.Key <= in.ExclusiveStartTagKey.V })
	}
	limit := int(in.Limit.Or(stream.MaxTags))
	out := &api.ListTagsForStreamOutput{Tags: tags, HasMoreTags: len(tags) > limit}
	if out.HasMoreTags {
		out.Tags = tags[:limit]
	}
	return out, nil
}
