package vfs_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"leat/internal/vfs"
)

func TestInjectFailsWhatIsChosen(t *testing.T) {
	boom := errors.New("boom")
	mem := vfs.NewMem()
	fsys := vfs.NewInject(mem, nil)
	f := create(t, fsys, "a", "hello")
	must(t, f.Sync())

	fsys.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync && op.Name == "a" {
			return boom
		}
		return nil
	})
	_, err := f.WriteAt([]byte("x"), 0)
	must(t, err)
	wantErr(t, f.Sync(), boom)
	must(t, create(t, fsys, "b", "").Sync())

	fsys.Decide(nil)
	must(t, f.Sync())
	if got := fsys.Count(vfs.OpSync); got != 4 {
		t.Fatalf("%d syncs counted, want 4", got)
	}
	if got := fsys.Count(vfs.OpCreate); got != 2 {
		t.Fatalf("%d creations counted, want 2", got)
	}
}

func TestInjectShortWrite(t *testing.T) {
	fsys := vfs.NewInject(vfs.NewMem(), nil)
	f := create(t, fsys, "a", "hello")
	fsys.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpWrite && op.Offset == 1 && op.Bytes == 4 {
			return &vfs.ShortWrite{N: 2, Err: syscall.ENOSPC}
		}
		return nil
	})
	n, err := f.WriteAt([]byte("ELLO"), 1)
	wantErr(t, err, syscall.ENOSPC)
	if n != 2 || contents(t, f) != "hELlo" {
		t.Fatalf("%d bytes written, file %q", n, contents(t, f))
	}
}

// TestInjectAsksForEveryOperation makes each operation fail once.
func TestInjectAsksForEveryOperation(t *testing.T) {
	boom := errors.New("boom")
	fsys := vfs.NewInject(vfs.NewMem(), nil)
	f := create(t, fsys, "a", "hello")
	b := make([]byte, 1)
	calls := map[vfs.Kind]func() error{
		vfs.OpOpen:     func() error { _, err := fsys.OpenFile("a", os.O_RDONLY); return err },
		vfs.OpCreate:   func() error { _, err := fsys.OpenFile("a", os.O_CREATE); return err },
		vfs.OpRead:     func() error { _, err := f.ReadAt(b, 0); return err },
		vfs.OpWrite:    func() error { _, err := f.WriteAt(b, 0); return err },
		vfs.OpTruncate: func() error { return f.Truncate(1) },
		vfs.OpSync:     f.Sync,
		vfs.OpSize:     func() error { _, err := f.Size(); return err },
		vfs.OpMkdir:    func() error { return fsys.Mkdir("d") },
		vfs.OpRemove:   func() error { return fsys.Remove("a") },
		vfs.OpRename:   func() error { return fsys.Rename("a", "b") },
		vfs.OpReadDir:  func() error { _, err := fsys.ReadDir("."); return err },
		vfs.OpSyncDir:  func() error { return fsys.SyncDir(".") },
		vfs.OpLock:     func() error { _, err := fsys.Lock("LOCK"); return err },
		vfs.OpFree:     func() error { _, err := fsys.Free(); return err },
	}
	for kind, call := range calls {
		fsys.Decide(func(op vfs.Op) error {
			if op.Kind == kind {
				return boom
			}
			return nil
		})
		before := fsys.Count(kind)
		wantErr(t, call(), boom)
		if fsys.Count(kind) != before+1 {
			t.Errorf("kind %d was not counted", kind)
		}
	}
	fsys.Decide(nil)
	if got := contents(t, f); got != "hello" {
		t.Fatalf("a refused operation took effect: %q", got)
	}
}
