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
	find, number := memberJSON, []byte(`"SequenceNumber"`)
	if r.Form == CBOR {
		find, number = memberCBOR, []byte("\x6eSequenceNumber")
	}
	var ok bool
	if r.iterator, ok = find(answer, "NextShardIterator"); !ok {
		return Page{}, fmt.Errorf("no NextShardIterator in %.200q", answer)
	}
	// In JSON data is base64, so the member's name with its quotes is in no
	// record; in CBOR fifteen random bytes would have to be it.
	return Page{Records: bytes.Count(answer, number), Size: len(answer), AtTip: atTip(answer)}, nil
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
	if len(b) < 3 {
		return "", errNoText
	}
	var length, begin int
	switch first := b[0]; {
	case first >= 0x60 && first < 0x78:
		length, begin = int(first-0x60), 1
	case first == 0x78:
		length, begin = int(b[1]), 2
	case first == 0x79:
		length, begin = int(binary.BigEndian.Uint16(b[1:])), 3
	default:
		return "", errNoText
	}
	if len(b) < begin+length {
		return "", errNoText
	}
	return string(b[begin : begin+length]), nil
}
