package awscbor

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"leat/internal/api"
)

// float is an item of a float of 64 bits.
func float(f float64) string {
	return "\xfb" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
}

func TestDecodeSeconds(t *testing.T) {
	t.Parallel()
	for item, want := range map[string]api.Timestamp{
		"\xc1\x1a\x5c\x46\x68\x24": 1548118052000, "\x1a\x5c\x46\x68\x24": 1548118052000, "\xc1\x00": 0, "\xc1\x20": -1000,
		"\xc1" + float(1548118964.772): 1548118964772, "\xc1" + float(-0.001): -1, "\xc1" + float(0.0004): 0,
		"\xc1\xf9\x3e\x00": 1500, "\xc1" + float(1e300): maxTimestamp, "\xc1" + float(math.NaN()): 0,
		"\xc1\x1b\xff\xff\xff\xff\xff\xff\xff\xff": maxTimestamp,
	} {
		in := new(iterator)
		if err := DecodeSeconds([]byte("\xa1\x69Timestamp"+item), in); err != nil || in.Timestamp != api.Some(want) {
			t.Errorf("%x is %v, %v, want %d", item, in.Timestamp, err, want)
		}
	}
	err := DecodeSeconds([]byte("\xa1\x69Timestamp\xf5"), new(iterator))
	if err == nil || err.Message != "class java.lang.Boolean can not be converted to milliseconds since epoch" {
		t.Error(err)
	}
}

// TestEncodeSeconds reads with the library the instants that have been written,
// and with DecodeSeconds.
func TestEncodeSeconds(t *testing.T) {
	t.Parallel()
	if got := string(EncodeSeconds(nil, instant(1548118964772))); got != "\xbf\x69Timestamp\xc1\xfb\x41\xd7\x11\x9a\xed\x31\x68\x73\xff" {
		t.Errorf("%x", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := api.Timestamp(rapid.Int64Range(-1<<42, 1<<42).Draw(t, "ms"))
		body := EncodeSeconds(nil, instant(want))
		in := new(iterator)
		if err := DecodeSeconds(body, in); err != nil || in.Timestamp.V != want {
			t.Errorf("%d has become %v, %v", want, in.Timestamp, err)
		}
		var read struct{ Timestamp time.Time }
		if err := cbor.Unmarshal(body, &read); err != nil || read.Timestamp.Round(time.Millisecond).UnixMilli() != int64(want) {
			t.Errorf("%d is %v for the library, %v", want, read.Timestamp, err)
		}
	})
}

// instant is an output of a timestamp.
type instant api.Timestamp

func (i instant) Encode(e api.Encoder) {
	e.BeginStruct()
	e.Key("Timestamp")
	e.Timestamp(api.Timestamp(i))
	e.EndStruct()
}
