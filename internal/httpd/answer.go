package httpd

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"strconv"
	"time"

	"leat/internal/api"
	"leat/internal/metrics"
)

// answer is what is sent for a request.
type answer struct {
	status      int
	contentType string // empty for none
	errorType   string // for x-amzn-ErrorType, empty for none
	code        string // of an error, if it has one
	body        []byte
	buffer      *buffer // what body is in, if that is pooled
	// stream, if not nil, is sent in place of body.
	stream *eventStream
	// page, if not nil, writes the answer in place of body.
	page http.Handler
	// header holds what only this answer has; nil for nothing.
	header http.Header
	// bare leaves x-amz-id-2 out.
	bare bool
}

// outcome is what metrics call the answer: the code of an error, "" for none.
func (a *answer) outcome() string {
	if a.status < http.StatusBadRequest {
		return ""
	}
	return cmp.Or(a.code, metrics.Other)
}

// The names of headers as AWS writes them. They are put into header maps as
// they are, not in Go's canonical form.
const (
	headerRequestID  = "x-amzn-RequestId"
	headerExtendedID = "x-amz-id-2"
	headerErrorType  = "x-amzn-ErrorType"
	headerProtocol   = "smithy-protocol"
	headerQueryError = "x-amzn-query-error"
)

// write sends an answer. An error in sending is the client's absence, so nobody
// needs to hear of it.
func (h *Handler) write(ctx context.Context, w http.ResponseWriter, x *exchange, a answer) {
	header := w.Header()
	maps.Copy(header, a.header)
	if x.admitted && x.Header.Get("Origin") != "" {
		allowOrigin(header, x.Method)
	}
	ids := x.ids.values()
	header[headerRequestID] = ids[0:1:1]
	if !a.bare {
		header[headerExtendedID] = ids[1:2:2]
	}
	// A type that is there and empty keeps net/http from guessing one.
	header["Content-Type"] = nil
	if a.contentType != "" {
		header["Content-Type"] = []string{a.contentType}
	}
	if a.errorType != "" {
		header[headerErrorType] = []string{a.errorType}
	}
	if a.stream != nil {
		w.WriteHeader(a.status)
		h.send(ctx, w, x, a.stream)
		return
	}
	_ = x.control.SetWriteDeadline(time.Now().Add(answerTimeout))
	if a.page != nil {
		a.page.ServeHTTP(w, x.Request)
		return
	}
	header["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	w.WriteHeader(a.status)
	x.sent, _ = w.Write(a.body)
}

// Media types of requests and answers.
const (
	mediaJSON       = "application/x-amz-json-1.1"
	mediaJSON10     = "application/x-amz-json-1.0"
	mediaCBOR       = "application/x-amz-cbor-1.1"
	mediaRPC        = "application/cbor"
	mediaForm       = "application/x-www-form-urlencoded"
	mediaXML        = "text/xml"
	mediaLegacyJSON = "application/json"
	mediaText       = "text/plain; charset=utf-8"
)

// legacyAnswer answers application/json, which serves no operation.
func legacyAnswer(parses bool) answer {
	status, code := http.StatusNotFound, api.UnknownOperation
	if !parses {
		status, code = http.StatusBadRequest, api.Serialization
	}
	return answer{
		status: status, contentType: mediaLegacyJSON, errorType: string(code), code: string(code),
		body: []byte(`{"Output":{"__type":"com.amazon.coral.service#` + string(code) + `"},"Version":"1.0"}`),
	}
}

// accessDenied answers a request that names no operation.
func accessDenied() answer {
	return xmlError(http.StatusForbidden, string(api.AccessDenied),
		"Unable to determine service/operation name to be authorized")
}

// xmlError is an error as AWS words it for clients that speak no protocol of
// the service. It has no content type. Message must need no escapes.
func xmlError(status int, code, message string) answer {
	body := "<" + code + "/>\n"
	if message != "" {
		body = "<" + code + ">\n  <Message>" + message + "</Message>\n</" + code + ">\n"
	}
	return answer{status: status, code: code, body: []byte(body)}
}

func textAnswer(status int, text string) answer {
	return answer{status: status, contentType: mediaText, body: []byte(text)}
}
