package httpd

import (
	"maps"
	"net/http"
	"strings"

	"leat/internal/api"
	"leat/internal/service"
	"leat/internal/wire/awscbor"
	"leat/internal/wire/awsjson"
	"leat/internal/wire/awsquery"
)

// codec is a wire form, in which a request is read and answered.
type codec struct {
	mediaType string
	// decode fills in, whose strings and blobs may then refer to the body.
	decode func(body []byte, in api.Input) *api.Error
	// valid says whether a body has the form at all.
	valid func(body []byte) bool
	// encode appends an output to dst, encodeError an error.
	encode      func(dst []byte, out api.Output, env envelope) []byte
	encodeError func(dst []byte, e *api.Error, env envelope) []byte
	// without is the operation that AWS fails to answer in this form.
	without string
	// header is in all answers of the form.
	header http.Header
	// enveloped is whether there is a body without an output, and untyped whether
	// no body has no type.
	enveloped, untyped bool
}

// envelope is what an answer may say beside its content.
type envelope struct {
	service              *service.Service
	operation, requestID string
}

// bare makes an encode of one that knows no envelope.
func bare(encode func([]byte, api.Output) []byte) func([]byte, api.Output, envelope) []byte {
	return func(dst []byte, out api.Output, _ envelope) []byte { return encode(dst, out) }
}

// typed makes an encodeError of an encode: the service says what the error's
// type is called.
func typed(encode func([]byte, api.Output) []byte) func([]byte, *api.Error, envelope) []byte {
	return func(dst []byte, e *api.Error, env envelope) []byte {
		if t := errorType(e, env.service); t != e.Code {
			named := *e
			named.Type = t
			e = &named
		}
		return encode(dst, e)
	}
}

// errorType returns what a service calls the type of an error in JSON and CBOR.
func errorType(e *api.Error, s *service.Service) string {
	if s.ErrorType == nil {
		return e.Code
	}
	return s.ErrorType(e.Code)
}

// typeName returns an error's type without the namespace before it. SDKs that find
// it in a header look no further.
func typeName(errorType string) string {
	return errorType[strings.LastIndexByte(errorType, '#')+1:]
}

// codecs has the wire forms of Kinesis by their media types.
var codecs = map[string]*codec{
	mediaJSON: {
		mediaType: mediaJSON,
		decode:    awsjson.Decode,
		valid:     awsjson.Valid,
		encode:    bare(awsjson.Encode), encodeError: typed(awsjson.Encode),
	},
	mediaCBOR: {
		mediaType: mediaCBOR,
		decode:    awscbor.Decode,
		valid:     awscbor.Valid,
		encode:    bare(awscbor.Encode), encodeError: typed(awscbor.Encode),
		without: "SubscribeToShard",
	},
}

// json10 is the wire form of the other services that are addressed by a target.
var json10 = &codec{
	mediaType: mediaJSON10,
	decode:    awsjson.Decode,
	valid:     awsjson.Valid,
	encode:    bare(awsjson.Encode), encodeError: typed(awsjson.Encode),
}

// rpcCBOR is the wire form of Smithy RPC v2. No body is no members.
var rpcCBOR = &codec{
	mediaType: mediaRPC,
	decode: func(body []byte, in api.Input) *api.Error {
		if len(body) == 0 {
			return nil
		}
		return awscbor.DecodeSeconds(body, in)
	},
	valid:  awscbor.Valid,
	encode: bare(awscbor.EncodeSeconds), encodeError: typed(awscbor.EncodeSeconds),
	header:  http.Header{headerProtocol: {"rpc-v2-cbor"}},
	untyped: true,
}

// formXML is the wire form of the query protocol. Any form is one.
var formXML = &codec{
	mediaType: mediaXML,
	decode:    awsquery.Decode,
	valid:     func([]byte) bool { return true },
	encode: func(dst []byte, out api.Output, env envelope) []byte {
		return awsquery.Encode(dst, out, env.query())
	},
	encodeError: func(dst []byte, e *api.Error, env envelope) []byte {
		return awsquery.EncodeError(dst, e, env.query())
	},
	enveloped: true,
}

// otherCodecs has the wire forms of the other services by the media types of their
// requests, for answers to those of which nothing else is known.
var otherCodecs = map[string]*codec{mediaJSON10: json10, mediaRPC: rpcCBOR, mediaForm: formXML}

// query returns what the query protocol says beside an answer's content.
func (env envelope) query() awsquery.Envelope {
	return awsquery.Envelope{Namespace: env.service.Namespace, Operation: env.operation, RequestID: env.requestID}
}

// queryError returns an error as the query protocol has it. A service has names of
// its own for its errors.
func queryError(e *api.Error, s *service.Service) *api.Error {
	worded := *awsquery.Reword(e)
	if s.QueryCode != nil {
		if code := s.QueryCode(e.Code); code != e.Code {
			worded.Code = code
		}
	}
	return &worded
}

// withQueryError returns the header of an answer with an error for a client that
// knows the codes of the query protocol, and asks in another.
func withQueryError(header http.Header, e *api.Error) http.Header {
	with := http.Header{headerQueryError: {e.Code + ";" + awsquery.Fault(e)}}
	maps.Copy(with, header)
	return with
}

// codecOf returns the wire form of a media type. To one that has none AWS talks in
// CBOR, if it does not in XML.
func codecOf(mediaType string) *codec {
	if c, ok := codecs[mediaType]; ok {
		return c
	}
	return codecs[mediaCBOR]
}
