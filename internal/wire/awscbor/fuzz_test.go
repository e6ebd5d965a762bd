package awscbor

import (
	"bytes"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"

	"leat/internal/api"
)

// oracle is the library's decoder, made as lenient as the service.
var oracle = func() cbor.DecMode {
	mode, err := cbor.DecOptions{
		MaxNestedLevels: 65535, MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1,
		UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return mode
}()

// FuzzDecode reads a body as the request of every operation. It must agree with
// the library on what is CBOR, and where it accepts a body, on what that says.
func FuzzDecode(f *testing.F) {
	for _, tc := range decodeTests {
		f.Add([]byte(tc.body))
	}
	for _, body := range []string{
		"\xa1\x65Limit\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00", "\xa2\x65Limit\x19\x01\x00\x69Timestamp\xc1\x1b\x00\x00\x01\x68\x73\x85\xb4\xe4",
		"\x81\xa0", "\xa1\x64Data\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "\xa1\x01\x02", "\xa1\x61a\xf8\x18",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) >= maxDepth {
			return // may be nested too deep
		}
		document := isDocument(body)
		if got := Valid(body); got != document {
			t.Fatalf("Valid says %t, the library %t: %v", got, document, oracle.Wellformed(body))
		}
		for _, name := range api.Operations {
			in, _ := api.NewInput(name)
			if in == nil {
				continue
			}
			switch err := Decode(body, in); {
			case err == nil:
				want, _ := api.NewInput(name)
				fill(t, want, body)
				if diff := cmp.Diff(want, in, sameInputs); diff != "" {
					t.Fatalf("%s: %s", name, diff)
				}
			case (err.Message != "") != document:
				t.Fatalf("%s: %q, the library: %t", name, err.Message, document)
			}
		}
	})
}

// untag returns an item, which has been found well-formed, without its tags. The
// library has opinions on some of them.
func untag(item []byte) []byte {
	d := decoder{data: item}
	for item[d.pos]>>5 == majorTag {
		d.untagged()
	}
	return item[d.pos:]
}

// isDocument says whether a body is a map or an array, of items of which the keys
// are text.
func isDocument(body []byte) bool {
	if oracle.Wellformed(body) != nil {
		return false
	}
	item := untag(body)
	return (item[0]>>5 == majorMap || item[0]>>5 == majorArray) && keysAreText(item)
}

func keysAreText(item []byte) bool {
	item = untag(item)
	isMap := item[0]>>5 == majorMap
	if !isMap && item[0]>>5 != majorArray {
		return true
	}
	for i, entry := range entriesOf(item) {
		if isMap && i%2 == 0 && untag(entry)[0]>>5 != majorText || !keysAreText(entry) {
			return false
		}
	}
	return true
}

// entriesOf returns the elements of an array, or keys and values of a map in
// turn. That has been found well-formed; where an entry ends is the library's
// word.
func entriesOf(item []byte) [][]byte {
	d := decoder{data: item}
	d.untagged()
	rest := item[d.pos:]
	var all [][]byte
	for len(rest) > 0 && rest[0] != end {
		next := oracle.NewDecoder(bytes.NewReader(rest))
		if err := next.Skip(); err != nil {
			panic(err)
		}
		n := next.NumBytesRead()
		all = append(all, rest[:n])
		rest = rest[n:]
	}
	return all
}

// get reads an item with the library; false for null.
func get[T any](t *testing.T, item []byte) (api.Opt[T], bool) {
	t.Helper()
	var v *T
	if err := oracle.Unmarshal(untag(item), &v); err != nil {
		t.Fatalf("the library refuses %x: %v", item, err)
	}
	if v == nil {
		return api.Opt[T]{}, false
	}
	return api.Some(*v), true
}

// number reads a number with the library.
func number(t *testing.T, item []byte, set func(n int64, f float64)) {
	t.Helper()
	item = untag(item)
	switch item[0] >> 5 {
	case majorUint:
		v, _ := get[uint64](t, item)
		set(int64(min(v.V, 1<<63-1)), float64(v.V))
	case majorNegative:
		// What is below the integers is a float to the library.
		var n int64
		if oracle.Unmarshal(item, &n) != nil {
			n = -1 << 63
		}
		set(n, float64(n))
	default:
		if v, ok := get[float64](t, item); ok {
			set(api.FloorInt64(v.V), v.V)
		}
	}
}

// fill fills in from a body with the library.
func fill(t *testing.T, in api.Input, body []byte) {
	t.Helper()
	entries := entriesOf(untag(body))
	for i := 0; i < len(entries); i += 2 {
		name, _ := get[string](t, entries[i])
		item := untag(entries[i+1])
		m := in.Member(string([]rune(name.V)))
		api.Clear(m)
		if item[0] != itemNull && item[0] != itemNull+1 {
			fillMember(t, m, item)
		}
	}
}

const itemNull = majorSimple<<5 | infoNull

func fillMember(t *testing.T, m any, item []byte) {
	t.Helper()
	switch m := m.(type) {
	case *api.Opt[string]:
		*m, _ = get[string](t, item)
		m.V = string([]rune(m.V))
	case *api.Opt[api.Blob]:
		b, _ := get[[]byte](t, item)
		*m = api.Some(api.RawBlob(b.V))
	case *api.Opt[int32]:
		number(t, item, func(n int64, _ float64) { *m = api.Some(api.ClampInt32(n)) })
	case *api.Opt[int64]:
		number(t, item, func(n int64, _ float64) { *m = api.Some(n) })
	case *api.Opt[api.Timestamp]:
		number(t, item, func(_ int64, f float64) { *m = api.Some(api.RoundTimestamp(f)) })
	case *api.Opt[bool]:
		if item[0]>>5 != majorText {
			*m, _ = get[bool](t, item)
			return
		}
		s, _ := get[string](t, item)
		v, _ := api.ParseBool(s.V)
		*m = api.Some(v)
	case *api.Opt[[]string]:
		*m = api.Some([]string{})
		for _, element := range entriesOf(item) {
			s, _ := get[string](t, element)
			m.V = append(m.V, string([]rune(s.V)))
		}
	case *api.Opt[map[string]string]:
		*m = api.Some(map[string]string{})
		entries := entriesOf(item)
		for i := 0; i < len(entries); i += 2 {
			key, _ := get[string](t, entries[i])
			key.V = string([]rune(key.V))
			delete(m.V, key.V)
			if s, ok := get[string](t, entries[i+1]); ok {
				m.V[key.V] = string([]rune(s.V))
			}
		}
	case api.Nested:
		fill(t, m.Fill(), item)
	case api.List:
		m.Begin()
		for _, element := range entriesOf(item) {
			if e, item := m.Grow(), untag(element); item[0]>>5 == majorMap {
				fill(t, e, item)
			}
		}
	}
}
