package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"leat/internal/leattest"
)

// TestTLS puts and gets over HTTP/2 and HTTP/1.1 in TLS, with a client that
// trusts the authority in the data directory.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, "--data-dir", dir, "--stream", "orders:1", "--limits", "off")
	authority, err := os.ReadFile(filepath.Join(dir, "tls", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatalf("no certificate in %q", authority)
	}
	var want []string
	for _, http2 := range []bool{true, false} {
		var protocols http.Protocols
		protocols.SetHTTP1(!http2)
		protocols.SetHTTP2(http2)
		transport := &http.Transport{Protocols: &protocols, TLSClientConfig: &tls.Config{RootCAs: pool}}
		defer transport.CloseIdleConnections()
		c := kinesis.New(kinesis.Options{
			BaseEndpoint: aws.String("https" + strings.TrimPrefix(s.URL, "http")),
			Region:       "us-east-1",
			Credentials:  credentials.NewStaticCredentialsProvider("any", "any", ""),
			Retryer:      aws.NopRetryer{},
			HTTPClient:   &http.Client{Transport: leattest.Transport{Base: transport}, Timeout: eventTimeout},
		})
		body := strings.Repeat("x", 1<<19) + protocols.String()
		want = append(want, body)
		out := put(t, c, "orders", "a", body)
		records, _ := drain(t, c, oldest(t, c, "orders", *out.ShardId))
		if got := data(records); len(got) != len(want) || got[len(got)-1] != body {
			t.Errorf("%v: %d records, want %d", protocols, len(got), len(want))
		}
	}
}
