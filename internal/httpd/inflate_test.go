package httpd_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"leat/internal/auth"
	"leat/internal/httpd"
)

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCompressed asks with bodies in gzip.
func TestCompressed(t *testing.T) {
	t.Parallel()
	const gz = "Content-Encoding: gzip"
	pack := func(text string) string { return zipped(t, text) }
	by := account + " eu-west-1"
	talk := signedFor("talk", isForm, gz)
	inJSON := signedFor("talk", isJSON, gz, "X-Amz-Target: Talk_1.Say")
	const ask = `{"Words":"a b"}`
	answer := want{200, json10, "", `{"Words":"a b","By":"` + by + `"}`}
	malformed := want{400, json10, serialization, `{"__type":"talk#SerializationException"}`}
	addr := serve(t, newSeveral())
	checkAnswers(t, addr, []wanted{
		{"a form", post, talk, pack(say + "&" + payload), answered("http://talk/", by)},
		{"JSON", post, inJSON, pack(ask), answer},
		{"JSON in two parts", post, inJSON, pack(ask[:5]) + pack(ask[5:]), answer},
		{"after other codings", post, signedFor("talk", isJSON, "Content-Encoding: amz-1.0, GZIP", "X-Amz-Target: Talk_1.Say"), pack(ask), answer},
		{"in another coding", post, signedFor("talk", isJSON, "Content-Encoding: amz-1.0", "X-Amz-Target: Talk_1.Say"), ask, answer},
		{
			"CBOR", "POST /service/TalkRPC/operation/Say", signedFor("talk", isCBOR, gz), pack("\xa1\x65Words\x61a"),
			want{200, rpcCBOR, "", "\xbf\x65Words\x61a\x62By\x76" + by + "\xff"},
		},
		{"unknown operation", post, talk, pack("Action=Sing&Version=2020-01-01"), noAction("Sing", "2020-01-01")},
		{"unknown version", post, talk, pack("Action=Say&Version=2020-03-03"), noAction("Say", "2020-03-03")},
		{"another service", post, talk, pack("Action=Say&Version=2020-02-02"), noAction("Say", "2020-02-02")},
		{"not at all", post, inJSON, ask, malformed},
		{"nothing", post, inJSON, "", malformed},
		{"cut off", post, inJSON, pack(ask)[:20], malformed},
		{"and more", post, inJSON, pack(ask) + ask, malformed},
		{"a form that is cut off", post, talk, pack(say)[:20], failed(400, "http://talk/", "MalformedInput", "")},
		{"unsigned", post, []string{isForm, gz}, pack(say), deniedXML},
		{"signed for who takes no forms", post, signedFor("plain", isForm, gz), pack(say), want{400, json10, unknownOperation, `{"__type":"UnknownOperationException"}`}},
		{"a query", "GET /?" + say + "&" + payload, signedFor("talk", gz), "", answered("http://talk/", by)},
		{"Kinesis", post, append(signed("CreateStream"), gz), pack(name), notJSON},
	})
	// The largest body that there may be, and one byte more.
	largest := `{"Words":"a"` + strings.Repeat(" ", 15<<20-13) + "}"
	for text, status := range map[string]int{largest: 200, largest + " ": 413} {
		if r := exchange(t, addr, request(post, inJSON, pack(text))); r.StatusCode != status {
			t.Errorf("%d bytes are answered %d, want %d", len(text), r.StatusCode, status)
		}
	}
}

// TestBombs sends a body that is hundreds of times as large as it looks. It is not
// parallel, so that what it measures is its own.
func TestBombs(t *testing.T) {
	var bomb bytes.Buffer
	w, err := gzip.NewWriterLevel(&bomb, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 128 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	addr := serve(t, newSeveral())
	headers := signedFor("talk", isJSON, "Content-Encoding: gzip", "X-Amz-Target: Talk_1.Say")
	before := heapBytes()
	for range 4 {
		if r := exchange(t, addr, request(post, headers, bomb.String())); r.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %q", r.raw)
		}
	}
	if grown := heapBytes() - before; grown > 64<<20 {
		t.Errorf("the memory has grown by %d bytes", grown)
	}
}

// signedRequest is a request that the SDK has signed.
type signedRequest struct {
	method, url string
	header      http.Header
	body        string
	key         aws.Credentials
	service     string
	presign     bool
	alter       func(r *http.Request) // once it is signed
}

func (s signedRequest) send(t *testing.T) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), s.method, s.url, strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, s.header)
	hash := sha256.Sum256([]byte(s.body))
	sum, signer := hex.EncodeToString(hash[:]), v4.NewSigner()
	if s.presign {
		signed, _, err := signer.PresignHTTP(t.Context(), s.key, r, sum, s.service, region, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if r.URL, err = r.URL.Parse(signed); err != nil {
			t.Fatal(err)
		}
	} else if err := signer.SignHTTP(t.Context(), s.key, r, sum, s.service, region, time.Now()); err != nil {
		t.Fatal(err)
	}
	if s.alter != nil {
		s.alter(r)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// setBody replaces the body of a request.
func setBody(body string) func(r *http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

// TestSignaturesOfForms has a user who may say things, and nothing else: in forms,
// as they are and in gzip, and in queries.
func TestSignaturesOfForms(t *testing.T) {
	t.Parallel()
	d, err := auth.Parse([]byte(`accounts: [{id: "111122223333", users: [{name: user,
  policies: [{Statement: {Effect: Allow, Action: "talk:Say", Resource: "*"}}],
  keys: [{id: ` + key.AccessKeyID + `, secret: ` + key.SecretAccessKey + `}]}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + serve(t, httpd.NewHandler(httpd.Config{
		Services: several(), Account: account, Region: region,
		Auth:  func() *auth.Directory { return d },
		Ready: func() error { return nil }, Logger: slog.New(slog.DiscardHandler),
	}))
	const words = say + "&Words=hello"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	packed := http.Header{"Content-Type": form["Content-Type"], "Content-Encoding": {"gzip"}}
	asked := signedRequest{method: "POST", url: url, header: form, body: words, key: key, service: "talk"}
	with := func(change func(*signedRequest)) signedRequest {
		r := asked
		change(&r)
		return r
	}
	query := with(func(r *signedRequest) { r.method, r.url, r.header, r.body = "GET", url+"/?"+words, nil, "" })
	presigned := query
	presigned.presign = true
	zip := with(func(r *signedRequest) { r.header, r.body = packed, zipped(t, words) })
	altered := func(r signedRequest, alter func(*http.Request)) signedRequest {
		r.alter = alter
		return r
	}
	another := func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "hello", "bye", 1) }
	before := func(param string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = param + "&" + r.URL.RawQuery }
	}
	said := []string{"<Words>hello</Words>", "<By>111122223333 us-east-1</By>"}
	mismatch := []string{"<Code>SignatureDoesNotMatch</Code>"}
	for name, tt := range map[string]struct {
		r      signedRequest
		status int
		want   []string
	}{
		"a form":            {asked, 200, said},
		"a form in gzip":    {zip, 200, said},
		"a query":           {query, 200, said},
		"a presigned query": {presigned, 200, said},

		"another form":                                {altered(asked, setBody(say+"&Words=bye")), 403, mismatch},
		"another form in gzip":                        {altered(zip, setBody(zipped(t, say+"&Words=bye"))), 403, mismatch},
		"another query":                               {altered(query, another), 403, mismatch},
		"another presigned query":                     {altered(presigned, another), 403, mismatch},
		"words with a semicolon before the presigned": {altered(presigned, before("Words=by;e")), 403, mismatch},
		"a time that nothing unescapes":               {altered(presigned, before("A%zzt=1")), 403, mismatch},
		"another secret":                              {with(func(r *signedRequest) { r.key.SecretAccessKey = "x" }), 403, mismatch},
		"another service": {
			with(func(r *signedRequest) { r.service = "forms" }), 403,
			append(mismatch, "Credential should be scoped to correct service: &#39;talk&#39;."),
		},
		"another key": {
			with(func(r *signedRequest) { r.key.AccessKeyID = "LKIAOTHER" }), 403,
			[]string{"<Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message>"},
		},
		"unsigned": {altered(asked, func(r *http.Request) { r.Header.Del("Authorization") }), 403, []string{"<Code>MissingAuthenticationToken</Code>"}},
		"forbidden": {
			with(func(r *signedRequest) { r.body = "Action=Nod&Version=2020-01-01" }), 403,
			[]string{"<Code>AccessDenied</Code><Message>User: arn:aws:iam::111122223333:user/user is not authorized to perform: talk:Nod on resource: * because"},
		},
		"unknown": {with(func(r *signedRequest) { r.body = "Action=Sing&Version=2020-01-01" }), 400, []string{"<Code>InvalidAction</Code>"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := tt.r.send(t)
			if status != tt.status {
				t.Errorf("answered %d, want %d", status, tt.status)
			}
			for _, part := range tt.want {
				if !strings.Contains(body, part) {
					t.Errorf("answered %s, want %s", body, part)
				}
			}
		})
	}
}
