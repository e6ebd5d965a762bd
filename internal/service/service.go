// Package service is what the front door and the services behind it agree on: how
// a service is addressed, its table of operations, on whose behalf they are
// called, and what has to be allowed before.
//
// It knows neither HTTP nor any service. A request reaches an operation in one of
// these ways:
//
//	X-Amz-Target: Kinesis_20131202.PutRecord                     Service.Target
//	POST /service/GraniteServiceVersion20100801/operation/…      Service.RPC
//	Action=AssumeRole&Version=2011-06-15&…                       Service.Version
package service

import (
	"context"
	"iter"

	"leat/internal/api"
	"leat/internal/policy"
)

// Service is a service as clients address it.
type Service struct {
	// Name is what the scopes of signatures call it: kinesis, dynamodb,
	// monitoring, sts. It also tells the operations of services apart in
	// metrics.
	Name string
	// Target precedes the names of operations in X-Amz-Target, without the dot
	// between; "" for a service that speaks no JSON.
	Target string
	// RPC is its name in the paths of rpc-v2-cbor, "" for a service that does not
	// speak that.
	RPC string
	// Version is that of its forms (the query protocol), "" for a service that
	// takes none. Namespace is that of the answers in XML.
	Version, Namespace string
	// ErrorType returns what JSON and CBOR call an error, by its code. Nil is the
	// code itself.
	ErrorType func(code string) string
	// QueryCode returns what XML calls an error, and the header
	// x-amzn-query-error, if the service has a name of its own for it, else the
	// code. Nil is the code.
	QueryCode func(code string) string
	// Operations is the table of what is served.
	Operations []Operation
}

// Operation is one row of a service's table of operations. It has either a Call
// or a Stream.
type Operation struct {
	Name   string
	Input  func() api.Input
	Schema *api.Structure
	// Call performs the operation on an input that satisfies Schema. A nil
	// Output is an answer with an empty body. An error that is not an
	// *api.Error is an internal failure.
	Call func(ctx context.Context, c Caller, in api.Input) (api.Output, error)
	// Stream begins an answer of events of the type EventType. It ends with the
	// context. Errors are as those of Call. The input is not used after the
	// return.
	Stream    func(ctx context.Context, c Caller, in api.Input) (Events, error)
	EventType string
	// Resources returns what the caller has to be allowed, all of it, before a
	// Call with an input that satisfies Schema. The error is that of a request
	// which names nothing; the Call would return it, too. An operation without
	// it is allowed to nobody while policies decide, and one that returns no
	// resource likewise, unless it is Public.
	Resources func(c Caller, in api.Input) ([]Resource, error)
	// Public is whether whoever has signed a request may call the operation,
	// whatever policies say.
	Public bool
}

// Caller is on whose behalf a request is made.
type Caller struct {
	Account string // 12 digits
	Region  string
	// CrossAccount is whether resources of other accounts may be named. Then
	// policies have to have allowed what is asked for (Operation.Resources).
	CrossAccount bool
	// Principal is who has signed the request. Where any credentials pass it is
	// the account's root, or the session that the credentials were made for.
	Principal policy.Principal
	// Secure is whether the request has come over TLS.
	Secure bool
}

// Events is an answer that goes on: the iteration waits for each event and ends
// when the answer does. It must be begun, once. Each event may be used until the
// next. An error is the last pair; one that is not an *api.Error is an internal
// failure.
type Events = iter.Seq2[api.Output, error]

// Resource is something that a caller has to be allowed an action on, and what
// policies may want to know about it. Its maps must not be changed.
type Resource struct {
	Action string
	ARN    string // * for no resource in particular
	// Name is what those are told who may not use it: as the request names it,
	// where the ARN says more; "" for the ARN.
	Name    string
	Account string // whose it is; "" for the caller's
	// Policy is the resource's own, nil if none decides.
	Policy *policy.Policy
	// PolicyDecides is whether the resource's policy has to allow the action,
	// whatever those of the caller do.
	PolicyDecides bool
	// Tags are those that the resource has.
	Tags map[string]string
	// RequestTags are those that the request gives, TagKeys those that it names.
	RequestTags map[string]string
	TagKeys     []string
	// Context has the values of condition keys that only this service knows,
	// by the key in lower case.
	Context map[string][]string
}

// input is a pointer to a shape of requests.
type input[T any] interface {
	*T
	api.Input
}

// WithOutput returns the row of an operation that answers.
func WithOutput[T any, P input[T], O api.Output](
	name string, schema *api.Structure, call func(context.Context, Caller, P) (O, error),
) Operation {
	return Operation{
		Name:   name,
		Schema: schema,
		Input:  func() api.Input { return P(new(T)) },
		Call: func(ctx context.Context, c Caller, in api.Input) (api.Output, error) {
			out, err := call(ctx, c, in.(P))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// WithoutOutput returns the row of an operation whose answer has an empty body.
func WithoutOutput[T any, P input[T]](
	name string, schema *api.Structure, call func(context.Context, Caller, P) error,
) Operation {
	return Operation{
		Name:   name,
		Schema: schema,
		Input:  func() api.Input { return P(new(T)) },
		Call: func(ctx context.Context, c Caller, in api.Input) (api.Output, error) {
			return nil, call(ctx, c, in.(P))
		},
	}
}

// WithEvents returns the row of an operation whose answer goes on.
func WithEvents[T any, P input[T]](
	name string, schema *api.Structure, eventType string, stream func(context.Context, Caller, P) (Events, error),
) Operation {
	return Operation{
		Name:      name,
		Schema:    schema,
		Input:     func() api.Input { return P(new(T)) },
		EventType: eventType,
		Stream: func(ctx context.Context, c Caller, in api.Input) (Events, error) {
			return stream(ctx, c, in.(P))
		},
	}
}
