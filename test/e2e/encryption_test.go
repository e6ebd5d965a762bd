package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const secretText = "what nobody may find on the disk"

// leatKeyring runs leat keyring.
func leatKeyring(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"keyring"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("leat keyring %q: %v\n%s", args, err, out)
	}
}

func encrypt(t *testing.T, c *kinesis.Client, key string) error {
	t.Helper()
	_, err := c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{
		StreamName: aws.String("orders"), EncryptionType: types.EncryptionTypeKms, KeyId: aws.String(key),
	})
	return err
}

// wantOrders reads the stream, and checks each record's data and whether it is
// shown as encrypted.
func wantOrders(t *testing.T, c *kinesis.Client, want map[string]types.EncryptionType) {
	t.Helper()
	records, _ := drain(t, c, oldest(t, c, "orders", firstShard))
	if len(records) != len(want) {
		t.Errorf("%d records, want %d", len(records), len(want))
	}
	for _, r := range records {
		if kind, ok := want[string(r.Data)]; !ok || kind != r.EncryptionType {
			t.Errorf("%q is shown as %q, want %q (%v)", r.Data, r.EncryptionType, kind, ok)
		}
	}
}

// wantNotOnDisk looks for a text in every file of a directory.
func wantNotOnDisk(t *testing.T, dir, text string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("%q is in %s", text, path)
		}
		return err
	})
	if err != nil || files < 3 {
		t.Errorf("%d files, %v", files, err)
	}
}

// TestEncryption encrypts with the keys of a file, through restarts, a rotation
// and a key that is disabled.
func TestEncryption(t *testing.T) {
	t.Parallel()
	dir, keys := t.TempDir(), filepath.Join(t.TempDir(), "keys.json")
	leatKeyring(t, "new", keys)
	leatKeyring(t, "add", keys, "alias/orders")
	args := []string{"--data-dir", dir, "--keyring", keys}
	s := serve(t, args...)
	c := s.client(t)
	create(t, c, "orders", 1)
	put(t, c, "orders", "k", "before")
	if _, ok := errors.AsType[*types.KMSNotFoundException](encrypt(t, c, "alias/none")); !ok {
		t.Error("encryption with a key that is not in the file")
	}
	if err := encrypt(t, c, "alias/orders"); err != nil {
		t.Fatal(err)
	}
	if out := put(t, c, "orders", secretText, secretText); out.EncryptionType != types.EncryptionTypeKms {
		t.Errorf("put as %q", out.EncryptionType)
	}
	s.kill(t)
	wantNotOnDisk(t, dir, secretText)

	leatKeyring(t, "rotate", keys, "alias/orders")
	s = serve(t, args...)
	c = s.client(t)
	put(t, c, "orders", "k", "rotated")
	wantOrders(t, c, map[string]types.EncryptionType{"before": "", secretText: "KMS", "rotated": "KMS"})
	s.stop(t)

	leatKeyring(t, "disable", keys, "alias/orders")
	s = serve(t, args...)
	c = s.client(t)
	page, err := c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: oldest(t, c, "orders", firstShard)})
	if err != nil || !slices.Equal(data(page.Records), []string{"before"}) {
		t.Fatalf("records %+v, %v", page, err)
	}
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: page.NextShardIterator})
	if _, ok := errors.AsType[*types.KMSDisabledException](err); !ok {
		t.Errorf("read with a disabled key: %v", err)
	}
	_, err = c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("orders"), PartitionKey: aws.String("k"), Data: []byte("x")})
	if _, ok := errors.AsType[*types.KMSDisabledException](err); !ok {
		t.Errorf("put with a disabled key: %v", err)
	}
}

// TestLocalKeys encrypts with keys that the server makes.
func TestLocalKeys(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, "--data-dir", dir)
	c := s.client(t)
	create(t, c, "orders", 1)
	if err := encrypt(t, c, "alias/aws/kinesis"); err != nil {
		t.Fatal(err)
	}
	put(t, c, "orders", secretText, secretText)
	summary, err := c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("orders")})
	if err != nil || aws.ToString(summary.StreamDescriptionSummary.KeyId) != "alias/aws/kinesis" {
		t.Errorf("described as %+v, %v", summary, err)
	}
	s.kill(t)
	wantNotOnDisk(t, dir, secretText)
	info, err := os.Stat(filepath.Join(dir, "keys", "keyring.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys: %v, %v", info, err)
	}
	wantOrders(t, serve(t, "--data-dir", dir).client(t), map[string]types.EncryptionType{secretText: "KMS"})
}
