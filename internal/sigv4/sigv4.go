// Package sigv4 verifies the signatures of AWS Signature Version 4 requests. It
// knows no service and no HTTP library.
//
// A request carries the parameters in one of two places, never both:
//
//	Authorization: AWS4-HMAC-SHA256 Credential=AKID/20261120/us-east-1/kinesis/aws4_request,
//	               SignedHeaders=host;x-amz-date, Signature=5d67…
//	POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20261120%2F…&X-Amz-Signature=…
//
// Parse answers an incomplete set with the texts of the AWS front end, which
// name what is missing in a fixed order.
//
// Verifier.Verify checks the rest. What is signed is a hash of this text, in
// which the body is always there by its own hash, whatever the request says that
// it is:
//
//	POST
//	/
//	X-Amz-Algorithm=...                    the query, sorted, but X-Amz-Signature
//	content-type:application/x-amz-json-1.1
//	host:127.0.0.1:4567                    the signed headers
//	x-amz-date:20261120T160000Z
//
//	content-type;host;x-amz-date
//	e3b0c44298fc1c14...                    SHA-256 of the body
//
// The key of the HMAC is the secret, hashed with each part of the scope; it lasts
// for a day and is kept.
package sigv4

import (
	"net/url"
	"strings"
)

// The codes of Error.
const (
	CodeExpiredToken = "ExpiredTokenException"
	CodeIncomplete   = "IncompleteSignatureException"
	CodeInvalid      = "InvalidSignatureException"
	CodeMissing      = "MissingAuthenticationTokenException"
	CodeUnrecognized = "UnrecognizedClientException"
)

// Error says why a request's parameters cannot be used, in the words of AWS.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Request is the part of an HTTP request that authentication looks at.
type Request struct {
	Authorization string     // the header, empty if there is none
	HasDate       bool       // whether there is an X-Amz-Date or a Date header
	Query         url.Values // of the request's URL
}

// Credential is who signed a request, and the scope of the signature. A member
// that the request left out is empty.
type Credential struct {
	AccessKeyID string
	Date        string // YYYYMMDD
	Region      string
	Service     string
	Terminator  string // aws4_request
}

// Signature is a complete set of parameters.
type Signature struct {
	Credential

	Algorithm     string
	SignedHeaders string // names in lower case, with semicolons between
	Hex           string
	Presigned     bool // whether the parameters are in the query
}

// Parse returns the signature of a request that carries a complete set of
// parameters, and otherwise an *Error.
func Parse(r Request) (Signature, error) {
	_, inQuery := r.Query[queryAlgorithm]
	switch {
	case r.Authorization != "" && inQuery:
		return Signature{}, &Error{
			CodeInvalid,
			"Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
		}
	case r.Authorization != "":
		return parseHeader(r.Authorization, r.HasDate)
	case inQuery:
		return parseQuery(r.Query)
	}
	return Signature{}, &Error{CodeMissing, "Missing Authentication Token"}
}

func parseHeader(authorization string, hasDate bool) (Signature, error) {
	p := headerParams(authorization)
	if p.credential != "" && p.signature != "" && p.signedHeaders != "" && hasDate {
		return Signature{
			Credential: ParseCredential(p.credential),
			Algorithm:  p.algorithm, SignedHeaders: p.signedHeaders, Hex: p.signature,
		}, nil
	}
	var msg strings.Builder
	require := func(ok bool, text string) {
		if !ok {
			msg.WriteString(text)
		}
	}
	require(p.credential != "", "Authorization header requires 'Credential' parameter. ")
	require(p.signature != "", "Authorization header requires 'Signature' parameter. ")
	require(p.signedHeaders != "", "Authorization header requires 'SignedHeaders' parameter. ")
	require(hasDate, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	msg.WriteString("Authorization=" + authorization)
	return Signature{}, &Error{CodeIncomplete, msg.String()}
}

// params are the parameters of an Authorization header.
type params struct{ algorithm, credential, signature, signedHeaders string }

// headerParams splits a header the way AWS does: the first word is the
// algorithm, and after it commas and spaces separate, in any number. The last
// of several parameters of one name counts.
func headerParams(authorization string) params {
	var p params
	separator := func(c rune) bool { return c == ',' || c == ' ' }
	algorithm, rest := cutFunc(authorization, separator)
	p.algorithm = algorithm
	for rest != "" {
		var param string
		param, rest = cutFunc(rest, separator)
		name, value, _ := strings.Cut(param, "=")
		switch name {
		case "Credential":
			p.credential = value
		case "Signature":
			p.signature = value
		case "SignedHeaders":
			p.signedHeaders = value
		}
	}
	return p
}

// cutFunc is strings.Cut around the first one-byte character that satisfies sep.
func cutFunc(s string, sep func(rune) bool) (before, after string) {
	i := strings.IndexFunc(s, sep)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// The parameters of a presigned request.
const (
	queryAlgorithm     = "X-Amz-Algorithm"
	queryCredential    = "X-Amz-Credential"
	queryDate          = "X-Amz-Date"
	queryExpires       = "X-Amz-Expires"
	querySecurityToken = "X-Amz-Security-Token"
	querySignature     = "X-Amz-Signature"
	querySignedHeaders = "X-Amz-SignedHeaders"
)

// queryParams are what a presigned request must have, in the order in which
// their absence is reported.
var queryParams = []string{queryAlgorithm, queryCredential, querySignature, querySignedHeaders, queryDate}

func parseQuery(q url.Values) (Signature, error) {
	var msg strings.Builder
	for _, name := range queryParams {
		if q.Get(name) == "" {
			msg.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
	}
	if msg.Len() > 0 {
		return Signature{}, &Error{CodeIncomplete, msg.String() + "Re-examine the query-string parameters."}
	}
	return Signature{
		Credential: ParseCredential(q.Get(queryCredential)),
		Algorithm:  q.Get(queryAlgorithm), SignedHeaders: q.Get(querySignedHeaders), Hex: q.Get(querySignature),
		Presigned: true,
	}, nil
}

// ParseCredential takes a credential apart: key id, date, region, service and
// terminator, separated by slashes.
func ParseCredential(s string) Credential {
	var c Credential
	for _, part := range []*string{&c.AccessKeyID, &c.Date, &c.Region, &c.Service} {
		*part, s, _ = strings.Cut(s, "/")
	}
	c.Terminator = s
	return c
}
