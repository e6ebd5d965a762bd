package kinesis

import (
	"context"
	"regexp"
	"strings"

	"leat/internal/api"
	"leat/internal/stream"
)

// StartStreamEncryption and StopStreamEncryption choose whether records that are
// put from then on are encrypted. Records keep what held when they were put.
// Starting again with another key is allowed. Both are counted by day.
//
// Order of checks: EncryptionType, the key id's form, stream, its status, day.
//
// Differs: a key need not exist, only its id be well-formed, and the records are
// stored as they are: the stream, puts and records show the encryption.

func (s *Service) startStreamEncryption(ctx context.Context, c Caller, in *api.StartStreamEncryptionInput) error {
	if err := checkEncryption(in.EncryptionType.V, in.KeyId.V); err != nil {
		return err
	}
	return s.setKey(ctx, c, target{in.StreamName, in.StreamARN}, stream.EncryptionStart, strings.Clone(in.KeyId.V))
}

func (s *Service) stopStreamEncryption(ctx context.Context, c Caller, in *api.StopStreamEncryptionInput) error {
	if err := checkEncryption(in.EncryptionType.V, in.KeyId.V); err != nil {
		return err
	}
	return s.setKey(ctx, c, target{in.StreamName, in.StreamARN}, stream.EncryptionStop, "")
}

func (s *Service) setKey(ctx context.Context, c Caller, t target, kind stream.DailyChange, keyID string) error {
	sn, err := s.lookupActive(c, t)
	if err != nil {
		return err
	}
	return s.updateActive(ctx, sn, func(obj *stream.Stream) error {
		obj.KeyID = keyID
		return s.spend(obj, kind)
	})
}

// keyID is the forms of a key's name: its id, its alias, and the ARN of either.
var keyID = regexp.MustCompile(`^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key/\S+|alias/\S+)` +
	`|alias/[a-zA-Z0-9/_-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-f]{32})$`)

func checkEncryption(kind, key string) error {
	if kind != encryptionKMS {
		return api.Errorf(api.InvalidArgument, "EncryptionType %s is not supported. The only valid value is %s.", kind, encryptionKMS)
	}
	if !keyID.MatchString(key) {
		return api.Errorf(api.KMSNotFound, "Invalid keyId %s", key)
	}
	return nil
}
