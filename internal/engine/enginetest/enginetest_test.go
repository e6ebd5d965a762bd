package enginetest_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"sync"
	"testing"

	"leat/internal/engine"
	"leat/internal/engine/enginetest"
	"leat/internal/engine/memory"
	"leat/internal/stream"
	"leat/internal/vfs"
)

// TestSuiteOnALoggedEngine runs the suite's durable part on the simplest
// engine that can pass it.
func TestSuiteOnALoggedEngine(t *testing.T) {
	enginetest.Run(t, func(*testing.T) enginetest.Store {
		return &enginetest.MemStore{
			OpenFS:         openLogged,
			MaintainEngine: func(context.Context, engine.Engine) error { return nil },
		}
	})
}

// logged is a memory engine whose changes are written to one file, each synced
// before the next, and made again when the file is opened.
type logged struct {
	*memory.Engine

	now  *stream.Millis // while replaying: the time of the change
	mu   sync.Mutex     // guards all that follows
	file vfs.File
	end  int64
	err  error // why nothing is accepted any more
}

// change is one call, as it is written.
type change struct {
	Now            stream.Millis
	Create, Delete []engine.LogID
	Batches        []engine.Batch
	Tips           []stream.Position // of the batches; gob would lose a pointer to 0
	Changes        []engine.Change
}

const noTip stream.Position = -1

// tips takes the conditions out of the batches.
func tips(batches []engine.Batch) []stream.Position {
	list := make([]stream.Position, len(batches))
	for i, b := range batches {
		list[i] = noTip
		if b.IfTip != nil {
			list[i] = *b.IfTip
		}
	}
	return list
}

func openLogged(fsys vfs.FS, now func() stream.Millis) (engine.Engine, error) {
	file, err := fsys.OpenFile("log", os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err := fsys.SyncDir("."); err != nil {
		return nil, err
	}
	l := &logged{file: file, now: new(stream.Millis)}
	replaying := true
	l.Engine = memory.Open(memory.Options{Now: func() stream.Millis {
		if replaying {
			return *l.now
		}
		return now()
	}})
	err = l.replay()
	replaying = false
	return l, err
}

const frameHead = 8 // length and checksum

func (l *logged) replay() error {
	for {
		head := make([]byte, frameHead)
		if _, err := l.file.ReadAt(head, l.end); errors.Is(err, io.EOF) {
			return nil
		}
		body := make([]byte, min(binary.LittleEndian.Uint32(head), 1<<24))
		if _, err := l.file.ReadAt(body, l.end+frameHead); errors.Is(err, io.EOF) {
			return nil
		}
		if len(body) == 0 || crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(head[4:]) {
			return nil // torn: it was the last
		}
		var c change
		if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&c); err != nil {
			return err
		}
		for i, tip := range c.Tips {
			if tip != noTip {
				c.Batches[i].IfTip = &c.Tips[i]
			}
		}
		*l.now = c.Now
		l.Now() // what the write was about may have this time
		l.apply(context.Background(), c)
		l.end += int64(frameHead + len(body))
	}
}

func (l *logged) apply(ctx context.Context, c change) ([]engine.Result, engine.Revision, error) {
	switch {
	case c.Create != nil:
		return nil, 0, l.Engine.Create(ctx, c.Create)
	case c.Delete != nil:
		return nil, 0, l.Engine.Delete(ctx, c.Delete)
	case c.Changes != nil:
		r, err := l.Engine.Write(ctx, c.Changes)
		return nil, r, err
	}
	return l.Engine.Append(ctx, c.Batches), 0, nil
}

// do makes a change and writes it. What was made and could not be written is
// of unknown outcome.
func (l *logged) do(ctx context.Context, c change) ([]engine.Result, engine.Revision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, 0, l.err
	}
	c.Now = l.Now()
	results, revision, err := l.apply(ctx, c)
	if err != nil {
		return results, revision, err
	}
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(c); err != nil {
		return nil, 0, err
	}
	frame := binary.LittleEndian.AppendUint32(nil, uint32(body.Len()))
	frame = binary.LittleEndian.AppendUint32(frame, crc32.ChecksumIEEE(body.Bytes()))
	_, err = l.file.WriteAt(append(frame, body.Bytes()...), l.end)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		l.err = engine.ErrFailed
		return nil, 0, engine.ErrUnknown
	}
	l.end += int64(frameHead + body.Len())
	return results, revision, nil
}

func (l *logged) Create(ctx context.Context, logs []engine.LogID) error {
	_, _, err := l.do(ctx, change{Create: append([]engine.LogID{}, logs...)})
	return err
}

func (l *logged) Delete(ctx context.Context, logs []engine.LogID) error {
	_, _, err := l.do(ctx, change{Delete: append([]engine.LogID{}, logs...)})
	return err
}

func (l *logged) Append(ctx context.Context, batches []engine.Batch) []engine.Result {
	results, _, err := l.do(ctx, change{Batches: batches, Tips: tips(batches)})
	if err != nil {
		results = make([]engine.Result, len(batches))
		for i := range results {
			results[i].Err = err
		}
	}
	return results
}

func (l *logged) Write(ctx context.Context, changes []engine.Change) (engine.Revision, error) {
	_, r, err := l.do(ctx, change{Changes: append([]engine.Change{}, changes...)})
	return r, err
}

func (l *logged) Close() error {
	return errors.Join(l.Engine.Close(), l.file.Close())
}
