package httpd

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// writes is a connection that keeps what is written to it.
type writes struct {
	net.Conn
	mu        sync.Mutex
	each      [][]byte
	at        []time.Time
	deadlines int
	// write, when not nil, takes the next write.
	write func(p []byte) (int, error)
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := len(p), error(nil)
	if w.write != nil {
		n, err = w.write(p)
		w.write = nil
	}
	w.each, w.at = append(w.each, bytes.Clone(p[:n])), append(w.at, time.Now())
	return n, err
}

func (w *writes) SetWriteDeadline(time.Time) error {
	w.deadlines++
	return nil
}

// frame returns a frame with so much data.
func frame(kind byte, data int) []byte {
	f := bytes.Repeat([]byte{byte(data) | 1}, frameHeaderBytes+data)
	f[0], f[1], f[2], f[3] = byte(data>>16), byte(data>>8), byte(data), kind
	return f
}

// settle lets pass what time frames are held back.
func settle() {
	<-time.After(time.Second)
	synctest.Wait()
}

const fullData = 16 << 10

func TestFramesAreJoined(t *testing.T) {
	const headers = 1
	short, full := frame(dataFrame, 300), frame(dataFrame, fullData)
	for name, tt := range map[string]struct {
		frames [][]byte
		writes []int // how many frames each has
	}{
		"short":          {[][]byte{short, short}, []int{1, 1}},
		"an answer":      {[][]byte{short, full, full, full, short, short}, []int{1, 4, 1}},
		"a large answer": {append(slices.Repeat([][]byte{full}, 16), short), []int{7, 7, 3}},
		"full headers":   {[][]byte{frame(headers, fullData), full, frame(headers, fullData)}, []int{1, 2}},
		"longer frames":  {[][]byte{frame(dataFrame, fullData+1), frame(dataFrame, 1<<20)}, []int{1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := new(writes)
				j := &joiner{Conn: w}
				for _, f := range tt.frames {
					p := bytes.Clone(f)
					if n, err := j.Write(p); n != len(p) || err != nil {
						t.Fatal(n, err)
					}
					clear(p) // the writer uses it for something else
				}
				next := 0
				for i, frames := range tt.writes {
					want := slices.Concat(tt.frames[next : next+frames]...)
					if i == len(w.each) || !bytes.Equal(w.each[i], want) {
						t.Fatalf("write %d is not frames %d to %d", i, next, next+frames)
					}
					next += frames
				}
				settle()
				if len(w.each) != len(tt.writes) {
					t.Errorf("%d writes, want %d", len(w.each), len(tt.writes))
				}
			})
		})
	}
}

// A frame that none follows is written all the same.
func TestLastFrameIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(writes)
		j := &joiner{Conn: w}
		full := frame(dataFrame, fullData)
		for i := range 3 {
			began := time.Now()
			_, _ = j.Write(full)
			_, _ = j.Write(full)
			settle()
			if len(w.each) != i+1 || len(w.each[i]) != 2*len(full) || w.at[i].Sub(began) != maxFrameDelay {
				t.Fatalf("%d writes, the last after %v", len(w.each), w.at[len(w.at)-1].Sub(began))
			}
		}
		w.write = func([]byte) (int, error) { return 0, io.ErrClosedPipe }
		_, _ = j.Write(full)
		settle()
		if _, err := j.Write(full); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the write behind one that has failed: %v", err)
		}
	})
}

// A client that is slow gets time as long as it takes something.
func TestSlowClientOfFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := new(writes)
		j := &joiner{Conn: w}
		full, short := frame(dataFrame, fullData), frame(dataFrame, 5)
		w.write = func([]byte) (int, error) { return 1000, os.ErrDeadlineExceeded }
		_, _ = j.Write(full)
		if n, err := j.Write(short); n != len(short) || err != nil {
			t.Fatal(n, err)
		}
		if got := slices.Concat(w.each...); !bytes.Equal(got, slices.Concat(full, short)) || w.deadlines != 1 {
			t.Errorf("%d bytes with %d deadlines", len(got), w.deadlines)
		}
		w.write = func([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }
		_, _ = j.Write(full)
		if _, err := j.Write(short); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a client that takes nothing: %v", err)
		}
	})
}
