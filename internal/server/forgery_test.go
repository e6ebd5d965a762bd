package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/fxamacker/cbor/v2"
)

// fields are the members of an input, data as bytes.
type fields map[string]any

// wireForm is how a request is encoded and signed.
type wireForm struct {
	name      string
	mediaType string
	encode    func(any) ([]byte, error)
	presigned bool
}

var wireForms = []wireForm{
	{"JSON", "application/x-amz-json-1.1", json.Marshal, false},
	{"CBOR", "application/x-amz-cbor-1.1", cbor.Marshal, false},
	{"presigned JSON", "application/x-amz-json-1.1", json.Marshal, true},
	{"presigned CBOR", "application/x-amz-cbor-1.1", cbor.Marshal, true},
}

// order is a request as its client wants it signed.
type order struct {
	form        wireForm
	operation   string
	body        []byte
	hash        string // of the body, as it is signed; empty for the right one
	credentials aws.Credentials
	service     string
	at          time.Time
}

// signedRequest returns a request as an SDK signs it.
func (o *order) signedRequest(t *testing.T, endpoint string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", o.form.mediaType)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+o.operation)
	hash := o.hash
	if hash == "" {
		sum := sha256.Sum256(o.body)
		hash = hex.EncodeToString(sum[:])
	}
	signer := v4.NewSigner(func(s *v4.SignerOptions) { s.DisableHeaderHoisting = true })
	if !o.form.presigned {
		err = signer.SignHTTP(t.Context(), o.credentials, r, hash, o.service, "us-east-1", o.at)
	} else {
		var signed string
		if signed, _, err = signer.PresignHTTP(t.Context(), o.credentials, r, hash, o.service, "us-east-1", o.at); err == nil {
			r.URL, err = url.Parse(signed)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	setBody(r, o.body)
	return r
}

func setBody(r *http.Request, body []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// refusal is an error as a client reads it, empty if there is none.
type refusal struct {
	Type    string `cbor:"__type" json:"__type"`
	Message string `cbor:"message" json:"message"`
}

// send sends a request and returns its answer.
func send(t *testing.T, transport *http.Transport, r *http.Request) (refusal, []byte) {
	t.Helper()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var e refusal
	if resp.StatusCode == http.StatusOK {
		if strings.Contains(resp.Header.Get("Content-Type"), "eventstream") {
			return e, nil // it goes on
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return e, body
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	decode := json.Unmarshal
	if strings.Contains(resp.Header.Get("Content-Type"), "cbor") {
		decode = cbor.Unmarshal
	}
	if err := decode(body, &e); err != nil || e.Type == "" {
		t.Fatalf("answered %d %q (%v)", resp.StatusCode, body, err)
	}
	return e, nil
}

// inputs returns for each operation an input that is good for the stream orders,
// with an iterator and a consumer of it.
func inputs(iterator, consumer string) map[string]fields {
	const arn = "arn:aws:kinesis:us-east-1:111122223333:stream/orders"
	name := fields{"StreamName": "orders"}
	with := func(more fields) fields {
		maps.Copy(more, name)
		return more
	}
	onARN := func(more fields) fields { more["StreamARN"] = arn; return more }
	tags := map[string]string{"k": "v"}
	return map[string]fields{
		"AddTagsToStream":               with(fields{"Tags": tags}),
		"CreateStream":                  {"StreamName": "new", "ShardCount": 1},
		"DecreaseStreamRetentionPeriod": with(fields{"RetentionPeriodHours": 24}),
		"DeleteResourcePolicy":          {"ResourceARN": arn},
		"DeleteStream":                  with(fields{"EnforceConsumerDeletion": true}),
		"DeregisterStreamConsumer":      {"ConsumerARN": consumer},
		"DescribeAccountSettings":       {},
		"DescribeLimits":                {},
		"DescribeStream":                name,
		"DescribeStreamConsumer":        {"ConsumerARN": consumer},
		"DescribeStreamSummary":         name,
		"DisableEnhancedMonitoring":     with(fields{"ShardLevelMetrics": []string{"ALL"}}),
		"EnableEnhancedMonitoring":      with(fields{"ShardLevelMetrics": []string{"ALL"}}),
		"GetRecords":                    {"ShardIterator": iterator},
		"GetResourcePolicy":             {"ResourceARN": arn},
		"GetShardIterator":              with(fields{"ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}),
		"IncreaseStreamRetentionPeriod": with(fields{"RetentionPeriodHours": 48}),
		"ListShards":                    name,
		"ListStreamConsumers":           onARN(fields{}),
		"ListStreams":                   {},
		"ListTagsForResource":           {"ResourceARN": arn},
		"ListTagsForStream":             name,
		"MergeShards":                   with(fields{"ShardToMerge": "shardId-000000000000", "AdjacentShardToMerge": "shardId-000000000001"}),
		"PutRecord":                     with(fields{"PartitionKey": "k", "Data": []byte("x")}),
		"PutRecords":                    with(fields{"Records": []fields{{"PartitionKey": "k", "Data": []byte("x")}}}),
		"PutResourcePolicy": {
			"ResourceARN": arn,
			"Policy": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, ` +
				`"Action": "kinesis:PutRecord", "Resource": "` + arn + `"}}`,
		},
		"RegisterStreamConsumer":                 onARN(fields{"ConsumerName": "other"}),
		"RemoveTagsFromStream":                   with(fields{"TagKeys": []string{"k"}}),
		"SplitShard":                             with(fields{"ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "5"}),
		"StartStreamEncryption":                  with(fields{"EncryptionType": "KMS", "KeyId": "alias/k"}),
		"StopStreamEncryption":                   with(fields{"EncryptionType": "KMS", "KeyId": "alias/k"}),
		"SubscribeToShard":                       {"ConsumerARN": consumer, "ShardId": "shardId-000000000000", "StartingPosition": fields{"Type": "LATEST"}},
		"TagResource":                            {"ResourceARN": arn, "Tags": tags},
		"UntagResource":                          {"ResourceARN": arn, "TagKeys": []string{"k"}},
		"UpdateAccountSettings":                  {"MinimumThroughputBillingCommitment": fields{"Status": "ENABLED"}},
		"UpdateMaxRecordSize":                    onARN(fields{"MaxRecordSizeInKiB": 2048}),
		"UpdateShardCount":                       with(fields{"TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}),
		"UpdateStreamMode":                       onARN(fields{"StreamModeDetails": fields{"StreamMode": "ON_DEMAND"}}),
		"UpdateStreamRecordDistributionStrategy": onARN(fields{"RecordDistributionStrategy": "AUTO"}),
		"UpdateStreamWarmThroughput":             onARN(fields{"WarmThroughputMiBps": 100}),
	}
}

// forgery is a request that must not pass.
type forgery struct {
	name    string
	prepare func(*order)                    // before it is signed
	tamper  func(o *order, r *http.Request) // after that
	code    string
	message string // how it begins
}

const (
	invalidSignature = "InvalidSignatureException"
	unrecognized     = "UnrecognizedClientException"
	noMatch          = "The request signature we calculated does not match"
	noToken          = "The security token included in the request is invalid."
)

var forgeries = []forgery{
	{
		name: "unsigned", code: "MissingAuthenticationTokenException", message: "Missing Authentication Token",
		tamper: func(_ *order, r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "" },
	},
	{
		name: "unknown key", code: unrecognized, message: noToken,
		prepare: func(o *order) { o.credentials.AccessKeyID = "LKIASOMEBODY" },
	},
	{
		name: "wrong secret", code: invalidSignature, message: noMatch,
		prepare: func(o *order) { o.credentials.SecretAccessKey += "x" },
	},
	{
		name: "another body", code: invalidSignature, message: noMatch,
		prepare: func(o *order) { o.body = []byte(`{"a":1}`) },
	},
	unhashed("UNSIGNED-PAYLOAD"),
	unhashed("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
	unhashed("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
	{
		name: "another host", code: invalidSignature, message: noMatch,
		tamper: func(_ *order, r *http.Request) { r.Host = "kinesis.us-east-1.amazonaws.com" },
	},
	{
		name: "a second target", code: invalidSignature, message: noMatch,
		tamper: func(_ *order, r *http.Request) { r.Header.Add("X-Amz-Target", "Kinesis_20131202.DeleteStream") },
	},
	{
		name: "a target that is not signed", code: invalidSignature,
		message: "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.",
		tamper: func(_ *order, r *http.Request) {
			if a := r.Header.Get("Authorization"); a != "" {
				r.Header.Set("Authorization", strings.Replace(a, ";x-amz-target", "", 1))
			}
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "%3Bx-amz-target", "", 1)
		},
	},
	{
		name: "signed twice", code: invalidSignature, message: "Found both 'X-Amz-Algorithm' as a query-string param",
		tamper: func(_ *order, r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 "+r.Header.Get("Authorization"))
			r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&X-Amz-Algorithm=AWS4-HMAC-SHA256", "&")
		},
	},
	{
		name: "another content type", code: invalidSignature, message: noMatch,
		tamper: func(o *order, r *http.Request) { r.Header.Set("Content-Type", o.form.mediaType+"; charset=utf-8") },
	},
	{
		name: "another target", code: invalidSignature, message: noMatch,
		prepare: func(o *order) { o.operation += "s" },
	},
	{
		name: "another query", code: invalidSignature, message: noMatch,
		tamper: func(_ *order, r *http.Request) {
			r.URL.RawQuery = strings.TrimPrefix(r.URL.RawQuery+"&a=b", "&")
		},
	},
	{
		name: "another region", code: invalidSignature, message: noMatch,
		tamper: rescope("us-east-1", "eu-west-1"),
	},
	{
		name: "no region", code: invalidSignature, message: "Credential should be scoped to a valid region. ",
		tamper: rescope("us-east-1", "nowhere!"),
	},
	{
		name: "another service", code: invalidSignature, message: "Credential should be scoped to correct service: 'kinesis'.",
		prepare: func(o *order) { o.service = "dynamodb" },
	},
	{
		name: "replayed late", code: invalidSignature, message: "Signature expired: ",
		prepare: func(o *order) { o.at = o.at.Add(-6 * time.Minute) },
	},
	{
		name: "early", code: invalidSignature, message: "Signature not yet current: ",
		prepare: func(o *order) { o.at = o.at.Add(6 * time.Minute) },
	},
	{
		name: "expired token", code: "ExpiredTokenException", message: "The security token included in the request is expired",
		prepare: func(o *order) { o.credentials = expired },
	},
	{
		name: "without its token", code: unrecognized, message: noToken,
		prepare: func(o *order) { o.credentials = operator; o.credentials.SessionToken = "" },
	},
	{
		name: "with another token", code: unrecognized, message: noToken,
		prepare: func(o *order) { o.credentials = operator; o.credentials.SessionToken = "tokem" },
	},
	{
		name: "forbidden", code: "AccessDeniedException",
		message: "User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: kinesis:",
		prepare: func(o *order) { o.credentials = nobody },
	},
}

// unhashed is signed with a word in the place of the body's hash. AWS takes these
// from services that stream, which Kinesis is none of.
func unhashed(word string) forgery {
	return forgery{
		name: word, code: invalidSignature, message: noMatch,
		prepare: func(o *order) { o.hash = word },
		tamper:  func(_ *order, r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", word) },
	}
}

// rescope changes the scope of a request that is signed.
func rescope(from, to string) func(*order, *http.Request) {
	return func(_ *order, r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
		if r.URL.RawQuery != "" {
			r.Header.Del("Authorization")
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, from, url.QueryEscape(to), 1)
		}
	}
}

// TestForgeries walks every operation with each kind of request that must not
// pass, in each wire form, and sees that nothing has come of any. Then it sends
// the same requests as they should be.
func TestForgeries(t *testing.T) {
	t.Parallel()
	var log logLines
	configure := withAuth(t, authFile)
	s := start(t, func(c *Config) { configure(c); c.Logger = log.logger() })
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	call := func(operation string, in fields, out any) {
		t.Helper()
		body, _ := json.Marshal(in)
		o := order{form: wireForms[0], operation: operation, body: body, credentials: admin, service: "kinesis", at: time.Now()}
		e, answer := send(t, transport, o.signedRequest(t, s.URL()))
		if e != (refusal{}) {
			t.Fatalf("%s: %+v", operation, e)
		}
		if err := json.Unmarshal(answer, out); err != nil && out != nil {
			t.Fatal(err)
		}
	}
	call("CreateStream", fields{"StreamName": "orders", "ShardCount": 2}, nil)
	var it struct{ ShardIterator string }
	call("GetShardIterator", fields{"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}, &it)
	var registered struct{ Consumer struct{ ConsumerARN string } }
	call("RegisterStreamConsumer", fields{
		"StreamARN": "arn:aws:kinesis:us-east-1:111122223333:stream/orders", "ConsumerName": "app",
	}, &registered)
	var before, after struct{ StreamDescription json.RawMessage }
	call("DescribeStream", fields{"StreamName": "orders"}, &before)

	in := inputs(it.ShardIterator, registered.Consumer.ConsumerARN)
	refused := 0
	for _, op := range s.service.Operations() {
		body, ok := in[op.Name]
		if !ok {
			t.Errorf("no input for %s", op.Name)
			continue
		}
		for _, form := range wireForms {
			for _, f := range forgeries {
				if op.Name == "SubscribeToShard" && strings.HasSuffix(form.name, "CBOR") && f.name == "forbidden" {
					continue // nobody can ask for it in CBOR
				}
				log.clear()
				refused++
				e := forge(t, transport, s.URL(), f, form, op.Name, body)
				if e.Type != f.code || !strings.HasPrefix(e.Message, f.message) {
					t.Errorf("%s, %s, %s: %+v", op.Name, form.name, f.name, e)
				}
				if n := strings.Count(log.String(), "request denied"); n != 1 {
					t.Errorf("%s, %s, %s: %d lines in the log, want one:\n%s", op.Name, form.name, f.name, n, &log)
				}
			}
		}
	}
	call("DescribeStream", fields{"StreamName": "orders"}, &after)
	var list struct{ StreamNames []string }
	call("ListStreams", fields{}, &list)
	var got struct{ Records []any }
	call("GetRecords", fields{"ShardIterator": it.ShardIterator}, &got)
	if !bytes.Equal(before.StreamDescription, after.StreamDescription) || len(list.StreamNames) != 1 || len(got.Records) != 0 {
		t.Errorf("something came of them: %s\nbefore %s\n%v, %v", after.StreamDescription, before.StreamDescription, list, got)
	}
	if refused < 3000 {
		t.Errorf("only %d requests", refused)
	}
	for _, op := range s.service.Operations() {
		for _, form := range wireForms {
			e := forge(t, transport, s.URL(), forgery{}, form, op.Name, in[op.Name])
			if isAuth(e.Type) || e.Type == "ValidationException" || e.Type == "SerializationException" {
				t.Errorf("%s, %s, as it should be: %+v", op.Name, form.name, e)
			}
		}
	}
}

// isAuth reports whether an error is about who asks.
func isAuth(code string) bool {
	for _, f := range forgeries {
		if code == f.code {
			return true
		}
	}
	return false
}

// forge sends a forged request and returns its error.
func forge(t *testing.T, transport *http.Transport, endpoint string, f forgery, form wireForm, operation string, in fields) refusal {
	t.Helper()
	body, err := form.encode(in)
	if err != nil {
		t.Fatal(err)
	}
	o := order{form: form, operation: operation, body: body, credentials: admin, service: "kinesis", at: time.Now()}
	if f.prepare != nil {
		f.prepare(&o)
	}
	r := o.signedRequest(t, endpoint)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202."+operation)
	setBody(r, body)
	if f.tamper != nil {
		f.tamper(&o, r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), eventTimeout)
	defer cancel()
	e, _ := send(t, transport, r.WithContext(ctx))
	return e
}
