package kinesis

import (
	"bytes"
	"testing"

	"leat/internal/stream"
)

// What was decrypted does not stay in memory that waits for its next use.
func TestDecryptedPagesAreWiped(t *testing.T) {
	for _, opened := range []bool{true, false} {
		buf := []byte("the records of a page")
		p := &readPage{buf: buf[:3], opened: opened}
		p.release()
		if wiped := bytes.Equal(buf, make([]byte, len(buf))); wiped != opened {
			t.Errorf("decrypted %v, wiped %v: %q", opened, wiped, buf)
		}
	}
}

// Data keys that are forgotten leave the memory, too.
func TestForgottenDataKeysLeaveTheMemory(t *testing.T) {
	st := new(streamState)
	st.publishDataKeys(stream.DataKeys{{ID: 1}, {ID: 2, Batches: 3}})
	kept := st.dataKey(2)
	st.publishDataKeys(stream.DataKeys{{ID: 2, Batches: 5}, {ID: 3}})
	if st.dataKey(1) != nil || st.dataKey(3) == nil {
		t.Error("not the keys of the stream")
	}
	if st.dataKey(2) != kept || kept.used.Load() != 3 || kept.granted.Load() != 5 {
		t.Errorf("the key that stays has used %d of %d", kept.used.Load(), kept.granted.Load())
	}
}
