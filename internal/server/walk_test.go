package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/fxamacker/cbor/v2"

	"leat/internal/service"
)

// protocol is a way to ask a service for an operation.
type protocol struct {
	name string
	// spoken is whether a service takes it.
	spoken func(*service.Service) bool
	// ask sets what of a request leads to an operation, and returns the body.
	ask func(r *http.Request, svc *service.Service, operation string, in fields) ([]byte, error)
	// code reads the code of an error.
	code func(body []byte) (code, message string, err error)
}

var protocols = []protocol{
	{
		"JSON", func(s *service.Service) bool { return s.Target != "" },
		func(r *http.Request, svc *service.Service, operation string, in fields) ([]byte, error) {
			r.Header.Set("Content-Type", "application/x-amz-json-1.0")
			r.Header.Set("X-Amz-Target", svc.Target+"."+operation)
			return json.Marshal(timed(in, func(t time.Time) any { return t.Unix() }))
		},
		func(body []byte) (string, string, error) {
			var e refusal
			err := json.Unmarshal(body, &e)
			return e.Type, e.Message, err
		},
	},
	{
		"CBOR", func(s *service.Service) bool { return s.RPC != "" },
		func(r *http.Request, svc *service.Service, operation string, in fields) ([]byte, error) {
			r.URL.Path = "/service/" + svc.RPC + "/operation/" + operation
			r.Header.Set("Content-Type", "application/cbor")
			r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
			return cbor.Marshal(timed(in, func(t time.Time) any { return cbor.Tag{Number: 1, Content: t.Unix()} }))
		},
		func(body []byte) (string, string, error) {
			var e refusal
			err := cbor.Unmarshal(body, &e)
			return e.Type, e.Message, err
		},
	},
	{
		"a form", func(s *service.Service) bool { return s.Version != "" },
		func(r *http.Request, svc *service.Service, operation string, in fields) ([]byte, error) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			form := url.Values{"Action": {operation}, "Version": {svc.Version}}
			flatten(form, "", in)
			return []byte(form.Encode()), nil
		},
		func(body []byte) (string, string, error) {
			var e struct {
				Error struct{ Code, Message string }
			}
			err := xml.Unmarshal(body, &e)
			return e.Error.Code, e.Error.Message, err
		},
	},
}

// timed returns a value with its times as a protocol writes them.
func timed(v any, as func(time.Time) any) any {
	switch v := v.(type) {
	case time.Time:
		return as(v)
	case fields:
		out := make(fields, len(v))
		for name, value := range v {
			out[name] = timed(value, as)
		}
		return out
	case []fields:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = timed(value, as)
		}
		return out
	}
	return v
}

// flatten adds a value to a form.
func flatten(form url.Values, name string, v any) {
	switch v := v.(type) {
	case fields:
		for member, value := range v {
			flatten(form, strings.TrimPrefix(name+"."+member, "."), value)
		}
	case []fields:
		for i, value := range v {
			flatten(form, name+".member."+strconv.Itoa(i+1), value)
		}
	case []string:
		for i, value := range v {
			form.Set(name+".member."+strconv.Itoa(i+1), value)
		}
	case time.Time:
		form.Set(name, v.UTC().Format(time.RFC3339))
	default:
		form.Set(name, fmt.Sprint(v))
	}
}

// walkInputs returns for each operation of a service an input that satisfies its
// constraints.
func walkInputs(name string) map[string]fields {
	const table = "arn:aws:dynamodb:us-east-1:111122223333:table/leases"
	now := time.Now().Truncate(time.Second)
	key := fields{"leaseKey": fields{"S": "a"}}
	on := func(more fields) fields { more["TableName"] = "leases"; return more }
	one := on(fields{"Key": key})
	switch name {
	case "sts":
		return map[string]fields{
			"AssumeRole":        {"RoleArn": operatorRole, "RoleSessionName": "nightly"},
			"GetCallerIdentity": {},
		}
	case "monitoring":
		return map[string]fields{
			"GetMetricData": {"StartTime": now.Add(-time.Hour), "EndTime": now, "MetricDataQueries": []fields{{
				"Id": "m1", "MetricStat": fields{"Metric": fields{"Namespace": "App", "MetricName": "Lag"}, "Period": 60, "Stat": "Sum"},
			}}},
			"GetMetricStatistics": {
				"Namespace": "App", "MetricName": "Lag", "StartTime": now.Add(-time.Hour), "EndTime": now,
				"Period": 60, "Statistics": []string{"Sum"},
			},
			"ListMetrics":   {},
			"PutMetricData": {"Namespace": "App", "MetricData": []fields{{"MetricName": "Lag", "Value": 1.5}}},
		}
	case "dynamodb":
		return map[string]fields{
			"BatchGetItem":   {"RequestItems": fields{"leases": fields{"Keys": []fields{key}}}},
			"BatchWriteItem": {"RequestItems": fields{"leases": []fields{{"PutRequest": fields{"Item": key}}}}},
			"CreateTable": on(fields{
				"BillingMode":          "PAY_PER_REQUEST",
				"KeySchema":            []fields{{"AttributeName": "leaseKey", "KeyType": "HASH"}},
				"AttributeDefinitions": []fields{{"AttributeName": "leaseKey", "AttributeType": "S"}},
			}),
			"DeleteItem": one, "GetItem": one, "UpdateItem": one,
			"DeleteTable": on(fields{}), "DescribeTable": on(fields{}),
			"DescribeContinuousBackups": on(fields{}), "DescribeTimeToLive": on(fields{}), "Scan": on(fields{}),
			"DescribeEndpoints": {}, "DescribeLimits": {}, "ListTables": {},
			"ListTagsOfResource": {"ResourceArn": table},
			"TagResource":        {"ResourceArn": table, "Tags": []fields{{"Key": "k", "Value": "v"}}},
			"UntagResource":      {"ResourceArn": table, "TagKeys": []string{"k"}},
			"PutItem":            on(fields{"Item": key}),
			"Query": on(fields{
				"KeyConditionExpression": "leaseKey = :a", "ExpressionAttributeValues": fields{":a": fields{"S": "a"}},
			}),
			"TransactGetItems":        {"TransactItems": []fields{{"Get": one}}},
			"TransactWriteItems":      {"TransactItems": []fields{{"Delete": one}}},
			"UpdateContinuousBackups": on(fields{"PointInTimeRecoverySpecification": fields{"PointInTimeRecoveryEnabled": true}}),
			"UpdateTable":             on(fields{"BillingMode": "PAY_PER_REQUEST"}),
			"UpdateTimeToLive":        on(fields{"TimeToLiveSpecification": fields{"AttributeName": "ttl", "Enabled": true}}),
		}
	}
	return nil
}

// walk asks for one operation after another.
type walk struct {
	t         *testing.T
	transport *http.Transport
	endpoint  string
}

// ask sends a request, signed unless the credentials are empty. The code has
// neither the name of a namespace nor the word Exception, in which protocols
// differ; it is empty if there is no error.
func (w *walk) ask(p protocol, svc *service.Service, operation string, in fields, c aws.Credentials) (code, message string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.endpoint+"/", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := p.ask(r, svc, operation, in)
	if err != nil {
		w.t.Fatal(err)
	}
	setBody(r, body)
	if c.AccessKeyID != "" {
		sum := sha256.Sum256(body)
		err = v4.NewSigner().SignHTTP(w.t.Context(), c, r, hex.EncodeToString(sum[:]), svc.Name, "us-east-1", time.Now())
		if err != nil {
			w.t.Fatal(err)
		}
	}
	resp, err := w.transport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode == http.StatusOK {
		return "", ""
	}
	code, message, err = p.code(answer)
	if err != nil || code == "" {
		w.t.Fatalf("%s of %s in %s: answered %d %q (%v)", operation, svc.Name, p.name, resp.StatusCode, answer, err)
	}
	return strings.TrimSuffix(code[strings.LastIndexByte(code, '#')+1:], "Exception"), message
}

// TestEveryOperationOfEveryService asks for every operation of every service but
// Kinesis (TestForgeries has that), in all protocols of the service: without a
// signature, with a wrong one, as somebody who may do nothing, and as somebody who
// may do it.
func TestEveryOperationOfEveryService(t *testing.T) {
	t.Parallel()
	s := start(t, withAuth(t, authFile))
	w := &walk{t, &http.Transport{}, s.URL()}
	defer w.transport.CloseIdleConnections()
	asked := 0
	for _, svc := range s.services() {
		if svc.Name == "kinesis" {
			continue
		}
		inputs := walkInputs(svc.Name)
		for _, op := range svc.Operations {
			in, ok := inputs[op.Name]
			if !ok {
				t.Errorf("no input for %s of %s", op.Name, svc.Name)
				continue
			}
			for _, p := range protocols {
				if p.spoken(&svc) {
					w.operation(p, &svc, &op, in)
					asked++
				}
			}
		}
	}
	if n := len(s.services()); n != len(Services()) || asked < 38 {
		t.Errorf("%d of %d services, asked %d times only", n, len(Services()), asked)
	}
}

// actionPrefix begins the actions of a service in policies.
func actionPrefix(service string) string {
	if service == "monitoring" {
		return "cloudwatch:"
	}
	return service + ":"
}

// operation asks for one operation in one protocol.
func (w *walk) operation(p protocol, svc *service.Service, op *service.Operation, in fields) {
	w.t.Helper()
	what := op.Name + " of " + svc.Name + " in " + p.name
	if code, _ := w.ask(p, svc, op.Name, in, aws.Credentials{}); code != "MissingAuthenticationToken" {
		w.t.Errorf("%s, unsigned: %q", what, code)
	}
	forged := admin
	forged.SecretAccessKey = nobody.SecretAccessKey
	if code, _ := w.ask(p, svc, op.Name, in, forged); code != "InvalidSignature" && code != "SignatureDoesNotMatch" {
		w.t.Errorf("%s, with another secret: %q", what, code)
	}
	code, message := w.ask(p, svc, op.Name, in, nobody)
	denied := "User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: " + actionPrefix(svc.Name)
	switch {
	case op.Public && code != "":
		w.t.Errorf("%s, which everybody may: %s %s", what, code, message)
	case !op.Public && (code != "AccessDenied" || !strings.HasPrefix(message, denied)):
		w.t.Errorf("%s, forbidden: %q %s", what, code, message)
	}
	switch code, message = w.ask(p, svc, op.Name, in, admin); code {
	case "AccessDenied", "MissingAuthenticationToken", "InvalidSignature", "SignatureDoesNotMatch", "UnrecognizedClient",
		"InvalidClientTokenId", "UnknownOperation", "InvalidAction", "Serialization", "InternalFailure", "InternalServerError":
		w.t.Errorf("%s, allowed: %s %s", what, code, message)
	}
}
