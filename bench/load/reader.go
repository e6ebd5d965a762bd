package load

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/fxamacker/cbor/v2"
)

// Reader reads a shard, page by page. It is not for concurrent use.
type Reader struct {
	Client      *Client
	Credentials Credentials
	Stream      string
	Form        string // JSON or CBOR

	iterator string
}

// Page is what an answer of GetRecords had.
type Page struct {
	Records int
	Size    int // of the answer
	AtTip   bool
}

// Seek makes the next page begin at a position, whose members go into the
// input of GetShardIterator.
func (r *Reader) Seek(ctx context.Context, shard int, position map[string]any) error {
	in := map[string]any{"StreamName": r.Stream, "ShardId": ShardID(shard)}
	maps.Copy(in, position)
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	answer, err := r.do(ctx, Call{Operation: "GetShardIterator", Form: JSON, Body: body})
	if err != nil {
		return err
	}
	var out struct{ ShardIterator string }
	err = json.Unmarshal(answer, &out)
	r.iterator = out.ShardIterator
	return err
}

// SeekOldest makes the next page begin with the oldest record of a shard.
func (r *Reader) SeekOldest(ctx context.Context, shard int) error {
	return r.Seek(ctx, shard, map[string]any{"ShardIteratorType": "TRIM_HORIZON"})
}

// Next reads a page. Limit 0 is none.
func (r *Reader) Next(ctx context.Context, limit int) (Page, error) {
	in := map[string]any{"ShardIterator": r.iterator}
	if limit > 0 {
		in["Limit"] = limit
	}
	marshal := json.Marshal
	if r.Form == CBOR {
		marshal = cbor.Marshal
	}
	body, err := marshal(in)
	if err != nil {
		return Page{}, err
	}
	answer, err := r.do(ctx, Call{Operation: "GetRecords", Form: r.Form, Body: body})
	if err != nil {
		return Page{}, err
	}
	find, count := memberJSON, countJSON
	if r.Form == CBOR {
		find, count = memberCBOR, countCBOR
	}
	var ok bool
	if r.iterator, ok = find(answer, "NextShardIterator"); !ok {
		return Page{}, fmt.Errorf("no NextShardIterator in %.200q", answer)
	}
	return Page{Records: count(answer), Size: len(answer), AtTip: atTip(answer)}, nil
}

// countJSON counts the records of an answer. Data is base64, so that the member's
// name with its quotes is in no record.
func countJSON(answer []byte) int { return bytes.Count(answer, []byte(`"SequenceNumber"`)) }

// countCBOR is countJSON for CBOR. It passes over data, as any client may: the
// length is before it.
func countCBOR(answer []byte) int {
	for n := 0; ; n++ {
		_, rest, ok := bytes.Cut(answer, []byte("\x6eSequenceNumber"))
		if !ok {
			return n
		}
		answer = afterData(rest)
	}
}

// afterData returns what follows the data of the record that bytes are in, or all
// of them if it is not among the next members.
func afterData(b []byte) []byte {
	const members = 256 // the bytes of a number, a time and a key
	name := []byte("\x64Data")
	at := bytes.Index(b[:min(len(b), members)], name)
	if at < 0 {
		return b
	}
	data := b[at+len(name):]
	begin, length, ok := headCBOR(data, 0x40)
	if !ok || len(data) < begin+length {
		return b
	}
	return data[begin+length:]
}

func (r *Reader) do(ctx context.Context, call Call) ([]byte, error) {
	request, err := r.Credentials.Encode(ctx, call)
	if err != nil {
		return nil, err
	}
	return r.Client.Do(request)
}

var tips = [][]byte{[]byte(`"MillisBehindLatest":0`), []byte("\x72MillisBehindLatest\x00")}

func atTip(answer []byte) bool {
	for _, part := range bothEnds(answer) {
		for _, tip := range tips {
			if bytes.Contains(part, tip) {
				return true
			}
		}
	}
	return false
}

// memberJSON returns a string member near either end of an answer without
// parsing all of it. It is for values that need no escapes.
func memberJSON(answer []byte, name string) (string, bool) {
	for _, part := range bothEnds(answer) {
		_, rest, ok := bytes.Cut(part, []byte(`"`+name+`":"`))
		value, _, closed := bytes.Cut(rest, []byte(`"`))
		if ok && closed {
			return string(value), true
		}
	}
	return "", false
}

// memberCBOR is memberJSON for CBOR: the name is text of less than 24 bytes,
// and the value text of less than 65,536.
func memberCBOR(answer []byte, name string) (string, bool) {
	for _, part := range bothEnds(answer) {
		_, rest, ok := bytes.Cut(part, append([]byte{0x60 | byte(len(name))}, name...))
		if !ok {
			continue
		}
		if value, err := textCBOR(rest); err == nil {
			return value, true
		}
	}
	return "", false
}

var errNoText = errors.New("no CBOR text")

// textCBOR decodes the text that bytes begin with.
func textCBOR(b []byte) (string, error) {
	begin, length, ok := headCBOR(b, 0x60)
	if !ok || len(b) < begin+length {
		return "", errNoText
	}
	return string(b[begin : begin+length]), nil
}

// headCBOR returns where the bytes or the text begins whose head is there, and how
// long it is. Major is the head of an empty one.
func headCBOR(b []byte, major byte) (begin, length int, ok bool) {
	if len(b) < 5 {
		return 0, 0, false
	}
	switch info := b[0] - major; {
	case b[0] < major || info > 0x1a:
		return 0, 0, false
	case info < 0x18:
		return 1, int(info), true
	case info == 0x18:
		return 2, int(b[1]), true
	case info == 0x19:
		return 3, int(binary.BigEndian.Uint16(b[1:])), true
	default:
		return 5, int(binary.BigEndian.Uint32(b[1:])), true
	}
}
