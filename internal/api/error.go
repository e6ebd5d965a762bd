package api

import "fmt"

// Error is an answer that is an error: what a client sees.
type Error struct {
	Code    string // the short name of the exception, as in __type
	Message string // may be empty
	Status  int    // the HTTP status
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Errorf returns the error with a code of the table in errors.go.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: string(code), Message: fmt.Sprintf(format, args...), Status: code.Status()}
}

// Code is the short name of an exception.
type Code string

// The exceptions of the Kinesis model, and those that any AWS service answers.
const (
	AccessDenied                  Code = "AccessDeniedException"
	DryRunOperation               Code = "DryRunOperationException"
	ExpiredIterator               Code = "ExpiredIteratorException"
	ExpiredNextToken              Code = "ExpiredNextTokenException"
	IncompleteSignature           Code = "IncompleteSignatureException"
	InternalFailure               Code = "InternalFailure"
	InvalidArgument               Code = "InvalidArgumentException"
	InvalidSignature              Code = "InvalidSignatureException"
	LimitExceeded                 Code = "LimitExceededException"
	MissingAuthenticationToken    Code = "MissingAuthenticationTokenException"
	ProvisionedThroughputExceeded Code = "ProvisionedThroughputExceededException"
	ResourceInUse                 Code = "ResourceInUseException"
	ResourceNotFound              Code = "ResourceNotFoundException"
	Serialization                 Code = "SerializationException"
	ServiceUnavailable            Code = "ServiceUnavailable"
	UnknownOperation              Code = "UnknownOperationException"
	UnrecognizedClient            Code = "UnrecognizedClientException"
	Validation                    Code = "ValidationException"
)

// statuses lists the codes whose HTTP status is not 400.
var statuses = map[Code]int{
	InternalFailure:    500,
	ServiceUnavailable: 503,
}

// Status returns the HTTP status that goes with the code: nearly everything
// is a 400.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return 400
}
