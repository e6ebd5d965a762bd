package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"leat/bench/load"
	"leat/bench/target"
)

// subscription takes the events of SubscribeToShard. It is not for concurrent
// use.
type subscription struct {
	transport *http.Transport
	body      io.ReadCloser
	decoder   *eventstream.Decoder
	payload   []byte
}

// newTransport returns what makes one HTTP/2 connection in clear text to a
// server.
func newTransport() *http.Transport {
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	return transport
}

// subscribe subscribes a consumer to what comes to a shard from now on. The
// end of the context ends the subscription.
func subscribe(ctx context.Context, transport *http.Transport, p *target.Process, arn string, shard int) (*subscription, error) {
	body, err := json.Marshal(map[string]any{
		"ConsumerARN": arn, "ShardId": load.ShardID(shard), "StartingPosition": map[string]any{"Type": "LATEST"},
	})
	if err != nil {
		return nil, err
	}
	call := load.Call{Operation: "SubscribeToShard", Form: load.JSON, Body: body}
	r, err := target.Credentials.Request(ctx, call, p.URL)
	if err != nil {
		return nil, err
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("subscribe: %s", answer.Status), answer.Body.Close())
	}
	s := &subscription{transport: transport, body: answer.Body, decoder: eventstream.NewDecoder()}
	if _, err := s.next(); err != nil { // the initial response
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// close ends the subscription, and the connection with its last one.
func (s *subscription) close() error {
	defer s.transport.CloseIdleConnections()
	return s.body.Close()
}

// next returns the payload of the next event, valid until the call after it.
func (s *subscription) next() ([]byte, error) {
	message, err := s.decoder.Decode(s.body, s.payload[:0])
	if err != nil {
		return nil, err
	}
	s.payload = message.Payload
	if kind := message.Headers.Get(eventstreamKind); kind != nil && kind.String() != "event" {
		return nil, fmt.Errorf("the subscription ended: %s", message.Payload)
	}
	return message.Payload, nil
}

const eventstreamKind = ":message-type"

// registerConsumers makes consumers of a stream and returns their ARNs.
func registerConsumers(ctx context.Context, p *target.Process, stream string, consumers int) ([]string, error) {
	arns := make([]string, consumers)
	for i := range arns {
		var out struct{ Consumer struct{ ConsumerARN string } }
		in := map[string]any{"StreamARN": stream, "ConsumerName": fmt.Sprintf("app-%d", i)}
		if err := admin(p).Call(ctx, "RegisterStreamConsumer", in, &out); err != nil {
			return nil, err
		}
		arns[i] = out.Consumer.ConsumerARN
	}
	return arns, nil
}
