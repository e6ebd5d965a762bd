package stream_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leat/internal/stream"
)

func TestSlot(t *testing.T) {
	t.Parallel()
	for memory, want := range map[time.Duration]stream.Minute{
		30 * 24 * time.Hour: 60, 90 * 24 * time.Hour: 180, time.Hour: 1, time.Second: 1,
	} {
		if got := stream.Slot(memory); got != want {
			t.Errorf("a slot of %v has %d minutes, want %d", memory, got, want)
		}
	}
}

func TestMinute(t *testing.T) {
	t.Parallel()
	for at, want := range map[stream.Millis]stream.Minute{0: 0, 59_999: 0, 60_000: 1, 119_999: 1} {
		if got := at.Minute(); got != want || got.Start() > at || (got+1).Start() <= at {
			t.Errorf("%d is in minute %d, which starts at %d", at, got, got.Start())
		}
	}
}

// TestPeaks adds minutes of any load and compares with all of them.
func TestPeaks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const slot = 60
		memory := stream.Minute(rapid.Int64Range(1, 2000).Draw(t, "memory"))
		var p stream.Peaks
		all := map[stream.Minute]stream.Load{}
		minute := stream.Minute(rapid.Int64Range(0, 1<<30).Draw(t, "first"))
		for range rapid.IntRange(0, 60).Draw(t, "minutes") {
			load := stream.Load{Bytes: rapid.Int64Range(0, 100).Draw(t, "bytes"), Records: rapid.Int64Range(0, 100).Draw(t, "records")}
			p.Add(minute, slot, load)
			all[minute] = load
			p.Forget(minute-memory, slot)
			var want stream.Load
			for m, l := range all {
				// A minute counts until the end of its slot is forgotten.
				if m-m%slot+slot > minute-memory {
					want = want.Max(l)
				}
			}
			if got := p.Max(); got != want {
				t.Fatalf("peak %v, want %v", got, want)
			}
			minute += stream.Minute(rapid.Int64Range(1, 500).Draw(t, "pause"))
		}
		back, err := stream.DecodePeaks(p.AppendBinary(nil))
		if err != nil || back.Max() != p.Max() || !bytes.Equal(back.AppendBinary(nil), p.AppendBinary(nil)) {
			t.Fatalf("read back %v, %v", back.Max(), err)
		}
	})
}

func TestPeaksAreBounded(t *testing.T) {
	t.Parallel()
	var p stream.Peaks
	p.Add(0, 1, stream.Load{Bytes: 7})
	for m := range stream.Minute(10_000) {
		if isNew := p.Add(m, 1, stream.Load{Bytes: 1}); isNew != (m > 0) {
			t.Fatalf("minute %d is new: %t", m, isNew)
		}
	}
	if got := p.Max(); got.Bytes != 7 {
		t.Errorf("the peak is %v", got)
	}
	if n := len(p.AppendBinary(nil)); n > 8<<10 {
		t.Errorf("encoded in %d bytes", n)
	}
	if _, err := stream.DecodePeaks(p.AppendBinary(nil)); err != nil {
		t.Error(err)
	}
}

func FuzzDecodePeaks(f *testing.F) {
	var p stream.Peaks
	f.Add(p.AppendBinary(nil))
	p.Add(28_000_000, 60, stream.Load{Bytes: 31_000_000, Records: 12})
	p.Add(28_000_060, 60, stream.Load{Bytes: 1})
	f.Add(p.AppendBinary(nil))
	f.Add([]byte{1, 1, 0, 1, 1})
	f.Add([]byte{2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := stream.DecodePeaks(b)
		if err != nil {
			return
		}
		again, err := stream.DecodePeaks(p.AppendBinary(nil))
		if err != nil || again.Max() != p.Max() {
			t.Errorf("%x: %v became %v, %v", b, p.Max(), again.Max(), err)
		}
	})
}

func TestHeavyKeys(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h stream.HeavyKeys
		weights := map[stream.HashKey]int64{}
		var total int64
		heavy := rapid.IntRange(0, 10).Draw(t, "heavy tenths")
		for range rapid.IntRange(1, 500).Draw(t, "adds") {
			key := stream.HashKey{Lo: uint64(rapid.IntRange(0, 60).Draw(t, "key"))}
			if rapid.IntRange(0, 9).Draw(t, "tenth") < heavy {
				key = stream.HashKey{Hi: 1}
			}
			w := rapid.Int64Range(1, 1000).Draw(t, "weight")
			h.Add(key, w)
			weights[key] += w
			total += w
		}
		key, part := h.Top()
		said := part * float64(total)
		if said > float64(weights[key])+0.5 {
			t.Fatalf("%v is said to weigh %.0f of %d, and weighs %d", key, said, total, weights[key])
		}
		for k, w := range weights {
			if least := float64(w) - float64(total-w)/16; said < least-0.5 {
				t.Fatalf("%v weighs %d of %d, and the heaviest is said to weigh %.0f", k, w, total, said)
			}
		}
	})
}
