package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Consumer is a registered consumer of a stream: the object that is stored.
type Consumer struct {
	Name string
	// Stream is the number of the stream, so that a consumer is never taken
	// for one of a later stream with the name.
	Stream uint64
	// Created tells the consumer from others that had its name before, and is
	// in its ARN.
	Created   Second
	Status    Status // never Updating
	BusyUntil Millis // until then Status shows
	Tags      map[string]string
	Policy    string // the resource policy, as it was given; "" if there is none
}

// StatusAt returns the state to show at the instant now. A consumer that was
// deleting is gone once BusyUntil has come, which is not a state.
func (c Consumer) StatusAt(now Millis) Status {
	if now >= c.BusyUntil && c.Status == Creating {
		return Active
	}
	return c.Status
}

// consumerPart is what comes between a stream's ARN and the consumer's name.
const consumerPart = "/consumer/"

// ConsumerARN returns the ARN of a consumer of the stream with an ARN.
func ConsumerARN(streamARN, name string, created Second) string {
	return streamARN + consumerPart + name + ":" + strconv.FormatInt(int64(created), 10)
}

// ParseConsumerARN takes a consumer's ARN apart, into that of the stream and
// the rest.
func ParseConsumerARN(s string) (streamARN, name string, created Second, ok bool) {
	streamARN, rest, ok := strings.Cut(s, consumerPart)
	if !ok {
		return "", "", 0, false
	}
	name, digits, _ := strings.Cut(rest, ":")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || !ValidName(name) {
		return "", "", 0, false
	}
	if _, _, _, ok := ParseStreamARN(streamARN); !ok {
		return "", "", 0, false
	}
	return streamARN, name, Second(n), true
}

// ErrConsumerEncoding says that bytes are not an encoded consumer.
var ErrConsumerEncoding = errors.New("malformed consumer encoding")

// consumerVersion is the version of the encoding that is written. All versions
// up to it can be read.
const consumerVersion = 1

// AppendBinary appends the encoded consumer to dst. The package documentation
// draws the encoding.
func (c Consumer) AppendBinary(dst []byte) []byte {
	dst = append(dst, consumerVersion)
	dst = appendText(dst, c.Name)
	dst = binary.AppendUvarint(dst, c.Stream)
	dst = binary.AppendVarint(dst, int64(c.Created))
	dst = append(dst, byte(c.Status))
	dst = binary.AppendVarint(dst, int64(c.BusyUntil))
	dst = appendTags(dst, c.Tags)
	if c.Policy != "" {
		dst = appendText(dst, c.Policy)
	}
	return dst
}

// DecodeConsumer reads what AppendBinary wrote. The error is
// ErrConsumerEncoding, or one that says that a newer program wrote the consumer.
func DecodeConsumer(b []byte) (Consumer, error) {
	d := decoder{rest: b}
	if version := d.byte(); version > consumerVersion {
		return Consumer{}, fmt.Errorf("consumer encoding version %d is newer than this program's %d", version, consumerVersion)
	} else if version != consumerVersion {
		return Consumer{}, ErrConsumerEncoding
	}
	c := Consumer{Name: d.text(), Stream: d.uvarint(), Created: Second(d.varint())}
	c.Status = Status(d.byte())
	c.BusyUntil = Millis(d.varint())
	c.Tags = d.tags()
	if len(d.rest) > 0 {
		if c.Policy = d.text(); c.Policy == "" {
			d.fail()
		}
	}
	if d.err != nil || len(d.rest) > 0 || c.Status.String() == "" || c.Status == Updating {
		return Consumer{}, ErrConsumerEncoding
	}
	return c, nil
}

// appendTags appends tags, ascending by key.
func appendTags(dst []byte, tags map[string]string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(tags)))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		dst = appendText(dst, key)
		dst = appendText(dst, tags[key])
	}
	return dst
}
