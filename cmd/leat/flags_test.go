package main

import (
	"testing"
	"time"
)

func TestByteRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		bytes int64
		again string
	}{
		"500KB/s": {500_000, "500KB/s"}, "1MB/s": {1_000_000, "1MB/s"}, "2GB": {2_000_000_000, "2GB/s"},
		"1KiB/s": {1024, "1024B/s"}, "1MiB": {1 << 20, "1048576B/s"}, "3GiB/s": {3 << 30, "3221225472B/s"},
		"7B/s": {7, "7B/s"}, "1000000B": {1_000_000, "1MB/s"},
	} {
		var r byteRate
		if err := r.Set(text); err != nil || int64(r) != want.bytes || r.String() != want.again {
			t.Errorf("%s is %d, %s (%v)", text, int64(r), r.String(), err)
		}
	}
	for _, text := range []string{"", "500", "/s", "KB/s", "0B", "-1KB", "1.5MB/s", "1kb", "9223372036854775808B", "9223372036854776KB/s", "1KB/m"} {
		var r byteRate
		if err := r.Set(text); err == nil || r != 0 {
			t.Errorf("%q is %d", text, int64(r))
		}
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		duration time.Duration
		again    string
	}{
		"30d": {720 * time.Hour, "30d"}, "1d12h": {36 * time.Hour, "36h0m0s"}, "48h": {48 * time.Hour, "2d"},
		"15m": {15 * time.Minute, "15m0s"}, "0s": {0, "0s"}, "-5s": {-5 * time.Second, "-5s"},
	} {
		var d days
		if err := d.Set(text); err != nil || time.Duration(d) != want.duration || d.String() != want.again {
			t.Errorf("%s is %v, %s (%v)", text, time.Duration(d), d.String(), err)
		}
	}
	for _, text := range []string{"", "30", "d", "-1d", "1d1d", "1dx", "70000d", "1.5d"} {
		var d days
		if err := d.Set(text); err == nil || d != 0 {
			t.Errorf("%q is %v", text, time.Duration(d))
		}
	}
}
