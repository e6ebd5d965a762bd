package target

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// self is the process of the test.
func self() *Process { return &Process{Name: "test", Pid: os.Getpid()} }

func TestProcess(t *testing.T) {
	p := self()
	before, err := p.CPU()
	if err != nil {
		t.Skipf("no /proc: %v", err)
	}
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
		sha256.Sum256(make([]byte, 1<<16))
	}
	if after, err := p.CPU(); err != nil || after <= before || after > before+time.Minute {
		t.Errorf("processor time %v, then %v, %v", before, after, err)
	}
	resident, err := p.Resident()
	if err != nil || resident < 1<<20 {
		t.Errorf("%d bytes resident, %v", resident, err)
	}
	if peak, err := p.Peak(); err != nil || peak < resident/2 {
		t.Errorf("%d bytes at most, %v", peak, err)
	}
}

func TestParseMetrics(t *testing.T) {
	page := "# HELP a is a\n# TYPE a counter\na 3\nb_total 1.5e+06\nc{x=\"y\"} 7\n"
	got, err := parseMetrics(strings.NewReader(page))
	if want := map[string]float64{"a": 3, "b_total": 1.5e6}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := parseMetrics(strings.NewReader("a b\n")); err == nil {
		t.Error("a value that is no number passed")
	}
}

func TestCeiling(t *testing.T) {
	for _, pooled := range []bool{false, true} {
		testCeiling(t, Ceiling{Records: 500, Pooled: pooled}.Handler())
	}
}

func testCeiling(t *testing.T, handler http.Handler) {
	t.Helper()
	ask := func(operation, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	answer := ask("PutRecords", "the body")
	sum := sha256.Sum256([]byte("the body"))
	if got := answer.Header().Get("X-Amz-Content-Sha256"); got != hex.EncodeToString(sum[:]) {
		t.Errorf("hash %q", got)
	}
	var put struct {
		FailedRecordCount int
		Records           []struct{ SequenceNumber string }
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &put); err != nil || len(put.Records) != 500 || put.Records[499].SequenceNumber == "" {
		t.Errorf("%d records, %v", len(put.Records), err)
	}
	answer = ask("GetRecords", "{}")
	var got struct {
		Records []struct {
			Data         []byte
			PartitionKey string
		}
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if n := answer.Body.Len(); n < pageBytes || n > pageBytes+4096 {
		t.Errorf("a page of %d bytes", n)
	}
	for _, r := range got.Records {
		if len(r.Data) != PageRecordBytes {
			t.Fatalf("a record of %d bytes", len(r.Data))
		}
	}
	if code := ask("Unknown", "{}").Code; code != http.StatusBadRequest {
		t.Errorf("an unknown operation: %d", code)
	}
}

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	d, err := NewDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	d.at = DiskBytes - 4096 // so that it begins anew
	latencies, err := d.Run(t.Context(), 4096, time.Millisecond)
	if err != nil || latencies.Count() == 0 {
		t.Errorf("%d writes, %v", latencies.Count(), err)
	}
	info, err := d.file.Stat()
	if err != nil || info.Size() != DiskBytes {
		t.Errorf("the file has %d bytes, %v", info.Size(), err)
	}
	begin := make([]byte, 4096)
	if _, err := d.file.ReadAt(begin, DiskBytes-4096); err != nil || bytes.Equal(begin, make([]byte, 4096)) {
		t.Errorf("nothing is written at the end, %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestPeersThatAreNotInstalled(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, p := range Peers() {
		if _, err := p.Start(t.Context()); !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
