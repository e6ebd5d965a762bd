package awsjson

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// FuzzDecode reads a body as the request of every operation. It must agree with
// encoding/json on what is JSON, blobs that it accepts must be base64, and a body
// that says the same in other bytes must give the same input.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		`{"StreamName":"s","Records":[{"Data":"YQ==","PartitionKey":"k","ExplicitHashKey":"0"}]}`,
		`{"Records":[{"Data":"Y\/==","PartitionKey":"\ud83d\ude00"},null]}`,
		`{"Tags":{"a":"b","c":null},"TagKeys":["x",null],"StreamModeDetails":{"StreamMode":"ON_DEMAND"}}`,
		`{"Limit":1.5e3,"Timestamp":1548118964.772,"DryRun":"yes","StreamName":null,"StreamName":"t"}`,
		`{"ShardFilter":{"Type":"AT_LATEST","Timestamp":-0}}`, `[{}]`, `{"Data":"+/+="}`, "{\"PartitionKey\":\"\xff\"}", `{"a":{"b":[1,true,false]}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		valid := json.Valid(body)
		if got := Valid(body); got != (valid && isContainer(body)) && !deep(body) {
			t.Fatalf("Valid says %t, encoding/json %t", got, valid)
		}
		for _, name := range api.Operations {
			in, _ := api.NewInput(name)
			if in == nil {
				continue
			}
			switch err := Decode(body, in); {
			case err == nil:
				checkBlobs(t, in)
				again, _ := api.NewInput(name)
				if err := Decode(rewritten(t, body), again); err != nil {
					t.Fatalf("%s: rewritten: %v", name, err)
				}
				if diff := cmp.Diff(in, again, sameInputs); diff != "" {
					t.Fatalf("%s: rewritten: %s", name, diff)
				}
			case err.Message == "" && valid && isContainer(body) && !deep(body):
				t.Fatalf("%s: refused as no JSON", name)
			case err.Message != "" && !valid:
				t.Fatalf("%s: %q for what is no JSON", name, err.Message)
			}
		}
	})
}

// isContainer says whether a body begins an object or a list.
func isContainer(body []byte) bool {
	b := bytes.TrimLeft(body, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

// deep says whether a body may be nested too deep.
func deep(body []byte) bool {
	return bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) >= maxDepth
}

// rewritten returns other JSON that says the same: members in another order,
// each once, with other escapes.
func rewritten(t *testing.T, body []byte) []byte {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("accepted, but: %v", err)
	}
	out, err := json.MarshalIndent(v, " ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// checkBlobs checks that the data of a request is what it says.
func checkBlobs(t *testing.T, in api.Input) {
	t.Helper()
	check := func(m api.Opt[api.Blob]) {
		got, err := m.V.AppendTo(nil)
		if err != nil || len(got) != m.V.Len() {
			t.Fatalf("a blob of %d bytes gives %d, %v", m.V.Len(), len(got), err)
		}
		if text, isBase64 := m.V.Raw(); isBase64 && base64.StdEncoding.EncodeToString(got) != string(text) {
			t.Fatalf("%q is not the base64 of %q", text, got)
		}
	}
	switch in := in.(type) {
	case *api.PutRecordInput:
		check(in.Data)
	case *api.PutRecordsInput:
		for i := range in.Records.V {
			check(in.Records.V[i].Data)
		}
	}
}

// FuzzBase64 compares what is found wrong with a text with what the standard
// library says of it.
func FuzzBase64(f *testing.F) {
	for _, s := range []string{"", "YQ==", "YWI=", "YWJj", "YR==", "A===", "====", "YQ=\n", "YQ\r\n==", "AAAAAAAAAAAAAAA=", "AA=AAAAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, err := base64.StdEncoding.Strict().DecodeString(s)
		// The library skips line ends, which the service does not.
		want := err == nil && !bytes.ContainsAny([]byte(s), "\r\n")
		if fault := base64Fault([]byte(s)); (fault == "") != want {
			t.Errorf("%q: %q, want none: %t", s, fault, want)
		}
		if strings.Contains(s, `"`) {
			return // the string on the wire ends there
		}
		d := decoder{data: []byte(`"` + s + `"`)}
		if text, ok := d.plainBase64(); ok != want || ok && (string(text) != s || !d.done()) {
			t.Errorf("%q is read as %q, %t, want %t", s, text, ok, want)
		}
	})
}
