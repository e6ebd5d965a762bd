package awsquery

import (
	"encoding/xml"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leat/internal/api"
)

var env = Envelope{Namespace: "https://sts.amazonaws.com/doc/2011-06-15/", Operation: "Get", RequestID: "id"}

// output is an output of a function.
type output func(e api.Encoder)

func (o output) Encode(e api.Encoder) { o(e) }

// structure returns an output of a structure with these members.
func structure(members func(e api.Encoder)) output {
	return func(e api.Encoder) {
		e.BeginStruct()
		members(e)
		e.EndStruct()
	}
}

func TestEncode(t *testing.T) {
	t.Parallel()
	const (
		head = `<GetResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">`
		tail = `<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetResponse>`
	)
	for _, tt := range []struct {
		name string
		out  api.Output
		want string
	}{
		{"no output", nil, ""},
		{"no members", structure(func(api.Encoder) {}), "<GetResult></GetResult>"},
		{"scalars", structure(func(e api.Encoder) {
			e.Key("S")
			e.String(`<a & "b">` + "\x00\xff")
			e.Key("I")
			e.Int(-5)
			e.Key("B")
			e.Bool(true)
			e.Key("D")
			e.Blob(api.RawBlob([]byte("ab\xff")))
			e.Key("D")
			e.Blob(api.Base64Blob([]byte("YQ==")))
		}), "<GetResult><S>&lt;a &amp; &#34;b&#34;&gt;\ufffd\ufffd</S><I>-5</I><B>true</B><D>YWL/</D><D>YQ==</D></GetResult>"},
		{"times", structure(func(e api.Encoder) {
			for _, at := range []api.Timestamp{0, 1795194000000, 1795194000120, -1} {
				e.Key("T")
				e.Timestamp(at)
			}
		}), "<GetResult><T>1970-01-01T00:00:00Z</T><T>2026-11-20T17:00:00Z</T><T>2026-11-20T17:00:00.12Z</T><T>1969-12-31T23:59:59.999Z</T></GetResult>"},
		{"lists", structure(func(e api.Encoder) {
			e.Key("L")
			api.EncodeStrings(e, []string{"a", "b"})
			e.Key("F")
			api.EncodeFloats(e, []float64{0, 1.5, 1e21, math.NaN(), math.Inf(1), math.Inf(-1)})
			e.Key("E")
			api.EncodeStrings(e, nil)
		}), "<GetResult><L><member>a</member><member>b</member></L>" +
			"<F><member>0</member><member>1.5</member><member>1e+21</member><member>NaN</member><member>Infinity</member><member>-Infinity</member></F>" +
			"<E></E></GetResult>"},
		{"maps and structures", structure(func(e api.Encoder) {
			e.Key("M")
			api.EncodeMap(e, map[string]float64{"p99": 1, "p<50": 2}, func(v float64) { e.Float(v) })
			e.Key("N")
			api.EncodeMap(e, map[string][]string{"k": {"a"}}, func(v []string) { api.EncodeStrings(e, v) })
			e.Key("L")
			e.BeginList(2)
			for range 2 {
				e.BeginStruct()
				e.Key("X")
				e.Int(1)
				e.EndStruct()
			}
			e.EndList()
		}), "<GetResult><M><entry><key>p99</key><value>1</value></entry><entry><key>p&lt;50</key><value>2</value></entry></M>" +
			"<N><entry><key>k</key><value><member>a</member></value></entry></N>" +
			"<L><member><X>1</X></member><member><X>1</X></member></L></GetResult>"},
	} {
		got := string(Encode([]byte("before"), tt.out, env))
		if want := "before" + head + tt.want + tail; got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
	}
}

func TestEncodeError(t *testing.T) {
	t.Parallel()
	const head = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>`
	const tail = `</Error><RequestId>id</RequestId></ErrorResponse>`
	for _, tt := range []struct {
		err    *api.Error
		status int
		want   string
	}{
		{
			api.Errorf(api.Validation, "1 < 2"), 400,
			head + `<Type>Sender</Type><Code>ValidationError</Code><Message>1 &lt; 2</Message>` + tail,
		},
		{api.Errorf(api.Serialization, ""), 400, head + `<Type>Sender</Type><Code>MalformedInput</Code>` + tail},
		{api.Errorf(api.InternalFailure, ""), 500, head + `<Type>Receiver</Type><Code>InternalFailure</Code>` + tail},
		{api.Errorf(api.ServiceUnavailable, "x"), 503, head + `<Type>Receiver</Type><Code>ServiceUnavailable</Code><Message>x</Message>` + tail},
		{
			api.Errorf(api.MissingAuthenticationToken, "Missing Authentication Token"), 403,
			head + `<Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message>` + tail,
		},
		{
			&api.Error{Code: "Own", Status: 409, Members: func(e api.Encoder) {
				e.Key("Id")
				e.String("5")
			}}, 409,
			head + `<Type>Sender</Type><Code>Own</Code><Id>5</Id>` + tail,
		},
		{
			UnknownOperation(Target{"A", "V"}), 400,
			`<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>InvalidAction</Code>` +
				`<Message>Could not find operation A for version V</Message>` + tail,
		},
		{
			UnknownOperation(Target{}), 400,
			`<ErrorResponse xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"><Error><Type>Sender</Type><Code>InvalidAction</Code>` +
				`<Message>Could not find operation NO_ACTION_SPECIFIED for version NO_VERSION_SPECIFIED</Message>` + tail,
		},
	} {
		before := *tt.err
		reworded := Reword(tt.err)
		if got := string(EncodeError(nil, reworded, env)); got != tt.want || reworded.Status != tt.status {
			t.Errorf("got  %d %s\nwant %d %s", reworded.Status, got, tt.status, tt.want)
		}
		if tt.err.Code != before.Code || tt.err.Status != before.Status {
			t.Errorf("%s has been changed to %v", before.Code, tt.err)
		}
	}
}

// TestEncodeReads reads with encoding/xml what has been written.
func TestEncodeReads(t *testing.T) {
	t.Parallel()
	type answer struct {
		XMLName xml.Name
		S       []string  `xml:"GetResult>S"`
		L       []string  `xml:"GetResult>L>member"`
		Keys    []string  `xml:"GetResult>M>entry>key"`
		Values  []float64 `xml:"GetResult>M>entry>value"`
		ID      string    `xml:"ResponseMetadata>RequestId"`
	}
	rapid.Check(t, func(t *rapid.T) {
		s, list := rapid.String().Draw(t, "s"), rapid.SliceOf(rapid.String()).Draw(t, "l")
		m := rapid.MapOf(rapid.StringMatching("[a-z]+"), rapid.Float64()).Draw(t, "m")
		b := Encode(nil, structure(func(e api.Encoder) {
			e.Key("S")
			e.String(s)
			e.Key("L")
			api.EncodeStrings(e, list)
			e.Key("M")
			api.EncodeMap(e, m, func(v float64) { e.Float(v) })
		}), env)
		var got answer
		if err := xml.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		want := answer{XMLName: xml.Name{Space: env.Namespace, Local: "GetResponse"}, S: []string{asXML(s)}, ID: "id"}
		for _, s := range list {
			want.L = append(want.L, asXML(s))
		}
		entries := make(map[string]float64)
		for i, key := range got.Keys {
			entries[key] = got.Values[i]
		}
		got.Keys, got.Values = nil, nil
		if diff := cmp.Diff(want, got) + cmp.Diff(m, entries, sameShapes); diff != "" {
			t.Error(diff)
		}
	})
}

// asXML returns what is left of a text: XML has no control characters, for example.
func asXML(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return r
		case r < ' ', r == 0xfffe, r == 0xffff, !utf8.ValidRune(r):
			return utf8.RuneError
		}
		return r
	}, s)
}
