package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// accounts is an auth file of two accounts. The users of the second may do what
// they like, as far as the first lets them.
const accounts = `accounts:
  - id: "111122223333"
    users:
      - name: owner
        keys: [{id: LKIAOWNER, secret: secret-of-the-owner}]
        policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
      - name: writer
        keys: [{id: LKIAWRITER, secret: secret-of-a-writer}]
        policies:
          - Statement:
              Effect: Allow
              Action: ["kinesis:PutRecord", "kinesis:PutRecords"]
              Resource: arn:aws:kinesis:us-east-1:111122223333:stream/orders
    roles:
      - name: reader
        trust: {Statement: {Effect: Allow, Principal: {AWS: "111122223333"}, Action: "sts:AssumeRole"}}
        policies: [{Statement: {Effect: Allow, Action: ["kinesis:Get*", "kinesis:List*"], Resource: "*"}}]
        sessions:
          - name: s
            assumed-by: arn:aws:iam::111122223333:user/owner
            keys:
              - {id: LKIASESSION, secret: secret-of-session, session-token: the-token}
              - {id: LKIAEXPIRED, secret: secret-of-expired, session-token: the-token, expires: 2020-01-01T00:00:00Z}
  - id: "444455556666"
    users:
      - name: guest
        keys: [{id: LKIAGUEST, secret: secret-of-a-guest}]
        policies: [{Statement: {Effect: Allow, Action: "*", Resource: "*"}}]
`

const ordersARN = "arn:aws:kinesis:us-east-1:111122223333:stream/orders"

// as returns a client with credentials of its own.
func (s *server) as(id, secret, token string) *kinesis.Client {
	return kinesis.New(kinesis.Options{
		BaseEndpoint: aws.String(s.URL), Region: "us-east-1", Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, token),
	})
}

// serveAccounts starts a server with authentication.
func serveAccounts(t *testing.T) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte(accounts), 0o600); err != nil {
		t.Fatal(err)
	}
	return serve(t, "--memory", "--limits", "off", "--auth", file)
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var e interface{ ErrorCode() string }
	ok := errors.As(err, &e)
	switch {
	case code == "" && err != nil:
		t.Errorf("%s: %v", what, err)
	case code != "" && (!ok || e.ErrorCode() != code):
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestCredentials calls with good and bad credentials.
func TestCredentials(t *testing.T) {
	t.Parallel()
	s := serveAccounts(t)
	for _, tt := range []struct{ name, id, secret, token, code string }{
		{"owner", "LKIAOWNER", "secret-of-the-owner", "", ""},
		{"session", "LKIASESSION", "secret-of-session", "the-token", ""},
		{"wrong secret", "LKIAOWNER", "secret-of-the-owned", "", "InvalidSignatureException"},
		{"unknown key", "any", "any", "", "UnrecognizedClientException"},
		{"account as key", "111122223333", "any", "", "UnrecognizedClientException"},
		{"no token", "LKIASESSION", "secret-of-session", "", "UnrecognizedClientException"},
		{"another token", "LKIASESSION", "secret-of-session", "a-token", "UnrecognizedClientException"},
		{"a token too many", "LKIAOWNER", "secret-of-the-owner", "the-token", "UnrecognizedClientException"},
		{"expired", "LKIAEXPIRED", "secret-of-expired", "the-token", "ExpiredTokenException"},
		{"may not list", "LKIAWRITER", "secret-of-a-writer", "", "AccessDeniedException"},
	} {
		_, err := s.as(tt.id, tt.secret, tt.token).ListStreams(t.Context(), &kinesis.ListStreamsInput{})
		wantCode(t, tt.name, err, tt.code)
	}
}

// TestPermissions lets everybody do his part, and no more.
func TestPermissions(t *testing.T) {
	t.Parallel()
	s := serveAccounts(t)
	ctx := t.Context()
	owner, writer := s.as("LKIAOWNER", "secret-of-the-owner", ""), s.as("LKIAWRITER", "secret-of-a-writer", "")
	reader, guest := s.as("LKIASESSION", "secret-of-session", "the-token"), s.as("LKIAGUEST", "secret-of-a-guest", "")
	create := &kinesis.CreateStreamInput{StreamName: aws.String("orders"), ShardCount: aws.Int32(1)}
	_, err := writer.CreateStream(ctx, create)
	wantCode(t, "the writer creates", err, "AccessDeniedException")
	_, err = owner.CreateStream(ctx, create)
	wantCode(t, "the owner creates", err, "")

	record := &kinesis.PutRecordInput{StreamARN: aws.String(ordersARN), PartitionKey: aws.String("k"), Data: []byte("x")}
	_, err = writer.PutRecord(ctx, record)
	wantCode(t, "the writer writes", err, "")
	_, err = reader.PutRecord(ctx, record)
	wantCode(t, "the reader writes", err, "AccessDeniedException")
	_, err = guest.PutRecord(ctx, record)
	wantCode(t, "the guest writes uninvited", err, "AccessDeniedException")

	at := &kinesis.GetShardIteratorInput{
		StreamARN: aws.String(ordersARN), ShardId: aws.String("shardId-000000000000"), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	}
	_, err = guest.GetShardIterator(ctx, at)
	wantCode(t, "the guest asks for an iterator", err, "AccessDeniedException")
	it, err := reader.GetShardIterator(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	get := &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator}
	_, err = writer.GetRecords(ctx, get)
	wantCode(t, "the writer reads with another's iterator", err, "AccessDeniedException")
	_, err = guest.GetRecords(ctx, get)
	wantCode(t, "the guest reads with another's iterator", err, "AccessDeniedException")

	_, err = owner.PutResourcePolicy(ctx, &kinesis.PutResourcePolicyInput{ResourceARN: aws.String(ordersARN), Policy: aws.String(
		`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:user/guest"},
		"Action": "kinesis:PutRecord", "Resource": "` + ordersARN + `"}}`)})
	wantCode(t, "the owner invites", err, "")
	_, err = guest.PutRecord(ctx, record)
	wantCode(t, "the guest writes", err, "")
	_, err = guest.GetShardIterator(ctx, at)
	wantCode(t, "the guest reads, too", err, "AccessDeniedException")

	out, err := reader.GetRecords(ctx, get)
	if err != nil || len(out.Records) != 2 {
		t.Errorf("the reader gets %v, %v, want two records", out, err)
	}
}
