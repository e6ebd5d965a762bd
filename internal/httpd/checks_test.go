package httpd_test

import (
	"bytes"
	"context"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// want is what a client sees of an answer.
type want struct {
	status      int
	contentType string
	errorType   string
	body        string
}

const (
	post = "POST /"
	name = `{"StreamName":"orders"}`

	json11     = "application/x-amz-json-1.1"
	cbor11     = "application/x-amz-cbor-1.1"
	denied     = "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n"
	unknownXML = "<UnknownOperationException/>\n"

	serialization    = "SerializationException"
	unknownOperation = "UnknownOperationException"
)

var (
	deniedXML      = want{403, "", "", denied}
	notFoundXML    = want{404, "", "", unknownXML}
	notJSON        = want{400, json11, serialization, `{"__type":"SerializationException"}`}
	noSuchOp       = want{400, json11, unknownOperation, `{"__type":"UnknownOperationException"}`}
	cborNoSuchOp   = want{400, cbor11, unknownOperation, "\xbf\x66__type\x78\x19UnknownOperationException\xff"}
	cborNoBody     = want{400, cbor11, serialization, "\xbf\x66__type\x76SerializationException\xff"}
	legacyNotJSON  = want{400, "application/json", serialization, `{"Output":{"__type":"com.amazon.coral.service#SerializationException"},"Version":"1.0"}`}
	legacyNoSuchOp = want{404, "application/json", unknownOperation, `{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}`}
)

// TestChecks sends one request for each row of the package documentation's
// table, and where two checks fail, sees that the earlier one answers.
func TestChecks(t *testing.T) {
	t.Parallel()
	summary := signed("DescribeStreamSummary")
	unsigned := without(without(summary, "Authorization"), "X-Amz-Date")
	target := "X-Amz-Target: Kinesis_20131202.DescribeStreamSummary"
	tests := []struct {
		name    string
		line    string
		headers []string
		body    string
		want    want
	}{
		{"GET", "GET /", nil, "", deniedXML},
		{"PUT, else good", "PUT /", summary, name, deniedXML},
		{"OPTIONS without an origin", "OPTIONS /", nil, "", deniedXML},
		{"health", "GET /healthz", nil, "", want{200, "text/plain; charset=utf-8", "", "ok\n"}},
		{"readiness", "GET /readyz", nil, "", want{200, "text/plain; charset=utf-8", "", "ready\n"}},
		{"POST for health", "POST /healthz", nil, "", cborNoSuchOp},

		{"no body, no headers", post, nil, "", cborNoSuchOp},
		{"no body, a known target", post, []string{target}, "", cborNoBody},
		{"no body, of any type", post, []string{target, "Content-Type: text/html"}, "", cborNoBody},
		{"no body, JSON", post, []string{"Content-Type: " + json11}, "", noSuchOp},
		{"no body, JSON, a known target", post, unsigned, "", notJSON},

		{"no type, no target", post, nil, "{}", deniedXML},
		{"no type, half a target", post, []string{"X-Amz-Target: Kinesis_20131202."}, "{}", deniedXML},
		{"no type, other half", post, []string{"X-Amz-Target: .ListStreams"}, "{}", deniedXML},
		{"no type, some target", post, []string{"X-Amz-Target: a.b"}, "{}", notFoundXML},
		{"no type, else good", post, without(summary, "Content-Type"), name, notFoundXML},

		{"legacy", post, []string{"Content-Type: application/json"}, "{}", legacyNoSuchOp},
		{"legacy, a list", post, []string{"Content-Type: application/json; charset=utf-8"}, " [1]", legacyNoSuchOp},
		{"legacy, no JSON", post, []string{"Content-Type: application/json"}, "{", legacyNotJSON},
		{"legacy, a scalar", post, []string{"Content-Type: application/json"}, "23", legacyNotJSON},

		{"no JSON, no target", post, []string{"Content-Type: " + json11}, "{", notJSON},
		{"no JSON, unsigned", post, unsigned, "{", notJSON},
		{"no JSON, signed", post, summary, "{", notJSON},
		{"too deep, unsigned", post, unsigned, strings.Repeat("[", 2000) + strings.Repeat("]", 2000), notJSON},
		{"no target", post, []string{"Content-Type: " + json11}, "{}", noSuchOp},
		{"unknown operation", post, signed("Describe"), name, noSuchOp},
		{"known operation of a later API", post, []string{"Content-Type: " + json11, "X-Amz-Target: Kinesis_20991202.ListStreams"}, name, noSuchOp},

		{
			"unsigned", post, unsigned, `{"StreamName":5}`,
			want{400, json11, "MissingAuthenticationTokenException", `{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}`},
		},
		{
			"incompletely signed", post, append(unsigned[:2:2], "Authorization: A Credential=c Signature=s"), name,
			want{400, json11, "IncompleteSignatureException", `{"__type":"IncompleteSignatureException","message":` +
				`"Authorization header requires 'SignedHeaders' parameter. ` +
				`Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ` +
				`Authorization=A Credential=c Signature=s"}`},
		},
		{
			"signed twice", "POST /?X-Amz-Algorithm", summary, name,
			want{400, json11, "InvalidSignatureException", `{"__type":"InvalidSignatureException","message":` +
				`"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."}`},
		},
		{
			"a region that is none", post, append(without(summary, "Authorization"), "Authorization: A Credential=c/d/EU_WEST/k Signature=s SignedHeaders=h"), name,
			want{400, json11, "InvalidSignatureException", `{"__type":"InvalidSignatureException","message":"Credential should be scoped to a valid region. "}`},
		},
		{
			"wrong type", post, summary, `{"StreamName":5}`,
			want{400, json11, serialization, `{"__type":"SerializationException","Message":` +
				`"class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"}`},
		},
		{
			"broken constraint", post, summary, `{"StreamName":"a b"}`,
			want{400, json11, "ValidationException", `{"__type":"ValidationException","message":` +
				`"1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: ` +
				`Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"}`},
		},
		{
			"refused by the operation", post, signed("DeleteStream"), "{}",
			want{400, json11, "ResourceNotFoundException", `{"__type":"ResourceNotFoundException","message":"Stream x under account y not found."}`},
		},
		{
			"failed", post, signed("DescribeLimits"), "{}",
			want{500, json11, "InternalFailure", `{"__type":"InternalFailure"}`},
		},
		{"answered with nothing", post, signed("CreateStream"), name, want{200, json11, "", ""}},
		{
			"answered", post, summary, name,
			want{200, json11, "", `{"ShardId":"orders","SequenceNumber":"000000000000 eu-west-1"}`},
		},
		{
			"answered on any path, with a strange type", "POST /some/path?and=query",
			append(without(summary, "Content-Type"), "Content-Type:    application/x-amz-json-1.1   ;whatever"), name,
			want{200, json11, "", `{"ShardId":"orders","SequenceNumber":"000000000000 eu-west-1"}`},
		},
	}
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := exchange(t, addr, request(tt.line, tt.headers, tt.body))
			got := want{r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("x-amzn-ErrorType"), r.body}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			checkIDs(t, r)
		})
	}
}

// signedCBOR are the headers of a good request for an operation, in CBOR.
func signedCBOR(operation string) []string {
	return append(without(signed(operation), "Content-Type"), "Content-Type: "+cbor11)
}

// TestChecksInCBOR sends a request in CBOR to every check that answers in the
// form of the request.
func TestChecksInCBOR(t *testing.T) {
	t.Parallel()
	summary := signedCBOR("DescribeStreamSummary")
	unsigned := without(without(summary, "Authorization"), "X-Amz-Date")
	typed := []string{"Content-Type: " + cbor11}
	const orders = "\xbf\x6aStreamName\x66orders\xff"
	// refused is the answer with the error that a body begins with.
	refused := func(status int, code, body string) want {
		return want{status, cbor11, code, "\xbf\x66__type" + body + "\xff"}
	}
	tests := []struct {
		name    string
		headers []string
		body    string
		want    want
	}{
		{"no body", typed, "", cborNoSuchOp},
		{"no body, a known target", unsigned, "", cborNoBody},
		{"no CBOR, no target", typed, "{", cborNoBody},
		{"no CBOR, unsigned", unsigned, "{}", cborNoBody},
		{"no CBOR, signed", summary, name, cborNoBody},
		{"cut off", summary, orders[:9], cborNoBody},
		{"a scalar", summary, "\x05", cborNoBody},
		{"no target", typed, orders, cborNoSuchOp},
		{"unknown operation", signedCBOR("Describe"), orders, cborNoSuchOp},
		{
			"unsigned", unsigned, "\xa1\x6aStreamName\x05",
			refused(400, "MissingAuthenticationTokenException",
				"\x78\x23MissingAuthenticationTokenException\x67message\x78\x1cMissing Authentication Token"),
		},
		{
			"wrong type", summary, "\xa1\x6aStreamName\xf5",
			refused(400, serialization,
				"\x76SerializationException\x67Message\x78\x39class java.lang.Boolean can not be converted to an String"),
		},
		{
			"broken constraint", signedCBOR("CreateStream"), "\xa2\x6aStreamName\x61s\x6aShardCount\x00",
			refused(400, "ValidationException",
				"\x73ValidationException\x67message\x78\x86"+
					"1 validation error detected: Value '0' at 'shardCount' failed to satisfy constraint: "+
					"Member must have value greater than or equal to 1"),
		},
		{
			"refused by the operation", signedCBOR("DeleteStream"), "\xa0",
			refused(400, "ResourceNotFoundException",
				"\x78\x19ResourceNotFoundException\x67message\x78\x23Stream x under account y not found."),
		},
		{"failed", signedCBOR("DescribeLimits"), "\xbf\xff", refused(500, "InternalFailure", "\x6fInternalFailure")},
		{"panicked", signedCBOR("ListStreams"), "\xbf\xff", refused(500, "InternalFailure", "\x6fInternalFailure")},
		{"what only JSON serves", signedCBOR("SubscribeToShard"), orders, refused(500, "InternalFailure", "\x6fInternalFailure")},
		{"answered with nothing", signedCBOR("CreateStream"), orders, want{200, cbor11, "", ""}},
		{
			"answered", summary, orders,
			want{200, cbor11, "", "\xbf\x67ShardId\x66orders\x6eSequenceNumber\x76000000000000 eu-west-1\xff"},
		},
	}
	subscribe := failing("SubscribeToShard", func(context.Context) error { return nil })
	addr := serve(t, newHandler(new(bytes.Buffer), append(echo(), subscribe)...))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := exchange(t, addr, request(post, tt.headers, tt.body))
			got := want{r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("x-amzn-ErrorType"), r.body}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			checkIDs(t, r)
		})
	}
}

var (
	requestID  = regexp.MustCompile(`\r\nx-amzn-RequestId: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\r\n`)
	extendedID = regexp.MustCompile(`\r\nx-amz-id-2: [A-Za-z0-9+/]{96}\r\n`)
)

// checkIDs checks what every answer has.
func checkIDs(t *testing.T, r response) {
	t.Helper()
	if !requestID.MatchString(r.raw) || !extendedID.MatchString(r.raw) {
		t.Errorf("no request ids in %q", r.raw)
	}
	if r.ContentLength != int64(len(r.body)) || r.Header.Get("Date") == "" {
		t.Errorf("content length %d, date %q", r.ContentLength, r.Header.Get("Date"))
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))
	tests := []struct {
		name, credential, want string
	}{
		{"region of the scope", "AKID/20261120/eu-west-1/kinesis/aws4_request", "000000000000 eu-west-1"},
		{"account as the key id", "123456789012/20261120/eu-west-1/kinesis/aws4_request", "123456789012 eu-west-1"},
		{"13 digits are no account", "1234567890123/20261120/a/kinesis/aws4_request", "000000000000 a"},
		{"no scope", "any", "000000000000 us-east-1"},
		{"an empty region", "any/20261120//kinesis", "000000000000 us-east-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := `{"ShardId":"orders","SequenceNumber":"` + tt.want + `"}`
			headers := without(signed("DescribeStreamSummary"), "Authorization")
			inHeader := exchange(t, addr, request(post, append(headers,
				"Authorization: AWS4-HMAC-SHA256 Credential="+tt.credential+", SignedHeaders=host, Signature=5d"), name))
			if inHeader.body != answer {
				t.Errorf("signed in the header: %d %s, want %s", inHeader.StatusCode, inHeader.body, answer)
			}
			presigned := "POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" +
				strings.ReplaceAll(tt.credential, "/", "%2F") +
				"&X-Amz-Date=20261120T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=5d"
			inQuery := exchange(t, addr, request(presigned, headers, name))
			if inQuery.body != answer {
				t.Errorf("presigned: %d %s, want %s", inQuery.StatusCode, inQuery.body, answer)
			}
		})
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	addr := serve(t, newHandler(new(bytes.Buffer), echo()...))

	r := exchange(t, addr, request("OPTIONS /", []string{
		"Origin: http://localhost:3000", "Access-Control-Request-Headers: x-amz-target", "Access-Control-Request-Method: POST",
	}, ""))
	for header, value := range map[string]string{
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Allow-Headers":  "x-amz-target",
		"Access-Control-Allow-Methods":  "POST",
		"Access-Control-Max-Age":        "172800",
		"Access-Control-Expose-Headers": "",
		"Content-Length":                "0",
		"Content-Type":                  "",
		"x-amz-id-2":                    "",
	} {
		if got := r.Header.Get(header); got != value {
			t.Errorf("preflight has %s %q, want %q", header, got, value)
		}
	}
	if r.StatusCode != http.StatusOK || !requestID.MatchString(r.raw) {
		t.Errorf("preflight answered %q", r.raw)
	}

	r = exchange(t, addr, request(post, append(signed("DeleteStream"), "Origin: http://localhost:3000"), "{}"))
	if r.Header.Get("Access-Control-Allow-Origin") != "*" ||
		r.Header.Get("Access-Control-Expose-Headers") !=
			"x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date" {
		t.Errorf("an error for an origin has the headers %v", r.Header)
	}
}
