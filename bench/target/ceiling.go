package target

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"leat/test/proc"
)

// PageRecordBytes is the data of each record in the read ceiling's pages.
const PageRecordBytes = 1 << 10

// pageBytes is the size of the read ceiling's pages.
const pageBytes = 10 << 20

// StartCeiling runs this program as the ceiling server. Its answer to
// PutRecords is as large as one for so many records.
func StartCeiling(ctx context.Context, records int) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := proc.Start(ctx, self, "-ceiling", strconv.Itoa(records))
	if err != nil {
		return nil, err
	}
	return fromProc("ceiling", p), nil
}

// ServeCeiling is the ceiling server. It ends with the context or on SIGTERM.
func ServeCeiling(ctx context.Context, records int, stdout io.Writer) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: NewCeiling(records), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	fmt.Fprintf(stdout, "ceiling is ready on http://%s\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// NewCeiling returns what does the least that any server must do: it reads the
// body of a request, hashes it as a check of its signature would, and answers
// bytes made in advance.
func NewCeiling(records int) http.Handler {
	answers := map[string][]byte{
		"PutRecord":        []byte(cannedEntry),
		"PutRecords":       cannedEntries(records),
		"GetShardIterator": []byte(`{"ShardIterator":"AAAA"}`),
		"GetRecords":       cannedPage(),
	}
	bodies := sync.Pool{New: func() any { return new([]byte) }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buf := bodies.Get().(*[]byte)
		defer bodies.Put(buf)
		if int64(cap(*buf)) < r.ContentLength {
			*buf = make([]byte, r.ContentLength)
		}
		body := (*buf)[:max(r.ContentLength, 0)]
		if _, err := io.ReadFull(r.Body, body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sum := sha256.Sum256(body)
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		answer, ok := answers[operation]
		if !ok {
			http.Error(w, "no such operation", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = w.Write(answer)
	})
}

const (
	// cannedNumber is as long as leat's sequence numbers.
	cannedNumber = "44444444444444444444444444444444444444444444444444444444"
	cannedEntry  = `{"SequenceNumber":"` + cannedNumber + `","ShardId":"shardId-000000000000"}`
)

func cannedEntries(records int) []byte {
	all := strings.TrimSuffix(strings.Repeat(cannedEntry+",", records), ",")
	return []byte(`{"FailedRecordCount":0,"Records":[` + all + `]}`)
}

// cannedPage is an answer to GetRecords.
func cannedPage() []byte {
	rng := rand.NewChaCha8([32]byte{})
	data := make([]byte, PageRecordBytes)
	page := []byte(`{"NextShardIterator":"AAAA","MillisBehindLatest":1,"Records":[`)
	for separator := ""; len(page) < pageBytes; separator = "," {
		_, _ = rng.Read(data)
		page = fmt.Appendf(page, `%s{"SequenceNumber":"%s","ApproximateArrivalTimestamp":1795000000.123,"Data":"%s","PartitionKey":"0123456789abcdef"}`,
			separator, cannedNumber, base64.StdEncoding.EncodeToString(data))
	}
	return append(page, "]}"...)
}
