package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// UpdateMaxRecordSize sets how large a record may be, its data and partition key
// together. Larger ones that are there already stay readable.
//
// Order of checks: stream, its status.

func (s *Service) updateMaxRecordSize(ctx context.Context, c service.Caller, in *api.UpdateMaxRecordSizeInput) error {
	sn, err := s.lookupActive(c, target{arn: in.StreamARN})
	if err != nil {
		return err
	}
	return s.updateActive(ctx, sn, func(obj *stream.Stream) error {
		obj.MaxRecordKiB = int(in.MaxRecordSizeInKiB.V)
		return nil
	})
}
