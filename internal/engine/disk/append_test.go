package disk

import (
	"errors"
	"testing"

	"leat/internal/engine"
)

// TestRefusedBatchesTakeNoRoom refuses what is longer than a journal file: no
// file is made for it.
func TestRefusedBatchesTakeNoRoom(t *testing.T) {
	w := newWorld(t)
	w.mustOpen()
	id := logID(1, 0)
	if err := w.create(id); err != nil {
		t.Fatal(err)
	}
	results := w.e.Append(ctxBackground(), []engine.Batch{
		{Log: id, Records: 2, Payload: make([]byte, engine.MaxBatchBytes+1)},
		{Log: logID(1, 1), Records: 1, Payload: make([]byte, engine.MaxBatchBytes)},
		{Log: id, Records: 1, Payload: []byte("x")},
	})
	for i, want := range []error{engine.ErrInvalid, engine.ErrNotFound, nil} {
		if !errors.Is(results[i].Err, want) {
			t.Errorf("result %d is %v", i, results[i].Err)
		}
	}
	w.e.journal.Prepared()
	for name, bytes := range w.mem.Files() {
		if bytes > w.options().JournalFileBytes {
			t.Errorf("%s has %d bytes", name, bytes)
		}
	}
	if err := w.e.Close(); err != nil {
		t.Error(err)
	}
}
