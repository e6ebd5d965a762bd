package awsquery

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// FuzzDecode reads a form. It agrees with net/url on what a text is, and what it
// says does not depend on the order of its parameters, unless one is there twice.
func FuzzDecode(f *testing.F) {
	for form := range decodeTests {
		f.Add([]byte(form))
	}
	for _, form := range []string{"String=%zz", "Strings.member.0=a", "List.member..Name=a", "List.1.List.01.Name=a", "Map.entry.1.key=a;b"} {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, form []byte) {
		var got, reversed shape
		err := Decode(form, &got)
		if values, invalid := url.ParseQuery(string(form)); err == nil && invalid == nil && values.Has("String") {
			if want := strings.ToValidUTF8(values.Get("String"), "\uFFFD"); got.String.V != want {
				t.Fatalf("%q is %q, want %q", form, got.String.V, want)
			}
		}
		params := strings.Split(string(form), "&")
		if repeats(params) {
			return
		}
		slices.Reverse(params)
		if again := Decode([]byte(strings.Join(params, "&")), &reversed); (err == nil) != (again == nil) {
			t.Fatalf("%q: %v, and reversed: %v", form, err, again)
		}
		if diff := cmp.Diff(got, reversed, sameShapes); err == nil && diff != "" {
			t.Fatalf("%q: %s", form, diff)
		}
		TargetOf(form)
	})
}

// repeats reports whether a parameter may be there twice, perhaps in another
// spelling.
func repeats(params []string) bool {
	seen := make(map[string]bool)
	for _, p := range params {
		name, _, _ := strings.Cut(p, "=")
		name, _ = url.QueryUnescape(name)
		steps := strings.Split(strings.ToValidUTF8(name, "\uFFFD"), ".")
		for i, s := range steps {
			if indexOf(s) >= 0 {
				steps[i] = strings.TrimLeft(s, "0")
			}
		}
		name = strings.Join(slices.DeleteFunc(steps, func(s string) bool { return s == "" }), ".")
		if seen[name] {
			return true
		}
		seen[name] = true
	}
	return false
}

// FuzzEncodeError writes a text, which must be read as it was, but for what XML
// does not have.
func FuzzEncodeError(f *testing.F) {
	f.Add("a<b>&\"'\t\r\n\x00\xff\ufffe]]>")
	f.Fuzz(func(t *testing.T, text string) {
		b := EncodeError(nil, &api.Error{Code: "C", Message: text, Status: 400}, Envelope{Namespace: text, RequestID: text})
		var got struct {
			XMLName xml.Name
			Message string `xml:"Error>Message"`
			ID      string `xml:"RequestId"`
		}
		if err := xml.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		want := asXML(text)
		if got.Message != want || got.ID != want || got.XMLName.Space != want && strings.TrimSpace(want) != "" {
			t.Fatalf("%q is read as %+q, want %q", b, got, want)
		}
	})
}
