package httpd_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"leat/internal/api"
	"leat/internal/httpd"
	"leat/internal/service"
)

// saying is the request of Say.
type saying struct {
	Words api.Opt[string]
	At    api.Opt[api.Timestamp]
}

func (s *saying) Member(name string) any {
	switch name {
	case "Words":
		return &s.Words
	case "At":
		return &s.At
	}
	return nil
}

// said is its answer: what was said, and by whom.
type said struct {
	saying

	by string
}

func (s *said) Encode(e api.Encoder) {
	e.BeginStruct()
	e.Key("Words")
	e.String(s.Words.V)
	if s.At.Set {
		e.Key("At")
		e.Timestamp(s.At.V)
	}
	e.Key("By")
	e.String(s.by)
	e.EndStruct()
}

// sayings are the operations of a service that is asked in any protocol:
//
//	Say      the words, when and by whom they were said
//	Nod      nothing
//	Object   an error of the service's own
//	Stumble  an error that is none of a client's business
func sayings() []service.Operation {
	schema := &api.Structure{{Name: "Words", Required: true, Value: api.Constraint{Max: api.Some[int64](1 << 20)}}, {Name: "At"}}
	object := &api.Error{Code: "ObjectionException", Message: "No & no.", Status: 409}
	operations := []service.Operation{
		service.WithOutput("Say", schema, func(_ context.Context, c service.Caller, in *saying) (*said, error) {
			return &said{*in, c.Account + " " + c.Region}, nil
		}),
		service.WithoutOutput("Nod", &api.Structure{}, func(context.Context, service.Caller, *saying) error { return nil }),
		service.WithoutOutput("Object", &api.Structure{}, func(context.Context, service.Caller, *saying) error { return object }),
		service.WithoutOutput("Stumble", &api.Structure{}, func(context.Context, service.Caller, *saying) error { return errors.New("tired") }),
	}
	for i := range operations {
		operations[i].Resources = func(service.Caller, api.Input) ([]service.Resource, error) {
			return []service.Resource{{Action: "talk:" + operations[i].Name, ARN: "*"}}, nil
		}
	}
	return operations
}

// several are Kinesis and services that are asked in all other protocols, in forms
// alone, and in JSON alone.
func several() []service.Service {
	code := func(prefix string) func(string) string {
		return func(code string) string {
			if code == "ObjectionException" {
				return prefix + "Objection"
			}
			return code
		}
	}
	errorType := func(code string) string {
		if code == "InternalFailure" {
			return "talk#Fault"
		}
		return "talk#" + code
	}
	return append(asKinesis(echo()...),
		service.Service{
			Name: "talk", Target: "Talk_1", RPC: "TalkRPC", Version: "2020-01-01", Namespace: "http://talk/",
			ErrorType: errorType, QueryCode: code("Query"), Operations: sayings(),
		},
		service.Service{Name: "forms", Version: "2020-02-02", Namespace: "http://forms/", Operations: sayings()},
		service.Service{Name: "plain", Target: "Plain_1", Operations: sayings()},
	)
}

func newSeveral() *httpd.Handler {
	return httpd.NewHandler(httpd.Config{
		Services: several(), Account: account, Region: region,
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	})
}

// signedFor are the headers of a request that is signed for a service.
func signedFor(service string, headers ...string) []string {
	return append(headers, "X-Amz-Date: 20261120T000000Z", strings.Replace(authorization, "/kinesis/", "/"+service+"/", 1))
}

const (
	json10  = "application/x-amz-json-1.0"
	rpcCBOR = "application/cbor"
	textXML = "text/xml"

	isJSON = "Content-Type: " + json10
	isCBOR = "Content-Type: " + rpcCBOR
	isForm = "Content-Type: application/x-www-form-urlencoded"

	say     = "Action=Say&Version=2020-01-01"
	payload = "Words=a+b&At=2026-11-20T17:00:00.5Z"
)

// answered is what Say answers in a form, failed is an error there.
func answered(namespace, by string) want {
	return want{200, textXML, "", `<SayResponse xmlns="` + namespace + `"><SayResult><Words>a b</Words><At>2026-11-20T17:00:00.5Z</At><By>` + by +
		`</By></SayResult><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></SayResponse>`}
}

func failed(status int, namespace, code, message string) want {
	kind := "Sender"
	if status >= 500 {
		kind = "Receiver"
	}
	if message != "" {
		message = "<Message>" + message + "</Message>"
	}
	return want{status, textXML, "", `<ErrorResponse xmlns="` + namespace + `"><Error><Type>` + kind + `</Type><Code>` + code + `</Code>` + message +
		`</Error><RequestId>ID</RequestId></ErrorResponse>`}
}

func noAction(action, version string) want {
	return failed(400, "http://webservices.amazon.com/AWSFault/2005-15-09", "InvalidAction", "Could not find operation "+action+" for version "+version)
}

// wanted is what is wanted of an answer to a request.
type wanted struct {
	name    string
	line    string
	headers []string
	body    string
	want    want
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// checkAnswers sends requests and compares the answers. Request ids are ID.
func checkAnswers(t *testing.T, addr string, tests []wanted) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := exchange(t, addr, request(tt.line, tt.headers, tt.body))
			body := r.body
			if id := anyID.FindString(body); id != "" {
				body = strings.Replace(body, id, "ID", 1)
				if id != r.Header.Get("x-amzn-RequestId") {
					t.Errorf("the id in the body is %s, in the header %s", id, r.Header.Get("x-amzn-RequestId"))
				}
			}
			got := want{r.StatusCode, r.Header.Get("Content-Type"), r.Header.Get("x-amzn-ErrorType"), body}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			protocol := ""
			if tt.want.contentType == rpcCBOR || tt.want == (want{status: 200}) {
				protocol = "rpc-v2-cbor"
			}
			if got := r.Header.Get("smithy-protocol"); got != protocol {
				t.Errorf("the protocol is %q, want %q", got, protocol)
			}
		})
	}
}

// TestQuery asks in the query protocol.
func TestQuery(t *testing.T) {
	t.Parallel()
	const presigned = "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=any%2F20261120%2Feu-west-1%2Fforms%2Faws4_request" +
		"&X-Amz-Date=20261120T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=5d"
	const forms = "Action=Say&Version=2020-02-02&" + payload
	talk, by := signedFor("talk", isForm), account+" eu-west-1"
	checkAnswers(t, serve(t, newSeveral()), []wanted{
		{"a form", post, talk, say + "&" + payload, answered("http://talk/", by)},
		{"in another order", post, talk, payload + "&Version=2020-01-01&Action=Say", answered("http://talk/", by)},
		{"on another path, with a charset", "POST /x?y", signedFor("talk", isForm+"; charset=utf-8"), say + "&" + payload, answered("http://talk/", by)},
		{"of another service", post, signedFor("forms", isForm), forms, answered("http://forms/", by)},
		{"a presigned form", "GET /?" + forms + presigned, nil, "", answered("http://forms/", by)},
		{"a signed query", "GET /?" + forms, signedFor("forms"), "", answered("http://forms/", by)},
		{"a query that a page of this server asks", "GET /?" + forms, signedFor("forms", "Sec-Fetch-Site: same-origin"), "", answered("http://forms/", by)},
		{"a query that a user has typed", "GET /?" + forms, signedFor("forms", "User-Agent: Mozilla/5.0", "Sec-Fetch-Site: none"), "", answered("http://forms/", by)},
		{"a query of another program", "GET /?" + forms, signedFor("forms", "User-Agent: curl/8"), "", answered("http://forms/", by)},
		{"a query that a page with an origin asks", "GET /?" + forms, signedFor("forms", "Sec-Fetch-Site: cross-site", "Origin: http://localhost"), "", answered("http://forms/", by)},
		{"nothing", post, talk, "Action=Nod&Version=2020-01-01", want{
			200, textXML, "",
			`<NodResponse xmlns="http://talk/"><ResponseMetadata><RequestId>ID</RequestId></ResponseMetadata></NodResponse>`,
		}},

		{"an image of a page elsewhere", "GET /?" + forms + presigned, []string{"Sec-Fetch-Site: cross-site"}, "", deniedXML},
		{"an image of a page elsewhere, by a name that browsers do not trust", "GET /?" + forms + presigned, []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64)"}, "", deniedXML},
		{"no action", "GET /?Version=2020-02-02" + presigned, nil, "", deniedXML},
		{"another path", "GET /x?" + forms + presigned, nil, "", deniedXML},
		{"DELETE", "DELETE /?" + forms + presigned, nil, "", deniedXML},
		{"nobody's version", post, []string{isForm}, "Action=Say&Version=2020-03-03", deniedXML},
		{"nobody's version in a query", "GET /?Action=Say&Version=2020-03-03", nil, "", deniedXML},
		{"nobody's version, signed for Kinesis", post, signedFor("kinesis", isForm), "Action=Say&Version=2020-03-03", deniedXML},

		{"unknown operation", post, []string{isForm}, "Action=Sing&Version=2020-01-01", noAction("Sing", "2020-01-01")},
		{"unknown version", post, talk, "Action=Say&Version=2020-03-03", noAction("Say", "2020-03-03")},
		{"unknown version in a query", "GET /?Action=Say&Version=1" + presigned, nil, "", noAction("Say", "1")},
		{"no version", post, talk, "Action=Say", noAction("Say", "NO_VERSION_SPECIFIED")},
		{"no action, signed", post, talk, "Version=2020-01-01", noAction("NO_ACTION_SPECIFIED", "2020-01-01")},
		{"no form", post, talk, "", noAction("NO_ACTION_SPECIFIED", "NO_VERSION_SPECIFIED")},

		{"unsigned", post, []string{isForm}, say, failed(403, "http://talk/", "MissingAuthenticationToken", "Request is missing Authentication Token")},
		{
			"incompletely signed", post,
			[]string{isForm, "Authorization: A Credential=c SignedHeaders=h", "X-Amz-Date: d"},
			say,
			failed(400, "http://talk/", "IncompleteSignature", "Authorization header requires &#39;Signature&#39; parameter. Authorization=A Credential=c SignedHeaders=h"),
		},
		{
			"a region that is none", post,
			[]string{isForm, "Authorization: A Credential=c/d/EU_W/k Signature=s SignedHeaders=h", "X-Amz-Date: d"},
			say,
			failed(403, "http://talk/", "SignatureDoesNotMatch", "Credential should be scoped to a valid region. "),
		},
		{"malformed", post, talk, say + "&Words=%zz", failed(400, "http://talk/", "MalformedInput", "")},
		{"wrong type", post, talk, say + "&At=now", failed(400, "http://talk/", "MalformedInput", "timestamp must follow ISO8601")},
		{
			"broken constraint", post, talk, say,
			failed(400, "http://talk/", "ValidationError", "1 validation error detected: Value null at &#39;words&#39; failed to satisfy constraint: Member must not be null"),
		},
		{"refused", post, talk, "Action=Object&Version=2020-01-01", failed(409, "http://talk/", "QueryObjection", "No &amp; no.")},
		{"refused by another", post, talk, "Action=Object&Version=2020-02-02", failed(409, "http://forms/", "ObjectionException", "No &amp; no.")},
		{"failed", post, talk, "Action=Stumble&Version=2020-01-01", failed(500, "http://talk/", "InternalFailure", "")},
	})
}

// TestRPC asks in Smithy RPC v2.
func TestRPC(t *testing.T) {
	t.Parallel()
	const (
		to   = "POST /service/TalkRPC/operation/"
		ask  = "\xa2\x65Words\x63a b\x62At\xc1\xfb\x41\xda\xc0\x1f\x04\x20\x00\x00"
		fail = "\xbf\x66__type"
	)
	talk := signedFor("talk", isCBOR, "smithy-protocol: rpc-v2-cbor")
	answer := want{200, rpcCBOR, "", "\xbf\x65Words\x63a b\x62At\xc1\xfb\x41\xda\xc0\x1f\x04\x20\x00\x00\x62By\x76" + account + " eu-west-1\xff"}
	unknown := want{400, rpcCBOR, unknownOperation, fail + "\x78\x1etalk#UnknownOperationException\xff"}
	checkAnswers(t, serve(t, newSeveral()), []wanted{
		{"an operation", to + "Say", talk, ask, answer},
		{"below a path", "POST /a/service/b/service/TalkRPC/operation/Say", talk, ask, answer},
		{"nothing", to + "Nod", talk, "\xa0", want{200, "", "", ""}},
		{"nothing to say", to + "Nod", talk, "", want{200, "", "", ""}},

		{"unknown operation", to + "Sing", talk, ask, unknown},
		{"no operation", "POST /service/TalkRPC/operation/", talk, ask, unknown},
		{"unknown path, signed", "POST /service/TalkRPC", talk, ask, unknown},
		{"nobody's path", "POST /service/Sing/operation/Say", []string{"Content-Type: " + cbor11}, "\xa0", cborNoSuchOp},
		{"GET", "GET /service/TalkRPC/operation/Say", talk, "", want{403, "", "", denied}},

		{
			"unsigned", to + "Say",
			[]string{isCBOR},
			ask,
			want{400, rpcCBOR, "MissingAuthenticationTokenException", fail + "\x78\x28talk#MissingAuthenticationTokenException\x67message\x78\x1cMissing Authentication Token\xff"},
		},
		{"malformed", to + "Say", talk, "{}", want{400, rpcCBOR, serialization, fail + "\x78\x1btalk#SerializationException\xff"}},
		{
			"broken constraint", to + "Say", talk, "",
			want{400, rpcCBOR, "ValidationException", fail + "\x78\x18talk#ValidationException\x67message\x78\x68" +
				"1 validation error detected: Value null at 'words' failed to satisfy constraint: Member must not be null\xff"},
		},
		{"refused", to + "Object", talk, "", want{409, rpcCBOR, "ObjectionException", fail + "\x77talk#ObjectionException\x67message\x68No & no.\xff"}},
		{"failed", to + "Stumble", talk, "", want{500, rpcCBOR, "Fault", fail + "\x6atalk#Fault\xff"}},
	})
}

// TestOtherServices asks in JSON, and in what names no operation but who is asked.
func TestOtherServices(t *testing.T) {
	t.Parallel()
	target := func(name string) string { return "X-Amz-Target: " + name }
	unknown := func(code string) want { return want{400, json10, unknownOperation, `{"__type":"` + code + `"}`} }
	answer := want{200, json10, "", `{"Words":"a b","At":1795194000.5,"By":"` + account + ` eu-west-1"}`}
	const ask = `{"Words":"a b","At":1795194000.5}`
	checkAnswers(t, serve(t, newSeveral()), []wanted{
		{"an operation", post, signedFor("talk", isJSON, target("Talk_1.Say")), ask, answer},
		{"of another service", post, signedFor("plain", isJSON, target("Plain_1.Say")), ask, answer},
		{"before what path and form name", "POST /service/TalkRPC/operation/Say", signedFor("plain", isForm, target("Plain_1.Say")), ask, answer},
		{"nothing", post, signedFor("talk", isJSON, target("Talk_1.Nod")), "{}", want{200, json10, "", ""}},
		{"refused", post, signedFor("talk", isJSON, target("Talk_1.Object")), "{}", want{409, json10, "ObjectionException", `{"__type":"talk#ObjectionException","message":"No & no."}`}},
		{"failed", post, signedFor("talk", isJSON, target("Talk_1.Stumble")), "{}", want{500, json10, "Fault", `{"__type":"talk#Fault"}`}},
		{"unknown operation", post, []string{isJSON, target("Talk_1.Sing")}, "{}", unknown("talk#UnknownOperationException")},
		{"Kinesis before a path", "POST /service/TalkRPC/operation/Say", signed("CreateStream"), name, want{200, json11, "", ""}},
		{"Kinesis's unknown target", post, signedFor("talk", "Content-Type: "+json11, target("Kinesis_20131202.Sing")), "{}", want{400, json11, unknownOperation, `{"__type":"UnknownOperationException"}`}},

		{"JSON alone, signed", post, signedFor("plain", isJSON), "{}", unknown(unknownOperation)},
		{"JSON alone, an old target", post, signedFor("plain", isJSON, target("Plain_0.Say")), "{}", unknown(unknownOperation)},
		{"JSON alone, a form", post, signedFor("plain", isForm), say[:10], unknown(unknownOperation)},
		{"JSON alone, no body", post, signedFor("plain"), "", unknown(unknownOperation)},
		{"JSON, signed", post, signedFor("talk", isJSON), "{}", unknown("talk#UnknownOperationException")},
		{"forms alone, signed", post, signedFor("forms", isJSON), "{}", noAction("NO_ACTION_SPECIFIED", "NO_VERSION_SPECIFIED")},
		{"signed for nobody", post, signedFor("s3", isJSON), "{}", deniedXML},
	})
}

// TestQueryErrorHeader asks as clients do that knew a service in the query protocol.
func TestQueryErrorHeader(t *testing.T) {
	t.Parallel()
	addr := serve(t, newSeveral())
	mode := "X-Amzn-Query-Mode: true"
	for _, tt := range []struct {
		line, target, mode, want string
	}{
		{post, "Talk_1.Object", mode, "QueryObjection;Sender"},
		{post, "Talk_1.Stumble", mode, "InternalFailure;Receiver"},
		{post, "Talk_1.Say", mode, "ValidationError;Sender"},
		{post, "Talk_1.Object", "X-Amzn-Query-Mode: false", ""},
		{post, "Talk_1.Nod", mode, ""},
		{post, "Plain_1.Object", mode, ""},
		{post, "Kinesis_20131202.DeleteStream", mode, ""},
		{"POST /service/TalkRPC/operation/Object", "", mode, "QueryObjection;Sender"},
		{"POST /service/TalkRPC/operation/Object", "", "X-Y: z", ""},
	} {
		headers := signedFor("talk", "Content-Type: "+json11, tt.mode)
		body := ""
		if tt.target != "" {
			headers, body = append(headers, "X-Amz-Target: "+tt.target), "{}"
		}
		r := exchange(t, addr, request(tt.line, headers, body))
		if got := r.Header.Get("x-amzn-query-error"); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.line, tt.target, got, tt.want)
		}
	}
}

// TestOthersAreNotForPages has web pages of elsewhere, which say so or call this
// machine by a name of theirs, in what they may send without asking first: no
// protocol is open to them.
func TestOthersAreNotForPages(t *testing.T) {
	t.Parallel()
	const presigned = "/?" + say + "&" + payload + "&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=any%2F20261120%2Feu-west-1%2Ftalk%2Faws4_request" +
		"&X-Amz-Date=20261120T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=5d"
	addr := serve(t, newSeveral())
	for _, sent := range []struct{ line, kind, body string }{
		{"GET " + presigned, "text/plain", ""},
		{"POST " + presigned, isForm[14:], say + "&" + payload},
		{"POST /service/TalkRPC/operation/Say" + presigned[1:], "text/plain", "\xa1\x65Words\x61a"},
	} {
		for headers, status := range map[string]int{
			"":                            http.StatusOK,
			"Origin: http://localhost":    http.StatusOK,
			"Origin: http://example.org":  http.StatusForbidden,
			"Origin: null":                http.StatusForbidden,
			"Host: example.org":           http.StatusForbidden,
			"Host: 127.0.0.1.example.org": http.StatusForbidden,
		} {
			r := request(sent.line, []string{"Content-Type: " + sent.kind}, sent.body)
			if host, ok := strings.CutPrefix(headers, "Host: "); ok {
				r = bytes.Replace(r, []byte("Host: 127.0.0.1"), []byte("Host: "+host), 1)
			} else if headers != "" {
				r = request(sent.line, []string{"Content-Type: " + sent.kind, headers}, sent.body)
			}
			if a := exchange(t, addr, r); a.StatusCode != status || status != http.StatusOK && a.body != denied {
				t.Errorf("%s with %q: answered %q, want %d", sent.line, headers, a.raw, status)
			}
		}
	}
}
