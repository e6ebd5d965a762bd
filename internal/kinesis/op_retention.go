package kinesis

import (
	"context"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/stream"
)

// IncreaseStreamRetentionPeriod and DecreaseStreamRetentionPeriod set how long
// records are kept, 24 to 8,760 hours. The period that a stream has already is
// accepted by both. What has expired does not come back.
//
// Order of checks: stream, its status, shortest, longest, direction.

func (s *Service) increaseStreamRetentionPeriod(
	ctx context.Context, c service.Caller, in *api.IncreaseStreamRetentionPeriodInput,
) error {
	return s.setRetention(ctx, c, target{in.StreamName, in.StreamARN}, int(in.RetentionPeriodHours.V), func(obj *stream.Stream, hours int) error {
		if hours >= obj.RetentionHours {
			return nil
		}
		return api.Errorf(api.InvalidArgument,
			"Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours). "+
				"Use DecreaseRetentionPeriod API.", hours, obj.Name, obj.RetentionHours)
	})
}

func (s *Service) decreaseStreamRetentionPeriod(
	ctx context.Context, c service.Caller, in *api.DecreaseStreamRetentionPeriodInput,
) error {
	return s.setRetention(ctx, c, target{in.StreamName, in.StreamARN}, int(in.RetentionPeriodHours.V), func(obj *stream.Stream, hours int) error {
		if hours <= obj.RetentionHours {
			return nil
		}
		return api.Errorf(api.InvalidArgument,
			"Requested retention period (%d hours) for stream %s can not be longer than existing retention period (%d hours). "+
				"Use IncreaseRetentionPeriod API.", hours, obj.Name, obj.RetentionHours)
	})
}

func (s *Service) setRetention(
	ctx context.Context, c service.Caller, t target, hours int, direction func(*stream.Stream, int) error,
) error {
	sn, err := s.lookupActive(c, t)
	if err != nil {
		return err
	}
	switch {
	case hours < stream.MinRetentionHours:
		return api.Errorf(api.InvalidArgument,
			"Minimum allowed retention period is %d hours. Requested retention period (%d hours) is too short.", stream.MinRetentionHours, hours)
	case hours > stream.MaxRetentionHours:
		return api.Errorf(api.InvalidArgument,
			"Maximum allowed retention period is %d hours. Requested retention period (%d hours) is too long.", stream.MaxRetentionHours, hours)
	}
	return s.updateActive(ctx, sn, func(obj *stream.Stream) error {
		if err := direction(obj, hours); err != nil {
			return err
		}
		obj.Floor = obj.Expiry(s.engine.Now())
		obj.RetentionHours = hours
		return nil
	})
}
