package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// sharingFile has an account with streams, and two others.
const sharingFile = `
accounts:
  - id: "111111111111"
    users:
      - name: owner
        keys: [{id: LKIAOWNER, secret: the-secret-of-the-owner}]
        policies: [{Statement: {Effect: Allow, Action: "*", Resource: "*"}}]
      - name: guest
        keys: [{id: LKIAGUEST, secret: the-secret-of-the-guest}]
        policies: []
  - id: "222222222222"
    users:
      - name: partner
        keys: [{id: LKIAPARTNER, secret: the-secret-of-the-partner}]
        policies: [{Statement: {Effect: Allow, Action: "kinesis:*", Resource: "*"}}]
  - id: "333333333333"
    users:
      - name: stranger
        keys: [{id: LKIASTRANGER, secret: the-secret-of-the-stranger}]
        policies: [{Statement: {Effect: Allow, Action: "*", Resource: "*"}}]
`

const (
	sharedARN = "arn:aws:kinesis:us-east-1:111111111111:stream/orders"

	// sharingPolicy lets the partner read and write, and the guest do so until
	// the last statement.
	sharingPolicy = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": ["222222222222", "arn:aws:iam::111111111111:user/guest"]},
   "Action": "kinesis:*", "Resource": "` + sharedARN + `*"},
  {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111111111111:user/guest"}, "Action": "kinesis:PutRecord", "Resource": "*"}
]}`
)

// clientOf returns a client with the credentials of one of the users.
func clientOf(t *testing.T, s *server, user string) *kinesis.Client {
	t.Helper()
	return kinesis.New(s.client(t).Options(), func(o *kinesis.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider("LKIA"+strings.ToUpper(user), "the-secret-of-the-"+user, "")
	})
}

// wantDenied checks that an error says that its user may not, and why.
func wantDenied(t *testing.T, err error, why string) {
	t.Helper()
	e, ok := errors.AsType[*types.AccessDeniedException](err)
	if !ok || !strings.HasSuffix(aws.ToString(e.Message), why) {
		t.Errorf("error %v, want a denial %s", err, why)
	}
}

func share(t *testing.T, owner *kinesis.Client, arn string) {
	t.Helper()
	_, err := owner.PutResourcePolicy(t.Context(), &kinesis.PutResourcePolicyInput{ResourceARN: &arn, Policy: aws.String(sharingPolicy)})
	if err != nil {
		t.Fatal(err)
	}
}

// sharingServer has the accounts above, and the owner's stream orders.
func sharingServer(t *testing.T) (s *server, owner *kinesis.Client) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte(sharingFile), 0o600); err != nil {
		t.Fatal(err)
	}
	s = serve(t, "--memory", "--auth", file)
	owner = clientOf(t, s, "owner")
	create(t, owner, "orders", 1)
	return s, owner
}

// A stream that is shared with another account can be written and read by it,
// and by nobody else, until the owner takes that back.
func TestSharedStream(t *testing.T) {
	s, owner := sharingServer(t)
	partner, stranger, guest := clientOf(t, s, "partner"), clientOf(t, s, "stranger"), clientOf(t, s, "guest")
	const notShared = "because no resource-based policy allows the kinesis:ListShards action"
	listing := &kinesis.ListShardsInput{StreamARN: aws.String(sharedARN)}
	_, err := partner.ListShards(t.Context(), listing)
	wantDenied(t, err, notShared)

	share(t, owner, sharedARN)
	if _, err := partner.ListShards(t.Context(), listing); err != nil {
		t.Error(err)
	}
	_, err = stranger.ListShards(t.Context(), listing)
	wantDenied(t, err, notShared)
	order := &kinesis.PutRecordInput{StreamARN: aws.String(sharedARN), PartitionKey: aws.String("k"), Data: []byte("of the partner")}
	if _, err := partner.PutRecord(t.Context(), order); err != nil {
		t.Error(err)
	}
	_, err = guest.PutRecord(t.Context(), order)
	wantDenied(t, err, "with an explicit deny in a resource-based policy")
	if _, err := guest.DescribeStream(t.Context(), &kinesis.DescribeStreamInput{StreamName: aws.String("orders")}); err != nil {
		t.Error(err)
	}
	_, err = guest.ListStreams(t.Context(), &kinesis.ListStreamsInput{})
	wantDenied(t, err, "because no identity-based policy allows the kinesis:ListStreams action")
	_, err = partner.DescribeStream(t.Context(), &kinesis.DescribeStreamInput{StreamARN: aws.String(sharedARN)})
	wantDenied(t, err, "because no resource-based policy allows the kinesis:DescribeStream action")
	_, err = partner.DescribeStream(t.Context(), &kinesis.DescribeStreamInput{StreamName: aws.String("orders")})
	if _, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok {
		t.Errorf("the partner's own stream of that name: %v", err)
	}

	place, err := partner.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamARN: aws.String(sharedARN), ShardId: aws.String(firstShard), ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	reading := &kinesis.GetRecordsInput{ShardIterator: place.ShardIterator}
	page, err := partner.GetRecords(t.Context(), reading)
	if err != nil || len(page.Records) != 1 || string(page.Records[0].Data) != "of the partner" {
		t.Errorf("read %v, error %v", page, err)
	}
	_, err = stranger.GetRecords(t.Context(), reading)
	wantDenied(t, err, "because no resource-based policy allows the kinesis:GetRecords action")

	if _, err := owner.DeleteResourcePolicy(t.Context(), &kinesis.DeleteResourcePolicyInput{ResourceARN: aws.String(sharedARN)}); err != nil {
		t.Fatal(err)
	}
	_, err = partner.GetRecords(t.Context(), reading)
	wantDenied(t, err, "because no resource-based policy allows the kinesis:GetRecords action")
}

// A consumer has a policy of its own.
func TestSharedConsumer(t *testing.T) {
	s, owner := sharingServer(t)
	partner := clientOf(t, s, "partner")
	share(t, owner, sharedARN)
	put(t, owner, "orders", "k", "pushed")
	made, err := owner.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{
		StreamARN: aws.String(sharedARN), ConsumerName: aws.String("app"),
	})
	if err != nil {
		t.Fatal(err)
	}
	arn := made.Consumer.ConsumerARN
	describe := &kinesis.DescribeStreamConsumerInput{ConsumerARN: arn}
	_, err = partner.DescribeStreamConsumer(t.Context(), describe)
	wantDenied(t, err, "because no resource-based policy allows the kinesis:DescribeStreamConsumer action")
	share(t, owner, *arn)
	if _, err := partner.DescribeStreamConsumer(t.Context(), describe); err != nil {
		t.Error(err)
	}
	sub, err := partner.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
		ConsumerARN: arn, ShardId: aws.String(firstShard),
		StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
	})
	if err != nil {
		t.Fatal(err)
	}
	stream := sub.GetStream()
	defer func() { _ = stream.Close() }()
	for event := range stream.Events() {
		e, ok := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if ok && len(e.Value.Records) > 0 {
			if string(e.Value.Records[0].Data) != "pushed" {
				t.Errorf("pushed %q", e.Value.Records[0].Data)
			}
			return
		}
	}
	t.Errorf("the stream of events has ended: %v", stream.Err())
}

// A policy that leat does not understand is refused with the line of what it does
// not.
func TestBadResourcePolicy(t *testing.T) {
	_, owner := sharingServer(t)
	_, err := owner.PutResourcePolicy(t.Context(), &kinesis.PutResourcePolicyInput{
		ResourceARN: aws.String(sharedARN), Policy: aws.String(strings.Replace(sharingPolicy, `"Resource": "*"`, `"Resources": "*"`, 1)),
	})
	e, ok := errors.AsType[*types.InvalidArgumentException](err)
	if want := "The policy is not valid, line 4: a statement has no Resources."; !ok || aws.ToString(e.Message) != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
