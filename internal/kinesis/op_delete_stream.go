package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
)

// DeleteStream deletes a stream with all its records, in any status but
// DELETING. One that has consumers is refused, unless EnforceConsumerDeletion
// says that they go with it.

func (s *Service) deleteStream(ctx context.Context, c service.Caller, in *api.DeleteStreamInput) error {
	sn, err := s.lookup(c, target{in.StreamName, in.StreamARN})
	if err != nil {
		return err
	}
	return s.remove(ctx, sn, in.EnforceConsumerDeletion.V)
}
