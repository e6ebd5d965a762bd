package crash

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"leat/internal/leattest"
	"leat/internal/vfs"
)

// TestEverySequentialPutIsSynced counts: a client that waits for each
// acknowledgement makes the server sync at least once for each.
func TestEverySequentialPutIsSynced(t *testing.T) {
	files := vfs.NewInject(vfs.NewMem(), nil)
	server := leattest.Start(t, leattest.WithFS(files), leattest.WithStream(streamName, fewShards))
	client := server.Client()
	const puts = 50
	for i := range puts {
		before := files.Count(vfs.OpSync)
		_, err := client.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: aws.String(streamName), PartitionKey: aws.String("k"), Data: []byte{byte(i)},
		})
		if err != nil {
			t.Fatal(err)
		}
		if files.Count(vfs.OpSync) == before {
			t.Fatalf("put %d was acknowledged without a sync", i)
		}
	}
}

// TestDiskFull takes the disk's room away under load and gives it back. With
// little room left, which is less than the engine keeps in reserve, streams can
// still be deleted.
func TestDiskFull(t *testing.T) {
	t.Run("little room", func(t *testing.T) { testDiskFull(t, 300<<20, true) })
	t.Run("no room", func(t *testing.T) { testDiskFull(t, 0, false) })
}

func testDiskFull(t *testing.T, room int64, deletes bool) {
	files := vfs.NewMem()
	server := leattest.Start(t, leattest.WithFS(files), leattest.WithStream(streamName, fewShards),
		leattest.WithStream("ballast", 1), leattest.WithoutRetries())
	load := startTenacious(t, server.Client())
	load.await(t, "an acknowledgement", succeeded)

	leaveRoom(t, files, room)
	load.await(t, "a refusal that may be repeated", isServerError)
	assertReady(t, server, http.StatusServiceUnavailable)
	readShard(t, server.Client(), "shardId-000000000000")
	_, err := server.Client().DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("ballast")})
	if deletes && err != nil {
		t.Errorf("delete a stream while the disk is full: %v", err)
	}

	files.SetCapacity(0)
	load.await(t, "an acknowledgement once there is room", succeeded)
	assertReady(t, server, http.StatusOK)
	load.stop()
	load.book.verify(t, server.Client())
	server.Restart()
	load.book.verify(t, server.Client())
}

// leaveRoom makes a disk of what the files have now and so many bytes more.
func leaveRoom(t *testing.T, files *vfs.Mem, room int64) {
	t.Helper()
	const large = 1 << 50
	files.SetCapacity(large)
	free, err := files.Free()
	if err != nil {
		t.Fatal(err)
	}
	files.SetCapacity(large - free + room)
}

// TestFailedSync fails a sync under load: the server takes no more writes until
// it is started again, and what it had acknowledged can be read all the time.
func TestFailedSync(t *testing.T) {
	files := vfs.NewInject(vfs.NewMem(), nil)
	server := leattest.Start(t, leattest.WithFS(files), leattest.WithStream(streamName, fewShards), leattest.WithoutRetries())
	load := startTenacious(t, server.Client())
	load.await(t, "an acknowledgement", succeeded)

	files.Decide(func(op vfs.Op) error {
		if op.Kind == vfs.OpSync {
			return syscall.EIO
		}
		return nil
	})
	load.await(t, "a failure", isServerError)
	files.Decide(nil)
	failed := time.Now()
	for range 3 * writers {
		if err := load.next(t, failed); !isServerError(err) {
			t.Fatalf("after a failed sync a put answered %v", err)
		}
	}
	assertReady(t, server, http.StatusServiceUnavailable)
	load.stop()
	load.book.verify(t, server.Client())

	server.Restart()
	load.book.verify(t, server.Client())
	if err := putOnce(t.Context(), server.Client(), load.book, 0, rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Errorf("put after the restart: %v", err)
	}
}

// tenacious is a load that goes on whatever the server answers.
type tenacious struct {
	book     *ledger
	outcomes chan outcome // of every call
	done     chan struct{}
	workers  sync.WaitGroup
}

// outcome is how one call ended.
type outcome struct {
	began time.Time
	err   error
}

func startTenacious(t *testing.T, client *kinesis.Client) *tenacious {
	t.Helper()
	l := &tenacious{book: newLedger(), outcomes: make(chan outcome), done: make(chan struct{})}
	for w := range writers {
		rng := rand.New(rand.NewPCG(*seed, uint64(w)))
		l.workers.Go(func() {
			for {
				began := time.Now()
				err := putOnce(t.Context(), client, l.book, w, rng)
				select {
				case l.outcomes <- outcome{began, err}:
				case <-l.done:
					return
				}
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

// next returns how some call ended that began after a moment.
func (l *tenacious) next(t *testing.T, after time.Time) error {
	t.Helper()
	overdue := time.After(patience)
	for {
		select {
		case o := <-l.outcomes:
			if o.began.After(after) {
				return o.err
			}
		case <-overdue:
			t.Fatalf("no answer within %v", patience)
		}
	}
}

// await waits for a call to begin and end in some way.
func (l *tenacious) await(t *testing.T, what string, is func(error) bool) {
	t.Helper()
	began := time.Now()
	var last error
	for time.Since(began) < patience {
		if last = l.next(t, began); is(last) {
			return
		}
	}
	t.Fatalf("not %s within %v, last was %v", what, patience, last)
}

// stop ends the load and waits for it.
func (l *tenacious) stop() {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	l.workers.Wait()
}

func succeeded(err error) bool { return err == nil }

// isServerError recognises what clients repeat: an answer of status 5xx.
func isServerError(err error) bool {
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && response.HTTPStatusCode() >= 500
}

func assertReady(t *testing.T, server *leattest.Server, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"/readyz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != status {
		t.Errorf("/readyz answered %d, want %d", answer.StatusCode, status)
	}
}

// TestLedgerNoticesWhatIsWrong proves that a verification can fail.
func TestLedgerNoticesWhatIsWrong(t *testing.T) {
	record := func(id, number string) types.Record {
		return types.Record{Data: recordData(id, 3), SequenceNumber: &number}
	}
	tests := map[string][]types.Record{
		"invented":         {record("0/3", "1")},
		"of no writer":     {record("9/1", "1")},
		"repeated":         {record("0/1", "1"), record("0/1", "2")},
		"out of order":     {record("0/2", "1"), record("0/1", "2")},
		"numbers descend":  {record("0/1", "2"), record("0/2", "1")},
		"half of a record": {{Data: []byte("0/1 3 xx"), SequenceNumber: aws.String("1")}},
	}
	for name, records := range tests {
		book := newLedger()
		book.attempt(0)
		book.attempt(0)
		if wrong := book.wrongIn(records, "shard", make(map[string]place)); len(wrong) == 0 {
			t.Errorf("%s: not noticed", name)
		}
	}
}
