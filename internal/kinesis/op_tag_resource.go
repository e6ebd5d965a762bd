package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
)

// TagResource adds tags to a stream or a consumer by its ARN, or overwrites
// their values; UntagResource removes them, unknown keys included;
// ListTagsForResource lists all of them by key. The tags of a stream are those
// of AddTagsToStream.
//
// Order of checks: resource, then the characters of keys and values, of which
// one more is allowed than by AddTagsToStream, the colon; then how many tags
// there would be.

func (s *Service) tagResource(ctx context.Context, c service.Caller, in *api.TagResourceInput) error {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	if err := checkResourceTags(in.Tags.V); err != nil {
		return err
	}
	return s.updateResource(ctx, r, func(a *attachments) (err error) {
		a.tags, err = mergeTags(r.sn.state.ref, a.tags, in.Tags.V)
		return err
	})
}

func (s *Service) untagResource(ctx context.Context, c service.Caller, in *api.UntagResourceInput) error {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return err
	}
	keys := keysOnly(in.TagKeys.V)
	if err := checkResourceTags(keys); err != nil {
		return err
	}
	return s.updateResource(ctx, r, func(a *attachments) error {
		for key := range keys {
			delete(a.tags, key)
		}
		return nil
	})
}

func (s *Service) listTagsForResource(
	_ context.Context, c service.Caller, in *api.ListTagsForResourceInput,
) (*api.ListTagsForResourceOutput, error) {
	r, err := s.lookupResource(c, in.ResourceARN.V)
	if err != nil {
		return nil, err
	}
	return &api.ListTagsForResourceOutput{Tags: api.Some(viewTags(r.tags))}, nil
}
