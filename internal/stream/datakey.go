package stream

import (
	"encoding/binary"
	"math"
	"slices"
)

// DataKeyID numbers the data keys of a stream, from 1. None is used twice.
type DataKeyID uint32

// DataKey is a key that a stream's records are sealed with.
type DataKey struct {
	ID      DataKeyID
	Wrapped []byte // by a master key
	// Batches is how many batches it may have sealed: how many nonces are used
	// up whatever a crash makes forgotten.
	Batches uint64
	// Retired is when it sealed its last batch, or a little before; 0 while it
	// is in use.
	Retired Millis
}

// DataKeys are the data keys of a stream in the order of their ids.
type DataKeys []DataKey

// Current returns the key that seals records now, or nil if none does.
func (d DataKeys) Current() *DataKey {
	if n := len(d); n > 0 && d[n-1].Retired == 0 {
		return &d[n-1]
	}
	return nil
}

// NextID returns the id of the next key.
func (d DataKeys) NextID() DataKeyID {
	if len(d) == 0 {
		return 1
	}
	return d[len(d)-1].ID + 1
}

// retiringSlack is how long after its end a data key may still be needed by a
// batch: one that was sealed before and took its time, or that is ahead of
// the clock, as the first ones of a shard are.
const retiringSlack = day

// Retire returns the keys with none in use from now on, and without those
// whose records have all expired. The last stays, as it says which ids are used
// up. The receiver is not changed.
func (d DataKeys) Retire(now, expiry Millis) DataKeys {
	after := slices.Clone(d)
	if current := after.Current(); current != nil {
		current.Retired = now
	}
	last := len(after) - 1
	i := slices.IndexFunc(after, func(k DataKey) bool {
		return k.ID == after[last].ID || k.Retired.Add(retiringSlack) >= expiry
	})
	return after[max(0, i):]
}

// Grant returns the keys with more batches for the one in use. The receiver is
// not changed.
func (d DataKeys) Grant(batches uint64) DataKeys {
	after := slices.Clone(d)
	if current := after.Current(); current != nil {
		current.Batches += batches
	}
	return after
}

func (d DataKeys) appendTo(dst []byte) []byte {
	before := DataKeyID(0)
	for _, k := range d {
		dst = binary.AppendUvarint(dst, uint64(k.ID-before))
		dst = appendText(dst, string(k.Wrapped))
		dst = binary.AppendUvarint(dst, k.Batches)
		dst = binary.AppendVarint(dst, int64(k.Retired))
		before = k.ID
	}
	return dst
}

// dataKeys reads data keys to the end.
func (d *decoder) dataKeys() (keys DataKeys) {
	before := DataKeyID(0)
	for len(d.rest) > 0 {
		distance := d.uvarint()
		if distance == 0 || distance > uint64(math.MaxUint32-before) {
			d.fail()
			return nil
		}
		k := DataKey{ID: before + DataKeyID(distance)}
		k.Wrapped = []byte(d.text())
		k.Batches = d.uvarint()
		k.Retired = Millis(d.varint())
		keys = append(keys, k)
		before = k.ID
	}
	return keys
}
