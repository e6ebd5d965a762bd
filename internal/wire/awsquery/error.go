package awsquery

import "leat/internal/api"

// faultNamespace is that of errors about an operation that no service has.
const faultNamespace = "http://webservices.amazon.com/AWSFault/2005-15-09"

// invalidAction is the code of an error about an operation that there is not.
const invalidAction = "InvalidAction"

// wording is what the query protocol calls an error.
type wording struct {
	code    string
	status  int
	message string // in place of an own one, unless empty
}

// wordings has the errors that all services have in common, by their codes in the
// other wire forms. An error that is not here is called the same.
var wordings = map[api.Code]wording{
	api.AccessDenied:               {"AccessDenied", 403, ""},
	api.ExpiredToken:               {"ExpiredToken", 403, ""},
	api.IncompleteSignature:        {"IncompleteSignature", 400, ""},
	api.InvalidSignature:           {"SignatureDoesNotMatch", 403, ""},
	api.MissingAuthenticationToken: {"MissingAuthenticationToken", 403, "Request is missing Authentication Token"},
	api.Serialization:              {"MalformedInput", 400, ""},
	api.UnknownOperation:           {invalidAction, 400, ""},
	api.UnrecognizedClient:         {"InvalidClientTokenId", 403, ""},
	api.Validation:                 {"ValidationError", 400, ""},
}

// Reword returns an error as the query protocol has it: with another code and
// status, if it is one that all services have in common.
func Reword(e *api.Error) *api.Error {
	w, ok := wordings[api.Code(e.Code)]
	if !ok {
		return e
	}
	reworded := *e
	reworded.Code, reworded.Status = w.code, w.status
	if w.message != "" {
		reworded.Message = w.message
	}
	return &reworded
}

// UnknownOperation returns the error about a form for an operation that there is
// not.
func UnknownOperation(t Target) *api.Error {
	if t.Action == "" {
		t.Action = "NO_ACTION_SPECIFIED"
	}
	if t.Version == "" {
		t.Version = "NO_VERSION_SPECIFIED"
	}
	return api.Errorf(api.UnknownOperation, "Could not find operation %s for version %s",
		api.Shown(t.Action), api.Shown(t.Version))
}

// Fault returns whose mistake an error is.
func Fault(e *api.Error) string {
	if e.Status >= 500 {
		return "Receiver"
	}
	return "Sender"
}

// EncodeError appends the answer with an error, which has been reworded, to dst.
func EncodeError(dst []byte, err *api.Error, env Envelope) []byte {
	if err.Code == invalidAction {
		env.Namespace = faultNamespace
	}
	e := NewEncoder(dst)
	e.begin("ErrorResponse", env.Namespace)
	e.Key("Error")
	e.BeginStruct()
	e.Key("Type")
	e.String(Fault(err))
	e.Key("Code")
	e.String(err.Code)
	if err.Message != "" {
		e.Key("Message")
		e.String(err.Message)
	}
	if err.Members != nil {
		err.Members(e)
	}
	e.EndStruct()
	e.Key("RequestId")
	e.String(env.RequestID)
	e.EndStruct()
	return e.Bytes()
}
