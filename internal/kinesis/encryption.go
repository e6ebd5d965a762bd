package kinesis

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"leat/internal/api"
	"leat/internal/engine"
	"leat/internal/keyring"
	"leat/internal/stream"
)

// grantedBatches is how many batches a data key is granted at a time. What of a
// grant is not used when the server ends is lost, as nobody remembers it.
const grantedBatches = 1 << 20

// dataKey is a data key of a stream while the server runs. Its plain form is in
// memory only, from its first use on.
type dataKey struct {
	id      stream.DataKeyID
	wrapped []byte
	master  keyring.Ref // what has wrapped it; the zero value if that cannot be told
	granted atomic.Uint64
	used    atomic.Uint64 // at least how many batches it has sealed
	sealer  atomic.Pointer[stream.PayloadSealer]
}

// spend reports whether the key may seal some more batches. If so they count.
func (k *dataKey) spend(batches int) bool {
	return k.used.Add(uint64(batches)) <= k.granted.Load()
}

// publishDataKeys makes the stream's data keys the ones that requests find.
func (st *streamState) publishDataKeys(keys stream.DataKeys) {
	for _, k := range keys {
		found, ok := st.dataKeys.Load(k.ID)
		if !ok {
			key := &dataKey{id: k.ID, wrapped: k.Wrapped}
			// What is damaged is found out by whoever unwraps it.
			key.master, _ = keyring.RefOf(k.Wrapped)
			key.used.Store(k.Batches)
			found, _ = st.dataKeys.LoadOrStore(k.ID, key)
		}
		found.(*dataKey).granted.Store(k.Batches)
	}
	if len(keys) == 0 {
		return
	}
	st.dataKeys.Range(func(id, _ any) bool {
		if id.(stream.DataKeyID) < keys[0].ID {
			st.dataKeys.Delete(id)
		}
		return true
	})
}

// dataKey returns a data key of the stream, or nil.
func (st *streamState) dataKey(id stream.DataKeyID) *dataKey {
	if k, ok := st.dataKeys.Load(id); ok {
		return k.(*dataKey)
	}
	return nil
}

// maxRenewals bounds how often a put renews the stream's data key. A new key and
// then its first batches are due at most, unless others change the stream.
const maxRenewals = 4

// currentSealer returns what seals that many more batches of an encrypted
// stream, or nil if the stream has ceased to be encrypted. It takes up a new data
// key when the one in use has sealed enough, and when the stream's master key is
// another, or another version, than wrapped it.
func (s *Service) currentSealer(ctx context.Context, sn *snapshot, batches int) (*stream.PayloadSealer, error) {
	for range maxRenewals {
		if k := s.fittingKey(sn); k != nil && k.spend(batches) {
			return s.open(sn, k)
		}
		var err error
		if sn, err = s.renewKey(ctx, sn, batches); err != nil {
			return nil, err
		}
		if !sn.Encrypted() {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("stream %s: its data keys change too often", sn.Name)
}

// fittingKey returns the data key in use if the stream's master key, as it is
// now, has wrapped it, else nil.
func (s *Service) fittingKey(sn *snapshot) *dataKey {
	current := sn.DataKeys.Current()
	if current == nil {
		return nil
	}
	k := sn.state.dataKey(current.ID)
	if ref, err := s.keys.Resolve(sn.KeyID); err != nil || k == nil || k.master != ref {
		return nil
	}
	return k
}

// renewKey gives the stream's data key more batches, or gives the stream a new
// one. It changes nothing if another request has done so meanwhile.
func (s *Service) renewKey(ctx context.Context, sn *snapshot, batches int) (*snapshot, error) {
	sn, unlock, err := s.lockCurrent(sn)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if !sn.Encrypted() {
		return sn, nil
	}
	if k := s.fittingKey(sn); k != nil && k.used.Load()+uint64(batches) <= k.granted.Load() {
		return sn, nil
	}
	return s.writeLocked(ctx, sn, s.replenish)
}

// replenish is the change that renewKey makes.
func (s *Service) replenish(obj *stream.Stream) error {
	ref, err := s.keys.Ensure(obj.KeyID)
	if err != nil {
		return keyError(refOf(obj), obj.KeyID, err)
	}
	if k := obj.DataKeys.Current(); k != nil && k.Batches <= stream.MaxKeyBatches-grantedBatches {
		if master, err := keyring.RefOf(k.Wrapped); err == nil && master == ref {
			obj.DataKeys = obj.DataKeys.Grant(grantedBatches)
			return nil
		}
	}
	return s.addDataKey(obj, ref)
}

// addDataKey is a change that gives the stream a new data key, wrapped by a
// master key.
func (s *Service) addDataKey(obj *stream.Stream, master keyring.Ref) error {
	now := s.engine.Now()
	keys := obj.DataKeys.Retire(now, obj.Expiry(now))
	if len(keys) >= stream.MaxDataKeys {
		return api.Errorf(api.LimitExceeded, "Stream %s under account %s has changed its encryption key too often within its retention period.",
			obj.Name, obj.Account)
	}
	id := keys.NextID()
	var plain [32]byte
	defer clear(plain[:])
	// Read of crypto/rand never fails.
	_, _ = rand.Read(plain[:])
	wrapped, err := s.keys.Wrap(master, plain[:], purposeOf(obj.Number, id))
	if err != nil {
		return keyError(refOf(obj), obj.KeyID, err)
	}
	obj.DataKeys = append(keys, stream.DataKey{ID: id, Wrapped: wrapped})
	return nil
}

// purposeOf is what a data key is wrapped for.
func purposeOf(number uint64, id stream.DataKeyID) []byte {
	b := []byte("leat data key of a stream")
	b = binary.BigEndian.AppendUint64(b, number)
	return binary.BigEndian.AppendUint32(b, uint32(id))
}

// open returns what seals and opens payloads with a data key. That its master
// key may be used is asked each time, not only when it is unwrapped.
func (s *Service) open(sn *snapshot, k *dataKey) (*stream.PayloadSealer, error) {
	if sealer := k.sealer.Load(); sealer != nil {
		if err := s.keys.Usable(k.master); err != nil {
			return nil, keyError(sn.state.ref, k.master.ID, err)
		}
		return sealer, nil
	}
	plain, err := s.keys.Unwrap(k.wrapped, purposeOf(sn.Number, k.id))
	if err != nil {
		return nil, fmt.Errorf("data key %d of stream %s: %w", k.id, sn.Name, keyError(sn.state.ref, k.master.ID, err))
	}
	defer clear(plain)
	sealer, err := stream.NewPayloadSealer(sn.Number, k.id, [32]byte(plain))
	if err != nil {
		return nil, err
	}
	k.sealer.Store(sealer)
	return sealer, nil
}

// batchRecords returns the records of a batch of a shard, decrypted in their
// place if they are sealed. An error says which batch it is, and nothing of
// what is in it.
func (s *Service) batchRecords(sn *snapshot, shard stream.ShardID, b *engine.StoredBatch) (stream.RecordIter, error) {
	id, sealed := stream.SealedBy(b.Payload)
	if !sealed {
		return stream.Records(b.Payload)
	}
	k := sn.state.dataKey(id)
	if k == nil {
		return stream.RecordIter{}, fmt.Errorf("stream %s has no data key %d", sn.Name, id)
	}
	sealer, err := s.open(sn, k)
	if err != nil {
		return stream.RecordIter{}, err
	}
	records, err := sealer.Open(b.Payload, shard)
	if err != nil {
		return records, fmt.Errorf("stream %s, %v, data key %d: %w", sn.Name, shard, id, err)
	}
	return records, nil
}

// keyError says in KMS's words why a master key cannot be used. Other errors
// pass.
func keyError(r ref, keyID string, err error) error {
	switch {
	case errors.Is(err, keyring.ErrDisabled):
		return api.Errorf(api.KMSDisabled, "%s is disabled.", keyARN(r, keyID))
	case errors.Is(err, keyring.ErrFull):
		return api.Errorf(api.LimitExceeded, "The keyring of the server has no room for key %s.", keyARN(r, keyID))
	case !errors.Is(err, keyring.ErrNotFound):
		return err
	case strings.Contains(keyID, "alias/"):
		return api.Errorf(api.KMSNotFound, "Alias %s is not found.", keyARN(r, keyID))
	default:
		return api.Errorf(api.KMSNotFound, "Key '%s' does not exist", keyARN(r, keyID))
	}
}

// keyARN returns the ARN of a key that a stream names.
func keyARN(r ref, keyID string) string {
	if strings.HasPrefix(keyID, "arn:") {
		return keyID
	}
	kind := "key/"
	if keyring.IsAlias(keyID) {
		kind = ""
	}
	return "arn:aws:kms:" + r.region + ":" + r.account + ":" + kind + keyID
}

func refOf(obj *stream.Stream) ref { return ref{obj.Account, obj.Region, obj.Name} }
