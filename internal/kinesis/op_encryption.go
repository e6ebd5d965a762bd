package kinesis

import (
	"context"
	"strings"

	"leat/internal/api"
	"leat/internal/keyring"
	"leat/internal/service"
	"leat/internal/stream"
)

// StartStreamEncryption and StopStreamEncryption choose whether records that are
// put from then on are encrypted. Records keep what held when they were put.
// Starting again with another key is allowed. Both are counted by day.
//
// Order of checks: EncryptionType, the key id's form, stream, its status, day, and
// of a start the key. A stop does not need it.
//
// Differs: keys are those of --keyring, for all accounts. With auto, the default,
// every well-formed id has a key. An alias means what it means now, not when
// encryption was started.

func (s *Service) startStreamEncryption(ctx context.Context, c service.Caller, in *api.StartStreamEncryptionInput) error {
	if err := checkEncryption(in.EncryptionType.V, in.KeyId.V); err != nil {
		return err
	}
	return s.setKey(ctx, c, target{in.StreamName, in.StreamARN}, stream.EncryptionStart,
		func(obj *stream.Stream) error { return s.startKey(obj, strings.Clone(in.KeyId.V)) })
}

func (s *Service) stopStreamEncryption(ctx context.Context, c service.Caller, in *api.StopStreamEncryptionInput) error {
	if err := checkEncryption(in.EncryptionType.V, in.KeyId.V); err != nil {
		return err
	}
	return s.setKey(ctx, c, target{in.StreamName, in.StreamARN}, stream.EncryptionStop,
		func(obj *stream.Stream) error {
			now := s.engine.Now()
			obj.KeyID, obj.DataKeys = "", obj.DataKeys.Retire(now, obj.Expiry(now))
			return nil
		})
}

// startKey is the change that names the stream's master key, and gives the stream
// a data key that it has wrapped, unless it has one.
func (s *Service) startKey(obj *stream.Stream, keyID string) error {
	obj.KeyID = keyID
	master, err := s.keys.Ensure(keyID)
	if err != nil {
		return keyError(refOf(obj), keyID, err)
	}
	if k := obj.DataKeys.Current(); k != nil {
		if ref, err := keyring.RefOf(k.Wrapped); err == nil && ref == master {
			return nil
		}
	}
	return s.addDataKey(obj, master)
}

// setKey makes a change of a stream's key, which is counted.
func (s *Service) setKey(ctx context.Context, c service.Caller, t target, kind stream.DailyChange, fn change) error {
	sn, err := s.lookupActive(c, t)
	if err != nil {
		return err
	}
	return s.updateActive(ctx, sn, func(obj *stream.Stream) error {
		if err := s.spend(obj, kind); err != nil {
			return err
		}
		return fn(obj)
	})
}

func checkEncryption(kind, key string) error {
	if kind != encryptionKMS {
		return api.Errorf(api.InvalidArgument, "EncryptionType %s is not supported. The only valid value is %s.", kind, encryptionKMS)
	}
	if _, ok := keyring.Name(key); !ok {
		return api.Errorf(api.KMSNotFound, "Invalid keyId %s", key)
	}
	return nil
}
