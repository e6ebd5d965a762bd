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

// Ceiling is what a ceiling server is like.
type Ceiling struct {
	// Records is how many of them its answer to PutRecords is for.
	Records int
	// Pooled has bodies read into memory that has their length and is used again,
	// as a server does that has come close to the ceiling.
	Pooled bool
}

// Start runs this program as the server.
func (c Ceiling) Start(ctx context.Context) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := proc.Start(ctx, self, "-ceiling", strconv.Itoa(c.Records), "-pooled="+strconv.FormatBool(c.Pooled))
	if err != nil {
		return nil, err
	}
	return fromProc("ceiling", p), nil
}

// Serve is the server. It ends with the context or on SIGTERM.
func (c Ceiling) Serve(ctx context.Context, stdout io.Writer) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: c.Handler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	fmt.Fprintf(stdout, "ceiling is ready on http://%s\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Handler returns what does little but what any server must do: it reads the body of
// a request, hashes it as a check of its signature would, and answers bytes made in
// advance.
func (c Ceiling) Handler() http.Handler {
	answers := map[string][]byte{
		"PutRecord":        []byte(cannedEntry),
		"PutRecords":       cannedEntries(c.Records),
		"GetShardIterator": []byte(`{"ShardIterator":"AAAA"}`),
		"GetRecords":       cannedPage(),
	}
	hash := hashAll
	if c.Pooled {
		hash = new(pooledHash).hash
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sum, err := hash(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
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

// hashAll hashes a body, of which it reads all.
func hashAll(r *http.Request) (sum [sha256.Size]byte, err error) {
	body, err := io.ReadAll(r.Body)
	return sha256.Sum256(body), err
}

// pooledHash hashes bodies in memory that it uses again.
type pooledHash struct{ pool sync.Pool }

func (p *pooledHash) hash(r *http.Request) (sum [sha256.Size]byte, err error) {
	buf, ok := p.pool.Get().(*[]byte)
	if !ok {
		buf = new([]byte)
	}
	defer p.pool.Put(buf)
	if int64(cap(*buf)) < r.ContentLength {
		*buf = make([]byte, r.ContentLength)
	}
	body := (*buf)[:max(r.ContentLength, 0)]
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return sum, err
	}
	return sha256.Sum256(body), nil
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
