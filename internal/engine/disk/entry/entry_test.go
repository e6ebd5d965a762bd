package entry

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/engine"
	"leat/internal/stream"
)

func drawHeader(t *rapid.T) (Header, []byte) {
	payload := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
	return Header{
		Kind:         Kind(rapid.IntRange(int(Batch), int(Lost)).Draw(t, "kind")),
		Records:      rapid.IntRange(0, engine.MaxBatchRecords).Draw(t, "records"),
		PayloadBytes: len(payload),
		PayloadSum:   Sum(payload),
		Log: engine.LogID{
			Stream: rapid.Uint64().Draw(t, "stream"),
			Shard:  stream.ShardID(rapid.Uint32().Draw(t, "shard")),
		},
		First: stream.Position(rapid.Int64Range(0, 1<<62).Draw(t, "first")),
		Time:  stream.Millis(rapid.Int64Range(0, 1<<50).Draw(t, "time")),
	}, payload
}

func TestRoundTripAndFlips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, payload := drawHeader(t)
		seed := rapid.Uint32().Draw(t, "seed")
		b := bytes.Repeat([]byte{0xff}, h.Size()) // the padding must be cleared
		if sum := h.Encode(b, payload, seed); sum != binary.LittleEndian.Uint32(b) {
			t.Fatalf("the sum is %x and % x", sum, b[:4])
		}
		got, err := Decode(b, seed)
		if err != nil || got != h {
			t.Fatalf("%v: %s", err, cmp.Diff(h, got))
		}
		if p, err := got.Payload(b); err != nil || !bytes.Equal(p, payload) {
			t.Fatalf("payload %x: %v", p, err)
		}
		if _, err := Decode(b, seed+1); err == nil {
			t.Fatal("the header is accepted in another place")
		}
		bit := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
		b[bit/8] ^= 1 << (bit % 8)
		got, err = Decode(b, seed)
		if err == nil {
			_, err = got.Payload(b)
		}
		if err == nil {
			t.Fatalf("flipped bit %d is not found", bit)
		}
	})
}

// source is a file in memory that counts what is read of it.
type source struct {
	*bytes.Reader

	reads, bytes int
}

func (s *source) Name() string { return "name" }
func (s *source) Salt() uint64 { return 42 }

func (s *source) ReadAt(p []byte, off int64) (int, error) {
	s.reads++
	s.bytes += len(p)
	return s.Reader.ReadAt(p, off)
}

// fileOf returns a file with entries of these sizes, and their offsets.
func fileOf(sizes []int) (content []byte, offsets []int64) {
	for i, n := range sizes {
		payload := bytes.Repeat([]byte{byte(i + 1)}, n)
		h := Header{Kind: Batch, Records: 1, PayloadBytes: n, PayloadSum: Sum(payload), First: stream.Position(i + 1)}
		at := len(content)
		content = append(content, make([]byte, h.Size())...)
		h.Encode(content[at:], payload, Seed(42, int64(at)))
		offsets = append(offsets, int64(at))
	}
	return content, offsets
}

func TestWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, 200_000)), 1, 12).Draw(t, "sizes")
		content, offsets := fileOf(sizes)
		end := int64(len(content))
		src := &source{Reader: bytes.NewReader(append(content, "what follows"...))}
		w := &Window{}
		for range 30 {
			i := rapid.IntRange(0, len(sizes)-1).Draw(t, "entry")
			h, err := w.Header(src, offsets[i], end)
			if err != nil || h.First != stream.Position(i+1) {
				t.Fatalf("entry %d: %+v, %v", i, h, err)
			}
			want := bytes.Repeat([]byte{byte(i + 1)}, sizes[i])
			if rapid.Bool().Draw(t, "peek") {
				p, err := w.Peek(&h, src, offsets[i], end)
				if err != nil || !bytes.Equal(p, want) {
					t.Fatalf("peek at %d: %v", i, err)
				}
				continue
			}
			p := make([]byte, sizes[i])
			if err := w.Read(p, &h, src, offsets[i], end); err != nil || !bytes.Equal(p, want) {
				t.Fatalf("read of %d: %v", i, err)
			}
		}
		if _, err := w.Header(src, end, end); !isCorrupt(err) {
			t.Fatalf("an entry behind the end: %v", err)
		}
		if _, err := w.Header(src, offsets[0], offsets[0]+int64(Size(sizes[0]))-1); !isCorrupt(err) {
			t.Fatalf("an entry beyond the end: %v", err)
		}
	})
}

func isCorrupt(err error) bool {
	c, ok := errors.AsType[*engine.CorruptError](err)
	return ok && c.File == "name"
}

func TestWindowReadsAhead(t *testing.T) {
	content, offsets := fileOf(make([]int, 10_000)) // 480 kB of headers
	src := &source{Reader: bytes.NewReader(content)}
	w := &Window{}
	for _, off := range offsets {
		if _, err := w.Header(src, off, int64(len(content))); err != nil {
			t.Fatal(err)
		}
	}
	if src.reads > 10 {
		t.Errorf("%d reads", src.reads)
	}
}

// TestWindowReadsWhatIsAskedFor takes every fourth of some entries.
func TestWindowReadsWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	const step = 10
	for _, size := range []int{1_000, 5_000, 13_000, 60_000} {
		sizes := make([]int, 400)
		for i := range sizes {
			sizes[i] = size + i%7*size/50
		}
		content, offsets := fileOf(sizes)
		src := &source{Reader: bytes.NewReader(content)}
		w, used := new(Window), 0
		for i := 0; i < len(offsets); i += step {
			h, err := w.Header(src, offsets[i], int64(len(content)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Peek(&h, src, offsets[i], int64(len(content))); err != nil {
				t.Fatal(err)
			}
			used += h.Size()
		}
		if src.bytes > used*3/2 {
			t.Errorf("of entries of %d bytes and more %d were asked for, and %d were read", size, used, src.bytes)
		}
	}
}

func TestWindowReportsErrorsOfTheSource(t *testing.T) {
	content, _ := fileOf([]int{100_000})
	short := &source{Reader: bytes.NewReader(content[:1000])}
	w := &Window{}
	h, err := Decode(content, Seed(42, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Read(make([]byte, 100_000), &h, short, 0, int64(len(content))); !isCorrupt(err) {
		t.Errorf("a file that is too short: %v", err)
	}
	content[5000] ^= 1
	flipped := &source{Reader: bytes.NewReader(content)}
	if err := w.Read(make([]byte, 100_000), &h, flipped, 0, int64(len(content))); !isCorrupt(err) {
		t.Errorf("a flipped bit: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	content, _ := fileOf([]int{100})
	f.Add(content, uint32(0))
	f.Fuzz(func(t *testing.T, b []byte, seed uint32) {
		if len(b) < HeaderBytes {
			return
		}
		// Make the checksum right, to come past it.
		sum := SumFrom(seed, b[4:HeaderBytes])
		b[0], b[1], b[2], b[3] = byte(sum), byte(sum>>8), byte(sum>>16), byte(sum>>24)
		h, err := Decode(b, seed)
		if err != nil || h.Size() > len(b) {
			return
		}
		payload, err := h.Payload(b)
		if err == nil && (len(payload) != h.PayloadBytes || Sum(payload) != h.PayloadSum) {
			t.Errorf("%+v with a payload of %d bytes", h, len(payload))
		}
	})
}
