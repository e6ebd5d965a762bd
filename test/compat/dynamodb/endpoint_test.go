package dynamodb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// callTimeout bounds one call, so that a server that hangs fails.
	callTimeout = 30 * time.Second
	// maxPages bounds what a step may ask for: a key that is given back for
	// ever fails.
	maxPages = 100
	// settleInterval is between two looks at a table that changes.
	settleInterval = 50 * time.Millisecond
)

// changing are the states of tables and indexes that pass.
var changing = regexp.MustCompile(`"(CREATING|UPDATING|DELETING)"`)

// An endpoint is a server that is asked, the oracle or leat.
type endpoint struct {
	url       string
	accessKey string
	client    http.Client
	arns      map[string]string // of the tables that were made, by name
}

func newEndpoint(url, accessKey string) *endpoint {
	return &endpoint{
		url: url, accessKey: accessKey, arns: make(map[string]string),
		client: http.Client{Timeout: callTimeout},
	}
}

// prepare makes the tables and items of a case.
func (e *endpoint) prepare(t *testing.T, c *testCase, tables tableSet) {
	t.Helper()
	for _, name := range c.Tables {
		input := asMap(t, tables[name])
		input["TableName"] = name
		e.must(t, "CreateTable", input)
	}
	for table, items := range c.Items {
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = asMap(t, item)
		}
		for _, item := range expand(list, e.arns).([]any) {
			e.must(t, "PutItem", map[string]any{"TableName": table, "Item": item})
		}
	}
}

// must is a call that a case needs to begin.
func (e *endpoint) must(t *testing.T, operation string, input any) {
	t.Helper()
	if a := e.call(t, operation, encode(input)); a.Status != http.StatusOK {
		t.Fatalf("%s %s: %s", operation, encode(input), a)
	}
}

// perform does what a step says.
func (e *endpoint) perform(t *testing.T, s *step) answer {
	t.Helper()
	if s.Body != nil {
		return normalize(s, e.call(t, s.Call, []byte(*s.Body)))
	}
	input := asMap(t, s.Input)
	if s.Pages || s.Segments > 0 {
		return normalize(s, e.follow(t, s, expand(input, e.arns).(map[string]any)))
	}
	if s.Settle {
		return normalize(s, e.settle(t, s, encode(expand(input, e.arns))))
	}
	var a answer
	for i := range max(s.Times, 1) {
		turn := ""
		if s.Times > 0 {
			turn = strconv.Itoa(i + 1)
		}
		a = e.call(t, s.Call, encode(expand(count(input, turn), e.arns)))
		if a.Status != http.StatusOK {
			break
		}
	}
	return normalize(s, a)
}

// settle asks until the answer names no state of change.
func (e *endpoint) settle(t *testing.T, s *step, input []byte) answer {
	t.Helper()
	tick := time.NewTicker(settleInterval)
	defer tick.Stop()
	for deadline := time.Now().Add(callTimeout); ; <-tick.C {
		a := e.call(t, s.Call, input)
		if !changing.Match(encode(a)) {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s %s does not settle: %s", s.Call, input, a)
		}
	}
}

// follow asks for all pages of all segments and joins them.
func (e *endpoint) follow(t *testing.T, s *step, input map[string]any) answer {
	t.Helper()
	items, total, scanned, pages := []any{}, 0, 0, 0
	for segment := range max(s.Segments, 1) {
		page := maps.Clone(input)
		if s.Segments > 0 {
			page["Segment"], page["TotalSegments"] = segment, s.Segments
		}
		for {
			a := e.call(t, s.Call, encode(page))
			output, ok := a.Output.(map[string]any)
			if pages++; a.Status != http.StatusOK || !ok || pages > maxPages {
				return a
			}
			found, _ := output["Items"].([]any)
			items = append(items, found...)
			total += integer(output["Count"])
			scanned += integer(output["ScannedCount"])
			next, more := output["LastEvaluatedKey"]
			if !more || !s.Pages {
				break
			}
			page["ExclusiveStartKey"] = next
		}
	}
	joined := map[string]any{"Items": items, "Count": total, "ScannedCount": scanned}
	if s.Pages {
		joined["pages"] = pages
	}
	return answer{http.StatusOK, joined}
}

func integer(v any) int {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return int(i)
}

// call sends one request and returns what came back, as it came.
func (e *endpoint) call(t *testing.T, operation string, body []byte) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	r.Header.Set("X-Amz-Date", "20260101T000000Z")
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/dynamodb/aws4_request, "+
		"SignedHeaders=host;x-amz-date;x-amz-target, Signature=%s", e.accessKey, strings.Repeat("0", 64)))
	response, err := e.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{response.StatusCode, parse(text)}
	e.remember(a.Output)
	return a
}

// remember notes the ARN of a table that was made or described.
func (e *endpoint) remember(output any) {
	o, _ := output.(map[string]any)
	table, _ := o["TableDescription"].(map[string]any)
	name, _ := table["TableName"].(string)
	if arn, ok := table["TableArn"].(string); ok {
		e.arns[name] = arn
	}
}

// parse returns the value of a text, and of one that is not JSON the text.
func parse(text []byte) any {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(text)
	}
	return v
}

func asMap(t *testing.T, text json.RawMessage) map[string]any {
	t.Helper()
	m, ok := parse(text).(map[string]any)
	if !ok {
		t.Fatalf("not an object: %s", text)
	}
	return m
}
