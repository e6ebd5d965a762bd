package dynamo

import (
	"context"

	"leat/internal/api"
	"leat/internal/api/dynamodb"
	"leat/internal/service"
)

// UpdateContinuousBackups changes the setting of point-in-time recovery, and
// DescribeContinuousBackups shows it.
//
// Differs: the setting is all there is. Nothing is backed up, so no times are shown
// between which a table could be restored.

// defaultRecoveryDays is how far back a table can be restored in AWS.
const defaultRecoveryDays = 35

func (s *Service) updateContinuousBackups(
	ctx context.Context, c service.Caller, in *dynamodb.UpdateContinuousBackupsInput,
) (*dynamodb.UpdateContinuousBackupsOutput, error) {
	sn, err := s.lookupBackups(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	spec := &in.PointInTimeRecoverySpecification.V
	if spec.RecoveryPeriodInDays.Set && !spec.PointInTimeRecoveryEnabled.V {
		return nil, invalidValue("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true")
	}
	sn, err = s.update(ctx, sn, func(d *definition) error {
		d.Recovery = recovery{}
		if spec.PointInTimeRecoveryEnabled.V {
			d.Recovery = recovery{Enabled: true, Days: spec.RecoveryPeriodInDays.Or(defaultRecoveryDays)}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &dynamodb.UpdateContinuousBackupsOutput{ContinuousBackupsDescription: api.Some(sn.Recovery.describe())}, nil
}

func (s *Service) describeContinuousBackups(
	_ context.Context, c service.Caller, in *dynamodb.DescribeContinuousBackupsInput,
) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	sn, err := s.lookupBackups(c, in.TableName.V)
	if err != nil {
		return nil, err
	}
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: api.Some(sn.Recovery.describe())}, nil
}

// lookupBackups returns a table, whose absence has another code here.
func (s *Service) lookupBackups(c service.Caller, name string) (*snapshot, error) {
	sn, err := s.lookup(c, name)
	if isNoTable(err) {
		return nil, api.Errorf(api.TableNotFound, "Table not found: %s", name)
	}
	return sn, err
}

func (r recovery) describe() dynamodb.ContinuousBackupsDescription {
	d := dynamodb.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: api.Some("DISABLED")}
	if r.Enabled {
		d = dynamodb.PointInTimeRecoveryDescription{
			PointInTimeRecoveryStatus: api.Some("ENABLED"), RecoveryPeriodInDays: api.Some(r.Days),
		}
	}
	return dynamodb.ContinuousBackupsDescription{
		ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription: api.Some(d),
	}
}
