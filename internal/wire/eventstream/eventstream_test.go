package eventstream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// message is a message as a client sees it.
type message struct {
	Headers map[string]string
	Payload string
}

// read reads messages with the decoder of the SDK for Go, which checks lengths
// and CRCs.
func read(t interface{ Fatal(args ...any) }, b []byte) []message {
	var all []message
	r, d := bytes.NewReader(b), eventstream.NewDecoder()
	for {
		m, err := d.Decode(r, nil)
		if errors.Is(err, io.EOF) && r.Len() == 0 {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		headers := make(map[string]string)
		for _, h := range m.Headers {
			headers[h.Name] = h.Value.String()
		}
		all = append(all, message{headers, string(m.Payload)})
	}
}

func content(payload string) func([]byte) []byte {
	return func(dst []byte) []byte { return append(dst, payload...) }
}

func TestMessages(t *testing.T) {
	t.Parallel()
	var b []byte
	b = AppendInitialResponse(b)
	b = AppendEvent(b, "SubscribeToShardEvent", "application/x-amz-json-1.1", content(`{"Records":[]}`))
	b = AppendEvent(b, "Nothing", "text/plain", content(""))
	b = AppendException(b, "ResourceInUseException", "Another \"one\"\n<é>")
	b = AppendError(b, "InternalError", "An internal server error occurred")
	b = AppendError(b, "", "")
	const json11 = "application/x-amz-json-1.1"
	want := []message{
		{map[string]string{":message-type": "event", ":event-type": "initial-response", ":content-type": json11}, "{}"},
		{map[string]string{":message-type": "event", ":event-type": "SubscribeToShardEvent", ":content-type": json11}, `{"Records":[]}`},
		{map[string]string{":message-type": "event", ":event-type": "Nothing", ":content-type": "text/plain"}, ""},
		{
			map[string]string{":message-type": "exception", ":exception-type": "ResourceInUseException", ":content-type": json11},
			`{"message":"Another \"one\"\n\u003cé\u003e"}`,
		},
		{map[string]string{":message-type": "error", ":error-code": "InternalError", ":error-message": "An internal server error occurred"}, ""},
		{map[string]string{":message-type": "error", ":error-code": "", ":error-message": ""}, ""},
	}
	if diff := cmp.Diff(want, read(t, b)); diff != "" {
		t.Error(diff)
	}
}

// TestInitialResponseBytes has the one message that is always the same byte by
// byte.
func TestInitialResponseBytes(t *testing.T) {
	t.Parallel()
	const want = "before" +
		"\x00\x00\x00\x72\x00\x00\x00\x60\xab\x82\x0d\x9e" +
		"\x0d:message-type\x07\x00\x05event" +
		"\x0b:event-type\x07\x00\x10initial-response" +
		"\x0d:content-type\x07\x00\x1aapplication/x-amz-json-1.1" +
		"{}" +
		"\xe1\x6e\x66\xe4"
	if got := string(AppendInitialResponse([]byte("before"))); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

func TestAnyMessage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		eventType, contentType := rapid.String().Draw(t, "type"), rapid.String().Draw(t, "content type")
		payload := rapid.SliceOf(rapid.Byte()).Draw(t, "payload")
		code, text := rapid.String().Draw(t, "code"), rapid.String().Draw(t, "text")
		b := AppendEvent(nil, eventType, contentType, content(string(payload)))
		b = AppendError(b, code, text)
		want := []message{
			{map[string]string{":message-type": "event", ":event-type": eventType, ":content-type": contentType}, string(payload)},
			{map[string]string{":message-type": "error", ":error-code": code, ":error-message": text}, ""},
		}
		if diff := cmp.Diff(want, read(t, b)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLongErrorIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("€", maxValueBytes)
	got := read(t, AppendError(nil, "code", long))[0].Headers[":error-message"]
	if len(got) > maxValueBytes || len(got) < maxValueBytes-3 || !utf8.ValidString(got) || !strings.HasPrefix(long, got) {
		t.Errorf("%d bytes are left, valid: %t", len(got), utf8.ValidString(got))
	}
}

func TestEventCostsNoMemory(t *testing.T) {
	payload := content(strings.Repeat("x", 1<<10))
	buf := make([]byte, 0, 1<<12)
	cost := testing.AllocsPerRun(100, func() { buf = AppendEvent(buf[:0], "SubscribeToShardEvent", mediaJSON, payload) })
	if cost != 0 {
		t.Errorf("an event costs %v allocations", cost)
	}
}
