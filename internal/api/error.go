package api

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
)

// Error is an answer that is an error: what a client sees.
type Error struct {
	Code    string // the short name of the exception, as in __type
	Message string // may be empty
	Status  int    // the HTTP status
	// Type is what __type is, where that is not the code: "" is the code.
	Type string
	// Members, if not nil, writes members of the error beside these.
	Members func(Encoder)
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Code
	}
	return e.Code + ": " + e.Message
}

// Encode implements Output: an error is a structure with its code and, unless that
// is empty, its message. SerializationException and TransactionCanceledException
// alone have a capital letter there.
func (e *Error) Encode(enc Encoder) {
	enc.BeginStruct()
	enc.Key("__type")
	enc.String(cmp.Or(e.Type, e.Code))
	if e.Message != "" {
		key := "message"
		if e.Code == string(Serialization) || e.Code == string(TransactionCanceled) {
			key = "Message"
		}
		enc.Key(key)
		enc.String(e.Message)
	}
	if e.Members != nil {
		e.Members(enc)
	}
	enc.EndStruct()
}

// Errorf returns the error with a code of this file's table.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: string(code), Message: fmt.Sprintf(format, args...), Status: code.Status()}
}

// Code is the short name of an exception.
type Code string

// The exceptions of the services' models, and those that any AWS service answers.
const (
	AccessDenied                  Code = "AccessDeniedException"
	ConditionalCheckFailed        Code = "ConditionalCheckFailedException"
	DryRunOperation               Code = "DryRunOperationException"
	ExpiredIterator               Code = "ExpiredIteratorException"
	ExpiredNextToken              Code = "ExpiredNextTokenException"
	ExpiredToken                  Code = "ExpiredTokenException"
	IdempotentParameterMismatch   Code = "IdempotentParameterMismatchException"
	IncompleteSignature           Code = "IncompleteSignatureException"
	InternalFailure               Code = "InternalFailure"
	InternalFailureEvent          Code = "InternalFailureException" // ends a subscription
	InternalServerError           Code = "InternalServerError"
	InvalidArgument               Code = "InvalidArgumentException"
	InvalidNextToken              Code = "InvalidNextToken"
	InvalidParameterCombination   Code = "InvalidParameterCombinationException"
	InvalidParameterValue         Code = "InvalidParameterValueException"
	InvalidSignature              Code = "InvalidSignatureException"
	KMSAccessDenied               Code = "KMSAccessDeniedException"
	KMSDisabled                   Code = "KMSDisabledException"
	KMSInvalidState               Code = "KMSInvalidStateException"
	KMSNotFound                   Code = "KMSNotFoundException"
	KMSOptInRequired              Code = "KMSOptInRequired"
	KMSThrottling                 Code = "KMSThrottlingException"
	LimitExceeded                 Code = "LimitExceededException"
	MissingAuthenticationToken    Code = "MissingAuthenticationTokenException"
	MissingRequiredParameter      Code = "MissingRequiredParameterException"
	ProvisionedThroughputExceeded Code = "ProvisionedThroughputExceededException"
	ResourceInUse                 Code = "ResourceInUseException"
	ResourceNotFound              Code = "ResourceNotFoundException"
	Serialization                 Code = "SerializationException"
	ServiceUnavailable            Code = "ServiceUnavailable"
	TableNotFound                 Code = "TableNotFoundException"
	TransactionCanceled           Code = "TransactionCanceledException"
	UnknownOperation              Code = "UnknownOperationException"
	UnrecognizedClient            Code = "UnrecognizedClientException"
	Validation                    Code = "ValidationException"
)

// statuses has a row for every code. Nearly everything is a 400.
var statuses = map[Code]int{
	AccessDenied:                  400,
	ConditionalCheckFailed:        400,
	DryRunOperation:               400,
	ExpiredIterator:               400,
	ExpiredNextToken:              400,
	ExpiredToken:                  400,
	IdempotentParameterMismatch:   400,
	IncompleteSignature:           400,
	InternalFailure:               500,
	InternalFailureEvent:          500,
	InternalServerError:           500,
	InvalidArgument:               400,
	InvalidNextToken:              400,
	InvalidParameterCombination:   400,
	InvalidParameterValue:         400,
	InvalidSignature:              400,
	KMSAccessDenied:               400,
	KMSDisabled:                   400,
	KMSInvalidState:               400,
	KMSNotFound:                   400,
	KMSOptInRequired:              400,
	KMSThrottling:                 400,
	LimitExceeded:                 400,
	MissingAuthenticationToken:    400,
	MissingRequiredParameter:      400,
	ProvisionedThroughputExceeded: 400,
	ResourceInUse:                 400,
	ResourceNotFound:              400,
	Serialization:                 400,
	ServiceUnavailable:            503,
	TableNotFound:                 400,
	TransactionCanceled:           400,
	UnknownOperation:              400,
	UnrecognizedClient:            400,
	Validation:                    400,
}

// Codes returns all codes, in no order.
func Codes() iter.Seq[Code] { return maps.Keys(statuses) }

// Status returns the HTTP status that goes with the code.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return 500
}
