package awsjson

import (
	"bytes"
	"slices"
	"testing"

	"leat/internal/api"
)

// general hides from an output that an encoder writes records by hand.
type general struct{ api.Encoder }

// FuzzEncodeRecords compares records that are written by hand with those that are
// written member by member.
func FuzzEncodeRecords(f *testing.F) {
	f.Add("4967", int64(1548118964772), []byte("data"), "key", "KMS", byte(0))
	f.Add("", int64(0), []byte(nil), "", "", byte(0xff))
	f.Add("a\x00\"\\\xff", int64(-1), bytes.Repeat([]byte{1, 2, 3}, 100), "käse", "NONE", byte(0x1b))
	f.Fuzz(func(t *testing.T, number string, ms int64, data []byte, key, encryption string, has byte) {
		r := api.Record{SequenceNumber: number, Data: api.RawBlob(data), PartitionKey: key}
		if has&1 != 0 {
			r.ApproximateArrivalTimestamp = api.Some(api.Timestamp(ms))
		}
		if has&2 != 0 {
			r.EncryptionType = api.Some(encryption)
		}
		if has&4 != 0 {
			r.Data = api.Base64Blob([]byte("YWI="))
		}
		out := &api.GetRecordsOutput{Records: slices.Repeat([]api.Record{r}, int(has>>3&3)), MillisBehindLatest: api.Some(ms)}
		if len(out.Records) > 1 {
			out.Records[1].ApproximateArrivalTimestamp = api.Some(api.Timestamp(ms / 2))
		}
		want := NewEncoder(nil)
		out.Encode(general{want})
		if got := Encode(nil, out); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got\n%s\nwant\n%s", got, want.Bytes())
		}
	})
}
